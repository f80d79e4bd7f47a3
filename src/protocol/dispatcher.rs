//! The calls of one client and the requests that they share, as a state machine: completions in, steps out, time passed
//! in. It decides everything from the first credential to the result, and waits for nothing.

use super::call::{CallAction, CallEvent, CallMachine};
use super::event::EventKind;
use super::outcome::{DetailsOf, Outcome, read};
use super::response::{credential_timed_out, no_credential};
use super::signed::{Server, Signed};
use crate::limits::{Limits, RateLimiter, Usage};
use crate::platform::sync::SharedRef;
use crate::schema::Endpoint;
use crate::transport::{Response, SendError, Transport};

mod call;
mod shared_request;
mod sharing;
mod step;

use call::{Call, Phase, checked};
use shared_request::Exchange;
use sharing::Stage;
pub(crate) use step::{AttemptId, CallId, CredentialSource, Failed, Moment, NewCall, Step};

type Credential<R> = Result<<R as Transport>::Text, <R as Transport>::Thrown>;
type Exchanged<R> = Result<SharedRef<Outcome<R>>, SharedRef<DetailsOf<R>>>;

/// The calls of one client.
pub(crate) struct Dispatcher<R: Transport> {
    server: Server<R::Text>,
    limiter: RateLimiter,
    usage: Usage,
    calls: Vec<Box<Call<R>>>,
    exchanges: Vec<Box<Exchange<R>>>,
    woken: Vec<CallId>,
    aborted: Vec<AttemptId>,
    next_attempt: AttemptId,
    /// The operations whose removal was reported.
    deprecated: Vec<&'static Endpoint>,
}

impl<R: Transport> Dispatcher<R> {
    pub(crate) fn new(server: Server<R::Text>, limiter: RateLimiter) -> Self {
        Self {
            server,
            limiter,
            usage: Usage::default(),
            calls: Vec::new(),
            exchanges: Vec::new(),
            woken: Vec::new(),
            aborted: Vec::new(),
            next_attempt: 0,
            deprecated: Vec::new(),
        }
    }

    pub(crate) fn usage(&self) -> &Usage {
        &self.usage
    }

    pub(crate) fn rate_limit(&self) -> Limits {
        self.limiter.rate_limit
    }

    /// Wakes the calls that wait and have one of these tickets, or all. Says whether others still wait.
    #[cfg(feature = "npm-server")]
    pub(crate) fn wake_ready(&mut self, ready: Option<&[crate::limits::Ticket]>) -> bool {
        let mut is_waiting = false;
        for exchange in self.exchanges.iter_mut().filter(|exchange| exchange.is_idle) {
            is_waiting = true;
            if ready.is_none_or(|ready| ready.contains(&exchange.machine.ticket())) {
                exchange.is_idle = false;
                self.woken.extend(exchange.calls.first());
            }
        }
        is_waiting
    }

    /// A call begins.
    pub(crate) fn begin(&mut self, call: NewCall<R::Text>) {
        let NewCall { id, endpoint, request, source, is_identity_known } = call;
        let request = SharedRef::new(request);
        self.calls.push(Box::new(Call {
            id,
            signed: Signed { endpoint, request, credential: None, refused: None },
            machine: CallMachine::new(matches!(source, CredentialSource::Function)),
            source,
            is_identity_known,
            phase: Phase::Begin,
            credential: None,
            watch: (0, 0.0),
            attempts: 0,
            error: None,
            reply: None,
        }));
    }

    /// A call ends here, wherever it is.
    pub(crate) fn end(&mut self, id: CallId, now: f64) {
        if let Some(call) = self.take(id)
            && let Phase::Exchange(ticket) = call.phase
        {
            self.leave(ticket, id, now);
        }
    }

    /// The credential function returned.
    pub(crate) fn on_credential(&mut self, id: CallId, credential: Credential<R>) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.id == id) {
            call.credential = Some(credential);
        }
    }

    /// An attempt is over. Gives the call that continues, if there is one.
    pub(crate) fn on_sent(
        &mut self,
        attempt: AttemptId,
        sent: Box<Result<Response<R>, SendError<R>>>,
    ) -> Option<CallId> {
        let exchange = self
            .exchanges
            .iter_mut()
            .find(|exchange| exchange.attempt == attempt && exchange.is_in_flight())?;
        exchange.sent = Some(sent);
        exchange.calls.first().copied()
    }

    /// The attempt in flight that a call drives.
    pub(crate) fn attempt_of(&self, id: CallId) -> Option<AttemptId> {
        let exchange = self.exchanges.iter().find(|exchange| exchange.calls.first() == Some(&id))?;
        exchange.is_in_flight().then_some(exchange.attempt)
    }

    /// Whether an attempt is waited for.
    pub(crate) fn is_in_flight(&self, attempt: AttemptId) -> bool {
        self.exchanges.iter().any(|exchange| exchange.attempt == attempt && exchange.is_in_flight())
    }

    /// An attempt in flight that no call waits for any more: it is to be aborted.
    pub(crate) fn next_aborted(&mut self) -> Option<AttemptId> {
        self.aborted.pop()
    }

    /// A call that has to be asked for its next step although nothing of its own has happened.
    pub(crate) fn next_woken(&mut self) -> Option<CallId> {
        self.woken.pop()
    }

    /// What a call does next.
    pub(crate) fn step(&mut self, id: CallId, moment: Moment) -> Step<R> {
        let Some(mut call) = self.take(id) else { return Step::Gone };
        let step = self.advance(&mut call, moment);
        if !matches!(step, Step::Finish(_)) {
            self.calls.push(call);
        }
        step
    }

    fn take(&mut self, id: CallId) -> Option<Box<Call<R>>> {
        let index = self.calls.iter().position(|call| call.id == id)?;
        Some(self.calls.swap_remove(index))
    }

    fn advance(&mut self, call: &mut Call<R>, moment: Moment) -> Step<R> {
        if let Some(reply) = call.reply.take() {
            return Step::Finish(Ok(reply));
        }
        loop {
            let event = match call.phase {
                Phase::Begin => CallEvent::Begin,
                Phase::Credential(until) => match call.credential.take() {
                    Some(credential) => match checked(credential) {
                        Ok(credential) => {
                            call.sign(Some(credential), call.signed.refused.clone());
                            CallEvent::Credential
                        }
                        Err(thrown) => call.fail(&no_credential(), Some(thrown)),
                    },
                    None if moment.now < until => return Step::Wait(until - moment.now),
                    None => call.fail(&credential_timed_out(), None),
                },
                Phase::Exchange(ticket) => {
                    let (attempts, result) = match self.exchange(call, ticket, moment) {
                        Stage::Step(step) => return step,
                        Stage::Over(attempts, result) => (attempts, result),
                        Stage::Stopped => {
                            self.send(call, false);
                            continue;
                        }
                    };
                    call.attempts += attempts;
                    match result.and_then(|outcome| read(&call.signed, &outcome, call.attempts)) {
                        Ok((reply, notice)) => {
                            let Some(notice) = notice.filter(|_| self.is_news(call.signed.endpoint)) else {
                                return Step::Finish(Ok(reply));
                            };
                            call.reply = Some(reply);
                            let notice = call.signed.redactor().clean(&notice);
                            return call.emit(EventKind::Deprecated, Some(notice));
                        }
                        Err(details) => {
                            let kind = details.kind;
                            call.error = Some(details);
                            CallEvent::Failed(kind)
                        }
                    }
                }
            };
            let mut action = call.machine.step(event);
            if matches!(action, CallAction::AskCredential | CallAction::RenewCredential) {
                let refused = call.signed.credential.clone();
                let fixed = match &call.source {
                    CredentialSource::None => None,
                    CredentialSource::Fixed(token) => Some(token.clone()),
                    CredentialSource::Function => {
                        call.sign(None, refused.clone());
                        call.phase =
                            Phase::Credential(moment.now + f64::from(call.signed.request.timeout_ms));
                        return Step::AskCredential(refused);
                    }
                };
                call.sign(fixed, refused);
                action = call.machine.step(CallEvent::Credential);
            }
            if action == CallAction::Exchange {
                if self.send(call, true) {
                    return call.emit(EventKind::Shared, None);
                }
            } else if let Some(details) = call.error.take() {
                // A call that is over has failed.
                let page = call.signed.request.page.clone();
                return Step::Finish(Err(Failed { details, attempts: call.attempts, page }));
            }
        }
    }

    /// Whether the removal of an operation was not reported before.
    fn is_news(&mut self, endpoint: &'static Endpoint) -> bool {
        let is_known = self.deprecated.iter().any(|known| std::ptr::eq(*known, endpoint));
        if !is_known {
            self.deprecated.push(endpoint);
        }
        !is_known
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
