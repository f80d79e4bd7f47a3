//! What a model of the driver checks of each step.

use super::model::{Model, Source, credential_of};
use super::world::{Fate, Life, SimAttempt, SimCall, World};
use crate::limits::RateLimit;
use crate::protocol::event::EventKind;
use crate::protocol::{AttemptId, CallId, Emitted, Failed, Reply};
use crate::schema::Method;
use crate::transport::Request;

const DAY_MS: f64 = 86_400_000.0;

impl World {
    pub(super) fn on_emit(&mut self, id: CallId, emitted: Emitted, text: Option<&str>) {
        assert!(text.is_none_or(|text| !text.contains("secret-token")), "a message shows a credential");
        match emitted.kind {
            EventKind::Request => self.on_admitted(id),
            EventKind::Shared => self.on_shared(id),
            EventKind::Wait => {
                let until = self.now + emitted.duration_ms.get().expect("a wait has a duration");
                let call = self.call(id);
                let driven = call.reported_wait;
                call.reported_wait = until;
                assert!(until > driven + 1e-6, "a wait until {until} is reported after one until {driven}");
            }
            EventKind::Deprecated => {
                let operation = self.call(id).spec.endpoint().operation;
                assert!(!self.deprecated.contains(&operation), "{operation} is reported again");
                self.deprecated.push(operation);
            }
            _ => {}
        }
    }

    /// A request is about to be sent: its cost is spent.
    fn on_admitted(&mut self, id: CallId) {
        let midnight = ((self.wall() / DAY_MS).floor() * DAY_MS) - self.setup.wall - self.wall_shift;
        if self.is_wall_steady && midnight > self.day.0 {
            self.day = (midnight, 0);
        }
        let known_limit = RateLimit::from(self.dispatcher.rate_limit()).limit;
        self.highest_limit = self.highest_limit.max(known_limit.unwrap_or(0));
        self.call(id).known_limit = known_limit;
        self.call(id).admitted = Some(self.now);
        self.day.1 += self.call(id).spec.endpoint().cost;
        if let Some(budget) = self.setup.daily_budget.filter(|_| self.is_wall_steady) {
            assert!(self.day.1 <= budget, "{} of a daily budget of {budget} are spent", self.day.1);
        }
    }

    pub(super) fn forget_admission(&mut self, id: CallId) {
        // Where the request is shared it continues and its cost stays spent: here the model is more lenient.
        let is_sent = self.calls[id as usize].sent.last().is_some_and(|last| {
            self.attempts.iter().any(|attempt| attempt.id == *last && attempt.fate == Fate::InFlight)
        });
        let admitted = self.call(id).admitted.filter(|at| *at >= self.day.0);
        if admitted.is_some() && !is_sent {
            self.day.1 -= self.call(id).spec.endpoint().cost;
        }
    }

    fn on_shared(&mut self, id: CallId) {
        let call = &self.calls[id as usize];
        let spec = call.spec;
        assert_eq!(spec.endpoint().method, Method::Get, "only a GET is shared");
        assert!(call.credential.is_some() || spec.is_identity_known, "it is unknown whose request it is");
        let is_same = |other: &SimCall| {
            matches!(other.life, Life::Running | Life::Stopped)
                && other.credential == call.credential
                && other.spec.is_same(&spec)
        };
        let others = self.ids().filter(|other| *other != id && is_same(&self.calls[*other as usize]));
        assert!(others.count() > 0, "call {id} shares a request that is none of its own");
        self.call(id).is_shared = true;
    }

    pub(super) fn on_ask(&mut self, id: CallId, refused: Option<&str>) {
        let call = &self.calls[id as usize];
        let is_refused = self.attempts.iter().any(|attempt| {
            attempt.request.url.ends_with(&call.spec.target())
                && credential_of(&attempt.request) == call.credential
                && attempt.completion.and_then(|end| end.status()) == Some(401)
        });
        let call = self.call(id);
        assert_eq!(call.spec.source, Source::Function);
        assert_eq!(refused, call.credential.as_deref(), "the refused credential is that of the call");
        assert!(call.asked == 0 || is_refused, "the credential is renewed without a 401");
        call.asked += 1;
        assert!(call.asked <= 2, "the credential is renewed twice");
        call.is_asking = true;
        call.counted = 0;
        call.sent_now = 0;
        call.reported_wait = 0.0;
    }

    pub(super) fn on_send(&mut self, id: CallId, attempt: AttemptId, request: Request) {
        let call = &self.calls[id as usize];
        let spec = call.spec;
        assert!(!call.is_asking, "call {id} is sent without its credential");
        assert_eq!(credential_of(&request), call.credential, "call {id} is sent with another's credential");
        assert!(request.url.ends_with(&spec.target()), "{}", request.url);
        assert_eq!(request.method, spec.endpoint().method);
        assert_eq!(request.body, spec.request().body);
        assert!(self.attempts.iter().all(|known| known.id != attempt), "attempt {attempt} is known");
        let is_alone = self.calls.iter().filter(|other| other.spec.is_same(&spec)).count() == 1;
        if is_alone || spec.endpoint().method != Method::Get {
            assert!(call.counted <= spec.max_retries, "call {id} is sent again after {}", call.counted);
            assert!(spec.max_retries > 0 || call.sent_now == 0, "call {id} is sent again without retries");
        }
        if spec.endpoint().method == Method::Post {
            for sent in self.attempts.iter().filter(|sent| sent.driver == id) {
                let end = sent.completion.filter(|_| sent.fate == Fate::Completed);
                let is_renewed = end.is_some_and(|end| end.status() == Some(401)) && call.asked == 2;
                let is_safe = is_renewed || end.is_some_and(|end| end.is_safe_to_repeat());
                assert!(is_safe, "a POST is sent again after {end:?}");
            }
        }
        let driver = id;
        let (sent_at, fate) = (self.now, Fate::InFlight);
        self.call(id).sent.push(attempt);
        self.call(id).sent_now += 1;
        self.call(id).reported_wait = 0.0;
        self.attempts.push(SimAttempt {
            id: attempt,
            driver,
            request,
            sent_at,
            fate,
            completion: None,
            due: None,
        });
        self.check_limits(id);
    }

    /// Concurrency and the rolling window, at the moment of a send.
    fn check_limits(&self, id: CallId) {
        let in_flight = self.attempts.iter().filter(|attempt| {
            let timeout = self.calls[attempt.driver as usize].spec.timeout_ms;
            attempt.fate == Fate::InFlight && self.now < attempt.sent_at + f64::from(timeout)
        });
        let in_flight = in_flight.count();
        if let Some(max) = self.setup.max_concurrency {
            assert!(in_flight <= max.max(1) as usize, "{in_flight} of {max} are in flight");
        }
        let most = self.highest_limit as usize;
        let recent = self.attempts.iter().filter(|attempt| attempt.sent_at > self.now - 2_000.0).count();
        if self.calls[id as usize].known_limit.is_some() {
            assert!(recent <= most, "{recent} of {most} are sent within two seconds");
        }
        let most = 10.max(most).max(self.setup.max_concurrency.unwrap_or(0) as usize);
        assert!(in_flight <= most, "{in_flight} of {most} are in flight");
    }

    pub(super) fn on_reply(&mut self, id: CallId, reply: &Reply<Model>) {
        let call = self.call(id);
        call.life = Life::Succeeded;
        let spec = call.spec;
        let data = if reply.data.is_array() { &reply.data[0] } else { &reply.data };
        assert_eq!(data["credential"].as_str(), call.credential.as_deref(), "call {id} gets another's data");
        let url = data["url"].as_str().unwrap_or_default();
        assert!(url.ends_with(&spec.target()), "call {id} gets {url}");
        assert!((200..300).contains(&reply.status) && reply.attempts > 0);
        let is_real = self.attempts.iter().any(|attempt| {
            attempt.fate == Fate::Completed
                && attempt.request.url == url
                && attempt.completion.and_then(|end| end.status()) == Some(reply.status)
        });
        assert!(is_real, "call {id} gets a response that did not come in time");
    }

    pub(super) fn on_failed(&mut self, id: CallId, failed: &Failed<Model>) {
        let is_shared = self.call(id).is_shared;
        let sent = self.calls[id as usize].sent.len();
        assert!(
            is_shared
                || self.call(id).spec.endpoint().method == Method::Get
                || failed.attempts as usize == sent
        );
        self.call(id).life = Life::Failed;
        assert!(!failed.details.message.contains("secret-token"), "{}", failed.details.message);
    }
}
