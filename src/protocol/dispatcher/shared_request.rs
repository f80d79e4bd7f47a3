//! A request of the dispatcher, for all who share it.

use super::Exchanged;
use super::step::{AttemptId, CallId, Moment, Step};
use crate::limits::{RateLimiter, Usage};
use crate::platform::sync::SharedRef;
use crate::protocol::error_body::ErrorHints;
use crate::protocol::exchange::{Action, Context, Emitted, Event, ExchangeMachine};
use crate::protocol::outcome::{DetailsOf, Outcome, render};
use crate::protocol::signed::{Server, Signed};
use crate::text::Text;
use crate::transport::{Response, SendError, Transport};

/// A request under way, for all who share it.
pub(super) struct Exchange<R: Transport> {
    pub(super) machine: ExchangeMachine,
    pub(super) signed: Signed<R::Text>,
    pub(super) is_shareable: bool,
    /// Those who share it; the first drives it.
    pub(super) calls: Vec<CallId>,
    pub(super) attempt: AttemptId,
    pub(super) sent: Option<Box<Result<Response<R>, SendError<R>>>>,
    /// What came of the last attempt.
    pub(super) outcome: Option<SharedRef<Outcome<R>>>,
    /// Not yet emitted.
    pub(super) emitted: Vec<Emitted>,
    /// What follows the events.
    pub(super) action: Option<Action>,
    pub(super) error: Option<SharedRef<DetailsOf<R>>>,
    pub(super) result: Option<Exchanged<R>>,
    pub(super) steps: u32,
    /// Whether its driver waits and may be woken.
    pub(super) is_idle: bool,
}

impl<R: Transport> Exchange<R> {
    pub(super) fn is_in_flight(&self) -> bool {
        self.sent.is_none() && self.machine.is_in_flight()
    }

    /// The next step, or nothing once there is a result.
    pub(super) fn drive(
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
                Some(Action::Send) if self.machine.sending(self.signed.endpoint, limiter, usage, now) => {
                    *next_attempt = next_attempt.wrapping_add(1);
                    self.attempt = *next_attempt;
                    return Some(Step::Send(self.attempt, self.signed.to_request(server)));
                }
                Some(Action::Wait(wait)) if wait > 0.0 => return Some(Step::Wait(wait)),
                Some(Action::Succeed) => self.result = self.outcome.take().map(Ok),
                Some(Action::Fail) => self.result = self.error.take().map(Err),
                Some(Action::Wait(_) | Action::Send) | None => {}
            }
            if self.result.is_some() {
                return None;
            }
            let was_in_flight = self.is_in_flight();
            let mut event = Event::Wake;
            if let Some(sent) = self.sent.take() {
                let (outcome, came) = Outcome::of(*sent, wall);
                self.outcome = Some(outcome);
                event = came;
            }
            let outcome = self.outcome.as_deref();
            let head = outcome.and_then(|outcome| Some(&outcome.head.as_ref()?.0));
            let hints = outcome.map_or(ErrorHints::default(), |outcome| outcome.hints);
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
                let outcome = self.outcome.take().unwrap_or_default();
                self.error =
                    Some(render(&self.signed, &failure, &outcome, outcome.json.as_ref(), note.as_ref()));
            }
        }
    }
}
