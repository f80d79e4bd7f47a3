//! The driver: performs what the state machines of `protocol` decide. It is the only code that waits.

use std::cell::RefCell;
use std::rc::Rc;

use super::caller::{Caller, CredentialSource, TextOf, ThrownOf};
use super::exchange::InFlight;
pub(crate) use super::render::Reply;
use super::render::{DetailsOf, Outcome, Signed, read, render};
use super::shared::Handle;
use super::wait::{Done, Work, within};
use crate::error::{Failure, Thrown, check_credential};
#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
use crate::limits::Spent;
use crate::limits::{RateLimit, RateLimiter, Usage};
use crate::protocol::event::{Event as Report, EventKind};
use crate::protocol::{
    CallAction, CallEvent, CallMachine, Emitted, PreparedRequest, credential_timed_out, no_credential,
};
use crate::schema::{Endpoint, PageRef};
use crate::text::{Text, join};

/// A failed call: the error, which those who share a request share too, and what is the call's own.
pub(crate) struct Failed<C: Caller> {
    pub(crate) details: Rc<DetailsOf<C>>,
    pub(crate) attempts: u32,
    pub(crate) page: Option<PageRef<TextOf<C>>>,
}

/// What the calls of one client share.
pub(crate) struct Driver<C: Caller> {
    pub(super) state: RefCell<State<C>>,
}

pub(super) struct State<C: Caller> {
    pub(super) limiter: RateLimiter,
    pub(super) usage: Usage,
    pub(super) in_flight: Vec<InFlight<C>>,
    /// The operations whose removal was reported.
    deprecated: Vec<&'static str>,
}

/// How long after its timeout a shared request that nobody drives is taken for stopped.
const STOPPED_AFTER_MS: f64 = 5_000.0;

impl<C: Caller> Driver<C> {
    pub(crate) fn new(max_concurrency: Option<u32>, daily_budget: Option<u32>) -> Self {
        Self {
            state: RefCell::new(State {
                limiter: RateLimiter::new(max_concurrency, daily_budget),
                usage: Usage::default(),
                in_flight: Vec::new(),
                deprecated: Vec::new(),
            }),
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        self.state.borrow().usage.clone()
    }

    #[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
    pub(crate) fn usage_of(&self, operation: &str) -> Spent {
        self.state.borrow().usage.of(operation)
    }

    pub(crate) fn rate_limit(&self) -> RateLimit {
        self.state.borrow().limiter.rate_limit
    }

    /// Makes a call. Dropping the future cancels it, wherever it is.
    pub(crate) async fn call(
        self: Rc<Self>,
        caller: Rc<C>,
        endpoint: &'static Endpoint,
        request: PreparedRequest<TextOf<C>>,
    ) -> Result<Reply<C::Runtime>, Failed<C>> {
        let source = caller.credential_source();
        let mut machine = CallMachine::new(matches!(source, CredentialSource::Function));
        let scheme = caller.auth_scheme();
        let timeout_ms = f64::from(request.timeout_ms);
        let request = Rc::new(request);
        let mut signed = Rc::new(Signed { endpoint, request, credential: None, refused: None, scheme });
        let mut attempts = 0;
        let mut event = CallEvent::Begin;
        let mut error = None;
        loop {
            let action = machine.step(event);
            let is_exchange = action == CallAction::Exchange;
            let (mut work, mut handle): (Work<Done<C>>, _) = match action {
                CallAction::AskCredential | CallAction::RenewCredential => {
                    let refused = signed.credential.clone();
                    signed = signed.with(None, refused.clone());
                    match &source {
                        CredentialSource::None => {
                            event = CallEvent::Credential;
                            continue;
                        }
                        CredentialSource::Fixed(token) => {
                            signed = signed.with(Some(token.clone()), refused);
                            event = CallEvent::Credential;
                            continue;
                        }
                        CredentialSource::Function => {
                            let caller = Rc::clone(&caller);
                            let ask = async move {
                                Done::Credential(caller.ask_credential(refused.as_ref()).await)
                            };
                            (Box::pin(ask), None)
                        }
                    }
                }
                CallAction::Exchange => self.exchange(&caller, &signed, true),
                CallAction::Finish => {
                    // A call that is over has failed.
                    let Some(details) = error.take() else { continue };
                    return Err(Failed { details, attempts, page: signed.request.page.clone() });
                }
            };
            let longest_ms = if is_exchange { timeout_ms + STOPPED_AFTER_MS } else { timeout_ms };
            let done = loop {
                let polls = handle.as_ref().map(Handle::polls);
                let done = within(caller.runtime(), longest_ms, &mut work).await;
                if done.is_some() || !is_exchange {
                    break done;
                }
                // The driver of a shared request may be stopped without a word, as a Worker's request is.
                if handle.as_ref().is_some_and(|handle| Some(handle.polls()) == polls) {
                    (work, handle) = self.exchange(&caller, &signed, false);
                }
            };
            event = match done {
                Some(Done::Exchanged((sent, result))) => {
                    attempts += sent;
                    let read = result.and_then(|received| read(&signed, &received, attempts));
                    match read {
                        Ok((reply, notice)) => {
                            self.report_deprecation(&caller, &signed, notice);
                            return Ok(reply);
                        }
                        Err(details) => {
                            let kind = details.kind;
                            error = Some(details);
                            CallEvent::Failed(kind)
                        }
                    }
                }
                done => match credential_of::<C>(done) {
                    Ok(credential) => {
                        signed = signed.with(Some(credential), signed.refused.clone());
                        CallEvent::Credential
                    }
                    Err((failure, cause)) => {
                        let note = (attempts == 0).then(|| Text::new("; nothing was sent"));
                        let outcome = Outcome { cause, ..Outcome::default() };
                        error = Some(render(&signed, &failure, outcome, note.as_ref()));
                        CallEvent::NoCredential
                    }
                },
            };
        }
    }

    /// Reports the announced removal of an operation, once.
    fn report_deprecation(&self, caller: &Rc<C>, signed: &Signed<C>, notice: Option<TextOf<C>>) {
        let operation = signed.endpoint.operation;
        let Some(notice) = notice else { return };
        let is_known = self.state.borrow().deprecated.contains(&operation);
        if !is_known {
            self.state.borrow_mut().deprecated.push(operation);
            let notice = signed.redactor().clean(&notice);
            report(caller, signed.endpoint, EventKind::Deprecated, 0, Some(&notice));
        }
    }
}

/// The credential that the function returned within the time of an attempt, or why there is none.
fn credential_of<C: Caller>(done: Option<Done<C>>) -> Result<TextOf<C>, (Failure, Option<ThrownOf<C>>)> {
    match done {
        Some(Done::Credential(Ok(credential))) => match check_credential(&credential) {
            Ok(()) => Ok(credential),
            Err(lack) => {
                let text = TextOf::<C>::new(&join(&["the token that it returned ", lack]));
                Err((no_credential(), Some(ThrownOf::<C>::new(&text))))
            }
        },
        Some(Done::Credential(Err(thrown))) => Err((no_credential(), Some(thrown))),
        _ => Err((credential_timed_out(), None)),
    }
}

pub(super) fn emit<C: Caller>(
    caller: &Rc<C>,
    endpoint: &Endpoint,
    emitted: Emitted,
    text: Option<&TextOf<C>>,
) {
    let Emitted { kind, attempt, status, duration_ms, .. } = emitted;
    let Endpoint { operation, cost, .. } = *endpoint;
    caller.emit(&Report { kind, operation, attempt, cost, status, duration_ms, text });
}

/// Emits an event of a call beside its attempts.
pub(super) fn report<C: Caller>(
    caller: &Rc<C>,
    endpoint: &Endpoint,
    kind: EventKind,
    attempt: u32,
    text: Option<&TextOf<C>>,
) {
    emit(
        caller,
        endpoint,
        Emitted { kind, attempt, status: None, duration_ms: None, has_message: false },
        text,
    );
}
