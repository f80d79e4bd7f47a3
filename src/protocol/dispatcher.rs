//! The calls of one client and the requests that they share, as a state machine: completions in, steps out, time passed
//! in. It decides everything from the first credential to the result, and waits for nothing.

use std::rc::Rc;

use super::PreparedRequest;
use super::call::{CallAction, CallEvent, CallMachine};
use super::event::EventKind;
use super::exchange::{Action, Context, Emitted, Event, ExchangeMachine};
use super::outcome::{DetailsOf, Outcome, Reply, read, render};
use super::response::{credential_timed_out, no_credential};
use super::signed::{Server, Signed};
use crate::error::{Failure, Thrown, check_credential};
use crate::limits::{Limits, RateLimiter, Ticket, Usage};
use crate::schema::{Endpoint, Method, PageRef};
use crate::text::{Message, Text};
use crate::transport::{Request, Response, SendError, Transport};

/// The name of a call, chosen by the driver.
pub(crate) type CallId = u32;

/// The name of one attempt in flight.
pub(crate) type AttemptId = u32;

/// Where the credential of a call comes from.
pub(crate) enum CredentialSource<T> {
    /// The server at the base URL adds it.
    None,
    /// It is always the same.
    Fixed(T),
    /// A function, asked for every call and once more after a 401.
    Function,
}

/// A call to be made.
pub(crate) struct NewCall<T> {
    pub(crate) id: CallId,
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) request: PreparedRequest<T>,
    pub(crate) source: CredentialSource<T>,
    /// Whether everything that identifies the caller is known here: the transport adds no credential of its own.
    pub(crate) is_identity_known: bool,
}

/// The clocks of a step, and chance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Monotonic milliseconds.
    pub(crate) now: f64,
    /// The time of day, in milliseconds since 1970.
    pub(crate) wall: f64,
    /// From 0 to 1.
    pub(crate) random: f64,
}

/// What the driver does next for a call.
pub(crate) enum Step<R: Transport> {
    /// Emit an event, and ask for the next step. The event's hook may end the call.
    Emit(&'static Endpoint, Emitted, Option<R::Text>),
    /// Ask the credential function, which may know that a credential was refused, and ask for the next step.
    AskCredential(Option<R::Text>),
    /// Send a request, and ask for the next step.
    Send(AttemptId, Request<R::Text>),
    /// Ask for the next step after so many milliseconds, on a completion, or when the call is woken.
    Wait(f64),
    /// The call is over.
    Finish(Result<Reply<R>, Failed<R>>),
    /// There is no such call: it was ended.
    Gone,
}

/// A failed call: the error, which those who share a request share too, and what is the call's own.
pub(crate) struct Failed<R: Transport> {
    pub(crate) details: Rc<DetailsOf<R>>,
    pub(crate) attempts: u32,
    pub(crate) page: Option<PageRef<R::Text>>,
}

type Credential<R> = Result<<R as Transport>::Text, <R as Transport>::Thrown>;
type Exchanged<R> = Result<Rc<Outcome<R>>, Rc<DetailsOf<R>>>;

/// What a call waits for.
enum Phase {
    Begin,
    /// Its credential, until this time.
    Credential(f64),
    /// A request.
    Exchange(Ticket),
}

struct Call<R: Transport> {
    id: CallId,
    signed: Signed<R::Text>,
    source: CredentialSource<R::Text>,
    is_identity_known: bool,
    machine: CallMachine,
    phase: Phase,
    /// What the credential function returned.
    credential: Option<Credential<R>>,
    /// For one that shares another's request: how many steps the request had made, and when it is looked at again.
    watch: (u32, f64),
    attempts: u32,
    error: Option<Rc<DetailsOf<R>>>,
    reply: Option<Reply<R>>,
}

/// A request under way, for all who share it.
struct Exchange<R: Transport> {
    machine: ExchangeMachine,
    signed: Signed<R::Text>,
    is_shareable: bool,
    /// Those who share it; the first drives it.
    calls: Vec<CallId>,
    attempt: AttemptId,
    sent: Option<Result<Response<R>, SendError<R>>>,
    outcome: Outcome<R>,
    /// Not yet emitted.
    emitted: Vec<Emitted>,
    /// What follows the events.
    action: Option<Action>,
    error: Option<Rc<DetailsOf<R>>>,
    result: Option<Exchanged<R>>,
    steps: u32,
    /// Whether its driver waits and may be woken.
    is_idle: bool,
}

/// How long after its timeout a shared request that nobody drives is taken for stopped.
const STOPPED_AFTER_MS: f64 = 5_000.0;

/// The calls of one client.
pub(crate) struct Dispatcher<R: Transport> {
    server: Server<R::Text>,
    limiter: RateLimiter,
    usage: Usage,
    calls: Vec<Call<R>>,
    exchanges: Vec<Exchange<R>>,
    woken: Vec<CallId>,
    aborted: Vec<AttemptId>,
    next_attempt: AttemptId,
    /// The operations whose removal was reported.
    deprecated: Vec<&'static Endpoint>,
}

impl<R: Transport> Dispatcher<R> {
    pub(crate) fn new(
        server: Server<R::Text>,
        max_concurrency: Option<u32>,
        daily_budget: Option<u32>,
    ) -> Self {
        Self {
            server,
            limiter: RateLimiter::new(max_concurrency, daily_budget),
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

    /// From now on the limits are shared with other clients.
    #[cfg(feature = "npm-server")]
    pub(crate) fn share(&mut self, limiter: Rc<std::cell::RefCell<crate::limits::shared::SharedLimiter>>) {
        self.limiter.share(limiter);
    }

    /// Wakes the calls that do not have to wait for the shared limits any longer. Says whether others still do.
    #[cfg(feature = "npm-server")]
    pub(crate) fn wake_ready(&mut self, now: f64) -> bool {
        let ready = self.limiter.ready(now).unwrap_or_default();
        let mut is_waiting = false;
        for exchange in self.exchanges.iter_mut().filter(|exchange| exchange.is_idle) {
            is_waiting = true;
            // Those of a client with a concurrency of its own may wait for each other instead.
            if self.limiter.is_concurrency_limited() || ready.contains(&exchange.machine.ticket()) {
                exchange.is_idle = false;
                self.woken.extend(exchange.calls.first());
            }
        }
        is_waiting
    }

    /// A call begins.
    pub(crate) fn begin(&mut self, call: NewCall<R::Text>) {
        let NewCall { id, endpoint, request, source, is_identity_known } = call;
        let request = Rc::new(request);
        self.calls.push(Call {
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
        });
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

    /// An attempt is over. Gives the call that goes on, if there is one.
    pub(crate) fn on_sent(
        &mut self,
        attempt: AttemptId,
        sent: Result<Response<R>, SendError<R>>,
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
    #[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
    pub(crate) fn is_in_flight(&self, attempt: AttemptId) -> bool {
        self.exchanges.iter().any(|exchange| exchange.attempt == attempt && exchange.is_in_flight())
    }

    /// An attempt in flight that nobody waits for any more: it is to be aborted.
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

    fn take(&mut self, id: CallId) -> Option<Call<R>> {
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
                    let Some((attempts, result)) = (match self.exchange(call, ticket, moment) {
                        Ok(result) => result,
                        Err(step) => return step,
                    }) else {
                        self.send(call, false);
                        continue;
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

    /// Joins an identical GET with the same credential, or begins a request. Says whether it joined one.
    fn send(&mut self, call: &mut Call<R>, may_join: bool) -> bool {
        // Where the transport adds a credential of its own, two requests may belong to two users.
        let signed = &call.signed;
        let is_shareable = may_join
            && signed.endpoint.method == Method::Get
            && (signed.credential.is_some() || call.is_identity_known);
        let mut same = self.exchanges.iter_mut();
        if is_shareable
            && let Some(exchange) = same
                .find(|other| other.is_shareable && other.result.is_none() && other.signed.is_same(signed))
        {
            exchange.calls.push(call.id);
            call.phase = Phase::Exchange(exchange.machine.ticket());
            call.watch = (0, 0.0);
            self.usage.save(signed.endpoint);
            return true;
        }
        let machine = ExchangeMachine::new(signed.request.policy(signed.endpoint), &mut self.limiter);
        call.phase = Phase::Exchange(machine.ticket());
        self.exchanges.push(Exchange {
            machine,
            signed: signed.clone(),
            is_shareable,
            calls: vec![call.id],
            attempt: 0,
            sent: None,
            outcome: Outcome::default(),
            emitted: Vec::new(),
            action: None,
            error: None,
            result: None,
            steps: 0,
            is_idle: false,
        });
        false
    }

    /// The next step of a call that waits for a request, or what the request resulted in after how many attempts; nothing
    /// where whoever drives it has stopped without a word, as a Worker's request is stopped.
    #[allow(clippy::type_complexity)]
    fn exchange(
        &mut self,
        call: &mut Call<R>,
        ticket: Ticket,
        moment: Moment,
    ) -> Result<Option<(u32, Exchanged<R>)>, Step<R>> {
        let index = self.exchanges.iter().position(|exchange| exchange.machine.ticket() == ticket);
        let Some(exchange) = index.and_then(|index| self.exchanges.get_mut(index)) else { return Ok(None) };
        if exchange.result.is_none() {
            if exchange.calls.first() != Some(&call.id) {
                let (steps, until) = call.watch;
                if moment.now < until {
                    return Err(Step::Wait(until - moment.now));
                }
                if steps == exchange.steps {
                    // It has stopped: nobody else shall wait for it.
                    exchange.is_shareable = false;
                    self.leave(ticket, call.id, moment.now);
                    return Ok(None);
                }
                let wait = f64::from(call.signed.request.timeout_ms) + STOPPED_AFTER_MS;
                call.watch = (exchange.steps, moment.now + wait);
                return Err(Step::Wait(wait));
            }
            exchange.steps += 1;
            if let Some(step) = exchange.drive(
                &mut self.limiter,
                &mut self.usage,
                &self.server,
                &mut self.next_attempt,
                &mut self.aborted,
                moment,
            ) {
                // Where it goes on waiting, nothing has changed for the others.
                let is_waiting = matches!(step, Step::Wait(_));
                exchange.is_idle = is_waiting && exchange.machine.is_queued();
                if !is_waiting {
                    self.wake_first();
                }
                return Err(step);
            }
            self.woken.extend(exchange.calls.iter().filter(|other| **other != call.id));
        }
        let result = exchange.result.clone();
        let attempts = exchange.machine.attempts();
        self.leave(ticket, call.id, moment.now);
        Ok(result.map(|result| (attempts, result)))
    }

    /// A call leaves a request, which ends with the last.
    fn leave(&mut self, ticket: Ticket, id: CallId, now: f64) {
        let Some(index) = self.exchanges.iter().position(|exchange| exchange.machine.ticket() == ticket)
        else {
            return;
        };
        let Some(exchange) = self.exchanges.get_mut(index) else { return };
        let was_first = exchange.calls.first() == Some(&id);
        exchange.calls.retain(|call| *call != id);
        match exchange.calls.first() {
            Some(next) if was_first && exchange.result.is_none() => self.woken.push(*next),
            Some(_) => {}
            None => {
                let mut exchange = self.exchanges.swap_remove(index);
                if exchange.is_in_flight() {
                    self.aborted.push(exchange.attempt);
                }
                exchange.machine.leave(exchange.signed.endpoint, &mut self.limiter, &mut self.usage, now);
            }
        }
        self.wake_first();
    }

    /// Something has changed: the first request that waits looks again.
    fn wake_first(&mut self) {
        let Some(first) = self.limiter.first() else { return };
        for exchange in &mut self.exchanges {
            if exchange.is_idle && exchange.machine.ticket() == first {
                exchange.is_idle = false;
                self.woken.extend(exchange.calls.first());
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

impl<R: Transport> Call<R> {
    fn sign(&mut self, credential: Option<R::Text>, refused: Option<R::Text>) {
        self.signed.credential = credential;
        self.signed.refused = refused;
    }

    /// There is no credential.
    fn fail(&mut self, failure: &Failure, cause: Option<R::Thrown>) -> CallEvent {
        let note = (self.attempts == 0).then(|| R::Text::new("; nothing was sent"));
        let outcome = Outcome::<R> { cause, ..Outcome::default() };
        self.error = Some(render(&self.signed, failure, &outcome, None, note.as_ref()));
        CallEvent::NoCredential
    }

    fn emit(&self, kind: EventKind, text: Option<R::Text>) -> Step<R> {
        Step::Emit(self.signed.endpoint, Emitted::beside(kind), text)
    }
}

impl<R: Transport> Exchange<R> {
    fn is_in_flight(&self) -> bool {
        self.sent.is_none() && self.machine.is_in_flight()
    }

    /// The next step, or nothing once there is a result.
    fn drive(
        &mut self,
        limiter: &mut RateLimiter,
        usage: &mut Usage,
        server: &Server<R::Text>,
        next_attempt: &mut AttemptId,
        aborted: &mut Vec<AttemptId>,
        moment: Moment,
    ) -> Option<Step<R>> {
        let Moment { now, wall, random } = moment;
        loop {
            if !self.emitted.is_empty() {
                let emitted = self.emitted.remove(0);
                let message = self.error.as_ref().map(|error| error.message.clone());
                return Some(Step::Emit(
                    self.signed.endpoint,
                    emitted,
                    message.filter(|_| emitted.has_message),
                ));
            }
            match self.action.take() {
                Some(Action::Send) => {
                    self.machine.sending(now);
                    *next_attempt = next_attempt.wrapping_add(1);
                    self.attempt = *next_attempt;
                    return Some(Step::Send(self.attempt, self.signed.to_request(server)));
                }
                Some(Action::Wait(wait)) if wait > 0.0 => return Some(Step::Wait(wait)),
                Some(Action::Succeed) => {
                    self.result = Some(Ok(Rc::new(std::mem::take(&mut self.outcome))));
                }
                Some(Action::Fail) => self.result = self.error.take().map(Err),
                Some(Action::Wait(_)) | None => {}
            }
            if self.result.is_some() {
                return None;
            }
            let was_in_flight = self.is_in_flight();
            let mut event = Event::Wake;
            if let Some(sent) = self.sent.take() {
                (self.outcome, event) = Outcome::of(sent, wall);
            }
            let (head, hints) = (self.outcome.head.as_ref(), self.outcome.hints);
            let emitted = &mut self.emitted;
            let mut context = Context { limiter, usage, head, hints, now, wall, random, emitted };
            self.action = Some(self.machine.step(self.signed.endpoint, event, &mut context));
            if was_in_flight && !self.machine.is_in_flight() {
                aborted.push(self.attempt);
            }
            if let Some(failure) = self.machine.take_failure() {
                let before = self.error.take().filter(|_| self.machine.is_refused_retry());
                let note =
                    before.map(|before| R::Text::new(". The attempt before: ").concat(&before.message));
                let outcome = std::mem::take(&mut self.outcome);
                self.error =
                    Some(render(&self.signed, &failure, &outcome, outcome.json.as_ref(), note.as_ref()));
            }
        }
    }
}

/// The credential that the function returned, if it can be sent.
fn checked<T: Text, C: Thrown<Text = T>>(credential: Result<T, C>) -> Result<T, C> {
    let credential = credential?;
    match check_credential(&credential) {
        Ok(()) => Ok(credential),
        Err(lack) => Err(C::new(&Message::new("the token that it returned ").ascii(lack).build())),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
