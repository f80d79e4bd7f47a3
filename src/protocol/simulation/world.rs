//! A model of the driver: it performs steps as the scenario has it, and checks each of them.

use super::model::{CallSpec, Completion, Model, Returned, Source, token};
use crate::protocol::event::EventKind;
use crate::protocol::{AttemptId, AuthScheme, CallId, Dispatcher, Moment, Server, Step};
use crate::transport::Request;

/// The options of a client, and what its server says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) max_concurrency: Option<u32>,
    pub(super) daily_budget: Option<u32>,
    /// The limit in the headers of every response.
    pub(super) limit: Option<u32>,
    /// Every wake-up that this divides is lost; none where it is 0.
    pub(super) lost_wakes: usize,
    /// The time of day at the beginning.
    pub(super) wall: f64,
    pub(super) random: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Life {
    Running,
    /// It was ended.
    Ended,
    /// Its driver has stopped without a word.
    Stopped,
    Succeeded,
    Failed,
}

pub(super) struct SimCall {
    pub(super) spec: CallSpec,
    pub(super) life: Life,
    /// When its timer elapses; nothing where it is to be asked at once.
    pub(super) due: Option<f64>,
    pub(super) is_asking: bool,
    pub(super) asked: u32,
    pub(super) credential: Option<String>,
    pub(super) is_shared: bool,
    pub(super) admitted: Option<f64>,
    /// The limit that was known then.
    pub(super) known_limit: Option<u32>,
    /// Between an event and what follows it.
    pub(super) is_emitting: bool,
    pub(super) last_event: Option<EventKind>,
    pub(super) reported_wait: f64,
    /// Counted failures with this credential.
    pub(super) counted: u32,
    /// Attempts with this credential.
    pub(super) sent_now: u32,
    pub(super) sent: Vec<AttemptId>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fate {
    InFlight,
    Completed,
    Aborted,
}

pub(super) struct SimAttempt {
    pub(super) id: AttemptId,
    pub(super) driver: CallId,
    pub(super) request: Request,
    pub(super) sent_at: f64,
    pub(super) fate: Fate,
    pub(super) completion: Option<Completion>,
    /// What it will end with, and when, where drivers are on time.
    pub(super) due: Option<(Option<Completion>, f64)>,
}

pub(super) struct World {
    pub(super) setup: Setup,
    pub(super) now: f64,
    pub(super) dispatcher: Dispatcher<Model>,
    /// By their ids.
    pub(super) calls: Vec<SimCall>,
    pub(super) attempts: Vec<SimAttempt>,
    wakes: usize,
    /// What was spent on this day.
    pub(super) day: (f64, u32),
    pub(super) deprecated: Vec<&'static str>,
    pub(super) highest_limit: u32,
    /// Whether the time of day is what has passed since the beginning.
    pub(super) is_wall_steady: bool,
    pub(super) wall_shift: f64,
}

impl World {
    pub(super) fn new(setup: Setup) -> Self {
        let server = Server {
            v1: "https://v1".to_owned(),
            v2: "https://v2".to_owned(),
            scheme: AuthScheme::AccessToken,
            max_body_bytes: 1 << 20,
        };
        let Setup { max_concurrency, daily_budget, .. } = setup;
        Self {
            setup,
            now: 0.25,
            dispatcher: Dispatcher::new(
                server,
                crate::limits::RateLimiter::new(max_concurrency, daily_budget),
            ),
            calls: Vec::new(),
            attempts: Vec::new(),
            wakes: 0,
            day: (0.0, 0),
            deprecated: Vec::new(),
            highest_limit: 0,
            is_wall_steady: true,
            wall_shift: 0.0,
        }
    }

    pub(super) fn wall(&self) -> f64 {
        self.setup.wall + self.wall_shift + self.now
    }

    pub(super) fn set_wall_clock(&mut self, shift: f64) {
        self.wall_shift = shift;
        self.is_wall_steady = false;
    }

    fn moment(&self) -> Moment {
        Moment { now: self.now, wall: self.wall(), random: self.setup.random }
    }

    pub(super) fn call(&mut self, id: CallId) -> &mut SimCall {
        &mut self.calls[id as usize]
    }

    pub(super) fn is_running(&self, id: CallId) -> bool {
        self.calls[id as usize].life == Life::Running
    }

    pub(super) fn ids(&self) -> std::ops::Range<CallId> {
        0..CallId::try_from(self.calls.len()).expect("few calls")
    }

    pub(super) fn begin(&mut self, spec: CallSpec) -> CallId {
        let id = self.ids().end;
        self.calls.push(SimCall {
            spec,
            life: Life::Running,
            due: None,
            is_asking: false,
            asked: 0,
            credential: if let Source::Fixed(number) = spec.source { Some(token(number)) } else { None },
            is_shared: false,
            admitted: None,
            known_limit: None,
            is_emitting: false,
            last_event: None,
            reported_wait: 0.0,
            counted: 0,
            sent_now: 0,
            sent: Vec::new(),
        });
        self.dispatcher.begin(spec.new_call(id));
        id
    }

    /// Makes one step of a call, whether or not it has a reason to be asked.
    pub(super) fn step(&mut self, id: CallId) {
        let life = self.calls[id as usize].life;
        if life == Life::Stopped {
            return;
        }
        let step = self.dispatcher.step(id, self.moment());
        if life != Life::Running {
            assert!(matches!(step, Step::Gone), "call {id} continues after its end");
            return;
        }
        self.call(id).due = None;
        self.call(id).is_emitting = false;
        match step {
            Step::Gone => panic!("call {id} is lost"),
            Step::Emit(endpoint, emitted, text) => {
                assert_eq!(endpoint.operation, self.call(id).spec.endpoint().operation);
                self.call(id).is_emitting = true;
                self.call(id).last_event = Some(emitted.kind);
                self.on_emit(id, emitted, text.as_deref());
            }
            Step::AskCredential(refused) => self.on_ask(id, refused.as_deref()),
            Step::Send(attempt, request) => self.on_send(id, attempt, request),
            Step::Wait(wait) => {
                assert!(wait > 0.0 && wait <= 90_000.0, "call {id} waits for {wait} ms");
                let due = self.now + wait.max(1.0);
                self.call(id).due = Some(due);
            }
            Step::Finish(Ok(reply)) => self.on_reply(id, &reply),
            Step::Finish(Err(failed)) => self.on_failed(id, &failed),
        }
        self.settle();
    }

    pub(super) fn end(&mut self, id: CallId) {
        if self.is_running(id) {
            self.call(id).life = Life::Ended;
            self.forget_admission(id);
        }
        if self.calls[id as usize].life != Life::Stopped {
            self.dispatcher.end(id, self.now);
            self.settle();
        }
    }

    /// The steps of a call are no longer asked for, and nothing ends it.
    pub(super) fn stop(&mut self, id: CallId) {
        if self.is_running(id) {
            self.call(id).life = Life::Stopped;
        }
    }

    /// The credential function of a call returns, if it was asked.
    pub(super) fn return_credential(&mut self, id: CallId, returned: Returned) {
        let call = self.call(id);
        if !std::mem::take(&mut call.is_asking) {
            return;
        }
        if let Returned::Token(number) = returned {
            call.credential = Some(token(number));
        }
        call.due = None;
        self.dispatcher.on_credential(id, returned.to_result());
    }

    /// An attempt ends, possibly long after the last call that waited for it has ended.
    pub(super) fn complete(&mut self, index: usize, completion: Completion) {
        let limit = self.setup.limit;
        let attempt = &mut self.attempts[index];
        let was = attempt.fate;
        if was == Fate::Completed {
            return;
        }
        let sent = completion.to_result(&attempt.request, limit);
        let (id, driver) = (attempt.id, attempt.driver);
        if was == Fate::InFlight {
            attempt.fate = Fate::Completed;
            attempt.completion = Some(completion);
            self.on_completed(index, completion);
        }
        let next = self.dispatcher.on_sent(id, Box::new(sent));
        assert!(
            was == Fate::InFlight || next.is_none(),
            "a late completion of attempt {id} of {driver} counts"
        );
        if let Some(next) = next {
            self.call(next).due = None;
        }
    }

    fn on_completed(&mut self, index: usize, completion: Completion) {
        let driver = self.attempts[index].driver;
        let cost = self.call(driver).spec.endpoint().cost;
        let admitted = self.call(driver).admitted.take();
        if completion.is_free() && admitted.is_some_and(|at| at >= self.day.0) {
            self.day.1 -= cost;
        }
        self.call(driver).counted += u32::from(completion.is_counted());
    }

    /// Aborts and wakes as the dispatcher says.
    fn settle(&mut self) {
        while let Some(id) = self.dispatcher.next_aborted() {
            let attempt = self.attempts.iter_mut().find(|attempt| attempt.id == id).expect("a known attempt");
            assert_eq!(attempt.fate, Fate::InFlight, "attempt {id} is not to be aborted");
            attempt.fate = Fate::Aborted;
            let driver = attempt.driver;
            self.call(driver).admitted = None;
            self.call(driver).counted += 1;
        }
        while let Some(id) = self.dispatcher.next_woken() {
            self.wakes += 1;
            let lost = self.setup.lost_wakes;
            if lost == 0 || !self.wakes.is_multiple_of(lost) {
                self.call(id).due = None;
            }
        }
        for attempt in self.attempts.iter().filter(|attempt| attempt.fate == Fate::InFlight) {
            let is_awaited = self.ids().any(|id| self.dispatcher.attempt_of(id) == Some(attempt.id));
            assert!(is_awaited, "attempt {} is in flight, and no call waits for it", attempt.id);
        }
    }
}
