//! Requests under way: each is driven by one of the calls that share it, until there is a good response or the failure
//! is final.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::caller::{Caller, TextOf};
use super::driver::{Driver, emit, report};
use super::render::{DetailsOf, Outcome, Received, Signed, render};
use super::shared::{Handle, Shared};
use super::wait::{Done, Work, pause, within};
use crate::limits::Ticket;
use crate::protocol::event::EventKind;
use crate::protocol::{Action, Context, Emitted, Event, ExchangeMachine};
use crate::schema::Method;
use crate::text::Text;
use crate::transport::{Clock, Random, Transport};

/// What a request results in, for all who share it: after how many attempts.
pub(super) type Exchanged<C> = (u32, Result<Rc<Received<<C as Caller>::Runtime>>, Rc<DetailsOf<C>>>);

/// Whoever drives a request at the moment.
type Owner<C> = Rc<RefCell<Rc<C>>>;

/// A request under way.
pub(super) struct InFlight<C: Caller> {
    ticket: Ticket,
    /// Wakes it while it waits to be sent.
    waker: Option<Waker>,
    signed: Rc<Signed<C>>,
    is_shareable: bool,
    handle: Handle<Exchanged<C>>,
    owner: Owner<C>,
}

impl<C: Caller> Driver<C> {
    /// Joins an identical GET with the same credential, or sends the request. The handle is that of a shared request.
    pub(super) fn exchange(
        self: &Rc<Self>,
        caller: &Rc<C>,
        signed: &Rc<Signed<C>>,
        may_join: bool,
    ) -> (Work<Done<C>>, Option<Handle<Exchanged<C>>>) {
        // Where the transport adds a credential of its own, two requests may belong to two users.
        let is_shareable = may_join
            && signed.endpoint.method == Method::Get
            && (signed.credential.is_some() || caller.is_identity_known());
        let (mut share, owner) = match if is_shareable { self.join(signed) } else { None } {
            Some(joined) => {
                self.state.borrow_mut().usage.save(signed.endpoint.operation);
                report(caller, signed.endpoint, EventKind::Shared, 0, None);
                joined
            }
            None => self.begin(caller, signed, is_shareable),
        };
        let handle = is_shareable.then(|| share.handle());
        let caller = Rc::clone(caller);
        let work = Box::pin(poll_fn(move |context| {
            if share.is_first() {
                owner.replace(Rc::clone(&caller));
            }
            Pin::new(&mut share).poll(context).map(Done::Exchanged)
        }));
        (work, handle)
    }

    fn join(&self, signed: &Signed<C>) -> Option<(Shared<Exchanged<C>>, Owner<C>)> {
        for other in &self.state.borrow().in_flight {
            if other.is_shareable
                && *other.signed == *signed
                && let Some(share) = other.handle.join()
            {
                return Some((share, Rc::clone(&other.owner)));
            }
        }
        None
    }

    fn begin(
        self: &Rc<Self>,
        caller: &Rc<C>,
        signed: &Rc<Signed<C>>,
        is_shareable: bool,
    ) -> (Shared<Exchanged<C>>, Owner<C>) {
        let owner = Rc::new(RefCell::new(Rc::clone(caller)));
        let state = &mut *self.state.borrow_mut();
        let machine = ExchangeMachine::new(signed.request.policy(signed.endpoint), &mut state.limiter);
        let ticket = machine.ticket();
        let request = Exchange {
            driver: Rc::clone(self),
            owner: Rc::clone(&owner),
            signed: Rc::clone(signed),
            machine,
        };
        let share = Shared::new(Box::pin(request.run()));
        state.in_flight.push(InFlight {
            ticket,
            waker: None,
            signed: Rc::clone(signed),
            is_shareable,
            handle: share.handle(),
            owner: Rc::clone(&owner),
        });
        (share, owner)
    }

    /// Something has changed: the first that waits looks again.
    fn wake_first(&self) {
        let waker = {
            let state = &mut *self.state.borrow_mut();
            let first = state.limiter.first();
            let waiting = state.in_flight.iter_mut().find(|waiting| Some(waiting.ticket) == first);
            waiting.and_then(|waiting| waiting.waker.take())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Is done when the request is woken.
    fn turn(self: &Rc<Self>, ticket: Ticket) -> Work<Done<C>> {
        let driver = Rc::clone(self);
        let mut is_registered = false;
        Box::pin(poll_fn(move |context| {
            let in_flight = &mut driver.state.borrow_mut().in_flight;
            match in_flight.iter_mut().find(|waiting| waiting.ticket == ticket) {
                Some(waiting) if waiting.waker.is_some() || !is_registered => {
                    is_registered = true;
                    waiting.waker = Some(context.waker().clone());
                    Poll::Pending
                }
                _ => Poll::Ready(Done::Woken),
            }
        }))
    }
}

/// A request's place in the queue and among those in flight, given up when it is dropped.
struct Exchange<C: Caller> {
    driver: Rc<Driver<C>>,
    owner: Owner<C>,
    signed: Rc<Signed<C>>,
    machine: ExchangeMachine,
}

impl<C: Caller> Exchange<C> {
    fn caller(&self) -> Rc<C> {
        Rc::clone(&self.owner.borrow())
    }

    /// Sends the request until there is a good response, or the failure is final.
    async fn run(mut self) -> Exchanged<C> {
        let mut event = Event::Wake;
        let mut outcome = Outcome::default();
        let mut last_error: Option<Rc<DetailsOf<C>>> = None;
        loop {
            let mut emitted = Vec::new();
            let action = self.step(event, &outcome, &mut emitted);
            if let Some(failure) = self.machine.take_failure() {
                let before = last_error.take().filter(|_| self.machine.is_refused_retry());
                let note =
                    before.map(|before| TextOf::<C>::new(". The attempt before: ").concat(&before.message));
                last_error =
                    Some(render(&self.signed, &failure, std::mem::take(&mut outcome), note.as_ref()));
            }
            for emitted in emitted {
                let caller = self.caller();
                let was_over = caller.is_over();
                let message = last_error.as_ref().map(|error| &error.message).filter(|_| emitted.has_message);
                emit(&caller, self.signed.endpoint, emitted, message);
                if caller.is_over() && !was_over {
                    // A hook ended its own call: nothing more happens, unless others share the request.
                    pause().await;
                }
            }
            let caller = self.caller();
            let (mut work, longest_ms): (Work<Done<C>>, f64) = match action {
                Action::Wait(milliseconds) => {
                    event = Event::Wake;
                    if milliseconds <= 0.0 {
                        continue;
                    }
                    (self.driver.turn(self.machine.ticket()), milliseconds)
                }
                Action::Send => {
                    event = Event::TimedOut;
                    self.machine.sending(caller.runtime().now());
                    let request = self.signed.to_request(&caller);
                    let caller = Rc::clone(&caller);
                    let send = async move { Done::Sent(caller.runtime().send(request).await) };
                    (Box::pin(send), self.signed.request.timeout_ms.into())
                }
                Action::Succeed => {
                    match std::mem::take(&mut outcome).into_received(caller.runtime().wall()) {
                        Some(received) => return (self.machine.attempts(), Ok(Rc::new(received))),
                        None => continue,
                    }
                }
                Action::Fail => match last_error.take() {
                    Some(error) => return (self.machine.attempts(), Err(error)),
                    None => continue,
                },
            };
            outcome = Outcome::default();
            if let Some(Done::Sent(sent)) = within(caller.runtime(), longest_ms, &mut work).await {
                (outcome, event) = Outcome::of(sent, caller.runtime().wall());
            }
        }
    }

    fn step(&mut self, event: Event, outcome: &Outcome<C::Runtime>, emitted: &mut Vec<Emitted>) -> Action {
        let caller = self.caller();
        let runtime = caller.runtime();
        let (now, wall, random) = (runtime.now(), runtime.wall(), runtime.random());
        let action = {
            let state = &mut *self.driver.state.borrow_mut();
            let (limiter, usage) = (&mut state.limiter, &mut state.usage);
            let (head, hints) = (outcome.head.as_ref(), outcome.hints);
            let mut context = Context { limiter, usage, head, hints, now, wall, random, emitted };
            self.machine.step(self.signed.endpoint, event, &mut context)
        };
        self.driver.wake_first();
        action
    }
}

impl<C: Caller> Drop for Exchange<C> {
    fn drop(&mut self) {
        let now = self.caller().runtime().now();
        let ended = {
            let state = &mut *self.driver.state.borrow_mut();
            self.machine.leave(self.signed.endpoint, &mut state.limiter, &mut state.usage, now);
            let ticket = self.machine.ticket();
            let index = state.in_flight.iter().position(|other| other.ticket == ticket);
            index.map(|index| state.in_flight.swap_remove(index))
        };
        drop(ended);
        self.driver.wake_first();
    }
}
