//! A request and its attempts as a state machine: events in, actions out, time passed in. It decides everything that
//! happens between a prepared request and its final result, and waits for nothing.

use super::error_body::ErrorHints;
use super::event::EventKind;
use super::response;
use super::retry::{self, Attempts, Decision};
use crate::error::{Failure, LimitScope};
use crate::limits::{Admission, FailedCall, Optional, RateLimiter, ResponseHead, Slot, Ticket, Usage};
use crate::schema::Endpoint;
use crate::transport::Progress;

/// What limits, budgets and retries need to know of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) cost: u32,
    pub(crate) is_idempotent: bool,
    pub(crate) max_retries: u32,
    pub(crate) timeout_ms: u32,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// The request begins, was woken, or has waited long enough.
    Wake,
    /// A complete response came: [`Context::head`] and [`Context::hints`] are its.
    Response,
    /// No complete response came; perhaps [`Context::head`] did.
    NoResponse(Progress),
}

/// What to do next. The events of [`Context::emitted`] are emitted before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action {
    /// Wait to be woken, so many milliseconds at most, and then send [`Event::Wake`].
    Wait(f64),
    /// Send the request, and read the complete response.
    Send,
    /// It is over: the last response is good.
    Succeed,
    /// It is over, with the last failure.
    Fail,
}

/// What a step can see and change besides the request itself.
pub(crate) struct Context<'a> {
    pub(crate) limiter: &'a mut RateLimiter,
    pub(crate) usage: &'a mut Usage,
    /// What came of the attempt.
    pub(crate) head: Option<&'a ResponseHead>,
    pub(crate) hints: ErrorHints,
    /// Monotonic milliseconds.
    pub(crate) now: f64,
    /// The time of day, in milliseconds since 1970.
    pub(crate) wall: f64,
    /// From 0 to 1.
    pub(crate) random: f64,
    /// The events of this step.
    pub(crate) emitted: &'a mut Vec<Emitted>,
}

/// An event to emit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Emitted {
    pub(crate) kind: EventKind,
    pub(crate) attempt: u32,
    pub(crate) status: Option<u16>,
    pub(crate) duration_ms: Optional,
    /// Whether the message of the last failure belongs to it.
    pub(crate) has_message: bool,
}

impl Emitted {
    /// An event of a call beside its attempts.
    pub(crate) const fn beside(kind: EventKind) -> Self {
        Self { kind, attempt: 0, status: None, duration_ms: Optional::UNKNOWN, has_message: false }
    }
}

/// A waiting call looks again after this long, even if nothing woke it; so does one between two attempts, whose sharers
/// would else take it for stopped.
const LOOK_AGAIN_MS: f64 = 3_000.0;

/// A wait that ends so little later is the same wait: the end is computed anew whenever the call looks again, and rounded.
const SAME_WAIT_MS: f64 = 1.0;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// In the queue.
    Waiting,
    /// Between two attempts, until this time.
    Backoff(f64),
    /// Admitted, and about to be sent.
    Admitted(Slot),
    /// In flight since this time.
    InFlight(Slot, f64),
    Over,
}

/// The state of a request.
#[derive(Debug)]
pub(crate) struct ExchangeMachine {
    ticket: Ticket,
    policy: Policy,
    state: State,
    attempts: Attempts,
    sent: u32,
    bursts: u32,
    /// The end of the wait that was last reported: a timer may fire a little early.
    reported_wait: f64,
    /// How many requests were reported: none is reported twice.
    reported_requests: u32,
    failure: Option<Box<Failure>>,
    is_refused: bool,
}

impl ExchangeMachine {
    pub(crate) fn new(policy: Policy, limiter: &mut RateLimiter) -> Self {
        Self {
            ticket: limiter.ticket(),
            policy,
            state: State::Waiting,
            attempts: Attempts::default(),
            sent: 0,
            bursts: 0,
            reported_wait: 0.0,
            reported_requests: 0,
            failure: None,
            is_refused: false,
        }
    }

    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Number of requests sent.
    pub(crate) fn attempts(&self) -> u32 {
        self.sent
    }

    /// Whether the call was refused by the limiter after an attempt had failed.
    pub(crate) fn is_refused_retry(&self) -> bool {
        self.is_refused && self.sent > 0
    }

    /// The failure of the last step.
    pub(crate) fn take_failure(&mut self) -> Option<Box<Failure>> {
        self.failure.take()
    }

    /// The admitted request is handed to the transport now: from here on it may reach the server. If its slot is not good for
    /// that any more, it waits for another.
    pub(crate) fn sending(
        &mut self,
        endpoint: &'static Endpoint,
        limiter: &mut RateLimiter,
        usage: &mut Usage,
        now: f64,
    ) -> bool {
        let State::Admitted(slot) = self.state else { return false };
        let Policy { cost, timeout_ms, .. } = self.policy;
        let good = limiter.sending(slot, timeout_ms.into(), now);
        if let Some(slot) = good {
            self.state = State::InFlight(slot, now);
        } else {
            limiter.cancel(slot, cost);
            usage.unsend(endpoint);
            self.sent -= 1;
            self.state = State::Waiting;
        }
        good.is_some()
    }

    /// Whether it waits for its turn, and looks again whenever something has changed.
    pub(crate) fn is_queued(&self) -> bool {
        self.state == State::Waiting
    }

    /// Whether an attempt is in flight.
    pub(crate) fn is_in_flight(&self) -> bool {
        matches!(self.state, State::InFlight(..))
    }

    /// The call ends here, wherever it is.
    pub(crate) fn leave(
        &mut self,
        endpoint: &'static Endpoint,
        limiter: &mut RateLimiter,
        usage: &mut Usage,
        now: f64,
    ) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Admitted(slot) => {
                limiter.cancel(slot, self.policy.cost);
                usage.unsend(endpoint);
            }
            State::InFlight(slot, _) => limiter.abandon(slot, self.policy.cost, now),
            State::Waiting | State::Backoff(_) | State::Over => {}
        }
        limiter.leave(self.ticket);
    }

    /// The next step.
    pub(crate) fn step(
        &mut self,
        endpoint: &'static Endpoint,
        event: Event,
        context: &mut Context<'_>,
    ) -> Action {
        match (self.state, event) {
            (State::Waiting, _) => self.admit(endpoint, context),
            (State::Backoff(until), _) if until > context.now => {
                Action::Wait((until - context.now).min(LOOK_AGAIN_MS))
            }
            (State::Backoff(_), _) => {
                self.state = State::Waiting;
                self.admit(endpoint, context)
            }
            (State::Admitted(_), _) => Action::Send,
            (State::InFlight(slot, since), event) => self.judge(endpoint, slot, since, event, context),
            (State::Over, _) => Action::Fail,
        }
    }

    fn admit(&mut self, endpoint: &'static Endpoint, context: &mut Context<'_>) -> Action {
        let Policy { cost, timeout_ms, .. } = self.policy;
        let Context { now, wall, .. } = *context;
        match context.limiter.admit(self.ticket, cost, timeout_ms.into(), now, wall) {
            Admission::Turn => Action::Wait(LOOK_AGAIN_MS),
            Admission::Wait(wait) => {
                if now + wait > self.reported_wait + SAME_WAIT_MS {
                    self.reported_wait = now + wait;
                    self.emit(EventKind::Wait, None, wait.into(), false, context);
                }
                Action::Wait(wait.min(LOOK_AGAIN_MS))
            }
            Admission::PausedTooLong(reset) => self.refuse_limited(response::paused_too_long(reset), context),
            Admission::OverBudget(reset) => self.refuse_limited(response::over_budget(reset), context),
            Admission::StoreAway(template) => self.refuse(response::store_away(template), context),
            Admission::Send(slot) => {
                self.state = State::Admitted(slot);
                self.sent += 1;
                context.usage.send(endpoint);
                if self.sent != self.reported_requests {
                    self.reported_requests = self.sent;
                    self.emit(EventKind::Request, None, Optional::UNKNOWN, false, context);
                }
                Action::Send
            }
        }
    }

    /// The call is not sent.
    fn refuse(&mut self, failure: Box<Failure>, context: &mut Context<'_>) -> Action {
        self.state = State::Over;
        context.limiter.leave(self.ticket);
        self.is_refused = true;
        self.failure = Some(failure);
        Action::Fail
    }

    /// The call is not sent, because of a limit.
    fn refuse_limited(&mut self, failure: Box<Failure>, context: &mut Context<'_>) -> Action {
        let duration_ms = failure.info.reset_in_ms;
        let limited = Emitted { duration_ms, has_message: true, ..Emitted::beside(EventKind::Limited) };
        context.emitted.push(limited);
        self.refuse(failure, context)
    }

    /// What an attempt resulted in.
    fn judge(
        &mut self,
        endpoint: &'static Endpoint,
        slot: Slot,
        since: f64,
        event: Event,
        context: &mut Context<'_>,
    ) -> Action {
        let Context { now, wall, random, head, hints, .. } = *context;
        let left = since + f64::from(self.policy.timeout_ms) - now;
        if matches!(event, Event::Wake) && left > 0.0 {
            return Action::Wait(left);
        }
        match head {
            Some(head) => context.limiter.on_response(slot, &head.rate_limit, now, wall),
            None => context.limiter.on_no_response(slot, now),
        }
        let status = head.map(|head| head.status);
        self.emit(EventKind::Response, status, (now - since).into(), false, context);
        let failure = match (event, head) {
            (Event::Response, Some(head)) if (200..300).contains(&head.status) => {
                self.state = State::Over;
                return Action::Succeed;
            }
            (Event::Response, Some(head)) => response::failure(endpoint, head, hints, wall),
            (Event::NoResponse(progress), head) => response::no_response(progress, head, wall),
            (Event::Response | Event::Wake, _) => response::timed_out(),
        };
        let is_burst = failure.info.scope == Some(LimitScope::Burst);
        self.bursts += u32::from(is_burst);
        self.attempts.counted += u32::from(!is_burst);
        let is_reported = head.is_some_and(|head| head.rate_limit.daily_remaining.get().is_some());
        let met =
            FailedCall { cost: self.policy.cost, bursts: self.bursts, spent_at: slot.since, is_reported };
        let effect = context.limiter.on_failure(&failure.info, met, random, now);
        if effect.is_free {
            context.usage.refund(endpoint);
        }
        if effect.is_limit {
            self.emit(EventKind::Limited, status, failure.info.reset_in_ms, true, context);
        }
        let Policy { is_idempotent, max_retries, .. } = self.policy;
        let decision = retry::decide(&failure.info, is_idempotent, self.attempts, max_retries, random);
        self.failure = Some(failure);
        let wait = match decision {
            Decision::Stop => {
                self.state = State::Over;
                return Action::Fail;
            }
            Decision::Again(wait) => {
                self.state = State::Backoff(now + wait);
                wait
            }
            Decision::AfterPause => {
                self.attempts.paused_ms += effect.paused_ms;
                self.state = State::Waiting;
                // The pause is the wait: it is reported once.
                self.reported_wait = now + effect.paused_ms;
                effect.paused_ms
            }
        };
        self.emit(EventKind::Retry, status, wait.into(), true, context);
        Action::Wait(if matches!(self.state, State::Backoff(_)) { wait.min(LOOK_AGAIN_MS) } else { 0.0 })
    }

    fn emit(
        &self,
        kind: EventKind,
        status: Option<u16>,
        duration_ms: Optional,
        has_message: bool,
        context: &mut Context<'_>,
    ) {
        context.emitted.push(Emitted { kind, attempt: self.sent, status, duration_ms, has_message });
    }
}

#[cfg(test)]
mod tests;
