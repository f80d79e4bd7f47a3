//! The driver for Rust programs: performs the steps of the dispatcher with futures. With `wasm/driver.rs`, its twin for
//! JavaScript, it is the only code that waits.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use super::config::{Credential, EventHook, Token};
use crate::error::{Secret, Thrown};
use crate::platform::sync::{BoxFuture, Lock, SharedRef};
use crate::platform::timestamp::{duration_as_ms, duration_from_ms};
use crate::protocol::event::Event;
use crate::protocol::{
    AttemptId, CallId, CredentialSource, Dispatcher, Emitted, Failed, Moment, NewCall, PreparedRequest,
    Reply, Step,
};
use crate::schema::Endpoint;
use crate::text::Text;
use crate::transport::{Request, Response, Runtime, SendError, Transport};

type Sent<R> = Result<Response<R>, SendError<R>>;
type TokenResult<R> = Result<<R as Transport>::Text, <R as Transport>::Thrown>;

/// Runs the calls of one client.
pub(super) struct Driver<R: Runtime> {
    runtime: R,
    credential: Credential,
    on_event: Option<EventHook>,
    dispatcher: Lock<Dispatcher<R>>,
    /// Attempts in flight; each is polled by the call that drives it.
    attempts: Lock<Vec<(AttemptId, BoxFuture<Sent<R>>)>>,
    wakers: Lock<Vec<(CallId, Waker)>>,
    next_call: AtomicU32,
}

impl<R: Runtime> Driver<R> {
    pub(super) fn new(
        runtime: R,
        credential: Credential,
        on_event: Option<EventHook>,
        dispatcher: Dispatcher<R>,
    ) -> Self {
        Self {
            runtime,
            credential,
            on_event,
            dispatcher: Lock::new(dispatcher),
            attempts: Lock::default(),
            wakers: Lock::default(),
            next_call: AtomicU32::new(0),
        }
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&Dispatcher<R>) -> T) -> T {
        look(&self.dispatcher.borrow())
    }

    pub(super) fn wall(&self) -> f64 {
        self.runtime.wall().as_ms()
    }

    /// Makes a call. Dropping the future ends it, wherever it is.
    pub(super) fn call(
        self: &SharedRef<Self>,
        endpoint: &'static Endpoint,
        request: PreparedRequest<R::Text>,
    ) -> Running<R> {
        let id: CallId = self.next_call.fetch_add(1, Ordering::Relaxed);
        let source = match self.credential.token() {
            None => CredentialSource::None,
            Some(Token::Fixed(secret)) => CredentialSource::Fixed(R::Text::from_rust(secret.reveal())),
            Some(Token::Provider(_)) => CredentialSource::Function,
        };
        let call = NewCall { id, endpoint, request, source, is_identity_known: true };
        self.dispatcher.borrow_mut().begin(call);
        Running { driver: SharedRef::clone(self), id, credential: None, timer: None }
    }

    fn ask_credential(&self, refused: Option<&R::Text>) -> Option<BoxFuture<TokenResult<R>>> {
        let refused = refused.and_then(|refused| Secret::new(refused.to_rust()).ok());
        let Some(Token::Provider(provider)) = self.credential.token() else { return None };
        let asked = provider.token(refused);
        Some(Box::pin(async {
            match asked.await {
                Ok(secret) => Ok(R::Text::from_rust(secret.reveal())),
                Err(cause) => Err(R::Thrown::from_rust(&cause)),
            }
        }))
    }

    fn moment(&self) -> Moment {
        let runtime = &self.runtime;
        Moment { now: self.now(), wall: runtime.wall().as_ms(), random: runtime.random() }
    }

    fn now(&self) -> f64 {
        duration_as_ms(self.runtime.now())
    }

    fn start(&self, attempt: AttemptId, request: Request<R::Text>) {
        let runtime = self.runtime.clone();
        self.attempts.borrow_mut().push((attempt, Box::pin(async move { runtime.send(request).await })));
    }

    /// Polls the attempt that a call drives.
    fn poll_attempt(&self, id: CallId, context: &mut Context<'_>) {
        let Some(attempt) = self.dispatcher.borrow().attempt_of(id) else { return };
        let Some(mut work) = self.take_attempt(attempt) else { return };
        match work.as_mut().poll(context) {
            Poll::Ready(sent) => {
                self.dispatcher.borrow_mut().on_sent(attempt, Box::new(sent));
            }
            Poll::Pending => {
                self.attempts.borrow_mut().push((attempt, work));
                // It may have been aborted by another thread while it was polled.
                if !self.dispatcher.borrow().is_in_flight(attempt) {
                    drop(self.take_attempt(attempt));
                }
            }
        }
    }

    fn take_attempt(&self, attempt: AttemptId) -> Option<BoxFuture<Sent<R>>> {
        let mut attempts = self.attempts.borrow_mut();
        let index = attempts.iter().position(|(known, _)| *known == attempt)?;
        Some(attempts.swap_remove(index).1)
    }

    /// Sets what wakes a call.
    fn set_waker(&self, id: CallId, waker: Option<&Waker>) {
        let mut wakers = self.wakers.borrow_mut();
        wakers.retain(|(known, _)| *known != id);
        wakers.extend(waker.map(|waker| (id, waker.clone())));
    }

    /// Aborts the attempts that no call waits for, and wakes the calls that have something to do.
    fn settle(&self) {
        loop {
            let Some(aborted) = self.dispatcher.borrow_mut().next_aborted() else { break };
            drop(self.take_attempt(aborted));
        }
        loop {
            let Some(woken) = self.dispatcher.borrow_mut().next_woken() else { return };
            let mut wakers = self.wakers.borrow_mut();
            let index = wakers.iter().position(|(id, _)| *id == woken);
            let waker = index.map(|index| wakers.swap_remove(index).1);
            drop(wakers);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    pub(super) fn emit(&self, endpoint: &Endpoint, emitted: Emitted, text: Option<&R::Text>) {
        if self.on_event.is_none() && !cfg!(feature = "tracing") {
            return;
        }
        let Emitted { kind, attempt, status, duration_ms, .. } = emitted;
        let Endpoint { operation, cost, .. } = *endpoint;
        let text = text.map(Text::to_rust);
        let duration = duration_ms.get().map(duration_from_ms);
        let event = Event { kind, operation, attempt, cost, status, duration, text: text.as_deref() };
        #[cfg(feature = "tracing")]
        super::trace::trace(&event);
        if let Some(hook) = &self.on_event {
            hook(&event);
        }
    }
}

/// The shortest timer.
const SHORTEST_TIMER_MS: f64 = 1.0;

/// A call under way.
pub(super) struct Running<R: Runtime> {
    driver: SharedRef<Driver<R>>,
    id: CallId,
    credential: Option<BoxFuture<TokenResult<R>>>,
    timer: Option<BoxFuture<()>>,
}

impl<R: Runtime> Future for Running<R> {
    type Output = Result<Box<Reply<R>>, Failed<R>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let driver = SharedRef::clone(&self.driver);
        let id = self.id;
        loop {
            if let Some(work) = &mut self.credential
                && let Poll::Ready(credential) = work.as_mut().poll(context)
            {
                self.credential = None;
                driver.dispatcher.borrow_mut().on_credential(id, credential);
            }
            driver.poll_attempt(id, context);
            let moment = driver.moment();
            let mut dispatcher = driver.dispatcher.borrow_mut();
            let step = dispatcher.step(id, moment);
            if matches!(step, Step::Wait(_)) {
                // Before anybody else can look for it.
                driver.set_waker(id, Some(context.waker()));
            }
            drop(dispatcher);
            driver.settle();
            match step {
                Step::Emit(endpoint, emitted, text) => driver.emit(endpoint, emitted, text.as_ref()),
                Step::AskCredential(refused) => {
                    self.credential = driver.ask_credential(refused.as_ref());
                }
                Step::Send(attempt, request) => driver.start(attempt, request),
                Step::Wait(milliseconds) => {
                    let runtime = driver.runtime.clone();
                    // Timers count whole milliseconds, and what is left of less than that may be less than a clock shows.
                    let wait = duration_from_ms(milliseconds.max(SHORTEST_TIMER_MS));
                    let mut timer: BoxFuture<()> = Box::pin(async move { runtime.sleep(wait).await });
                    if timer.as_mut().poll(context).is_ready() {
                        continue;
                    }
                    self.timer = Some(timer);
                    return Poll::Pending;
                }
                Step::Finish(result) => return Poll::Ready(result),
                Step::Gone => return Poll::Pending,
            }
        }
    }
}

impl<R: Runtime> Drop for Running<R> {
    fn drop(&mut self) {
        let now = self.driver.now();
        self.driver.dispatcher.borrow_mut().end(self.id, now);
        self.driver.set_waker(self.id, None);
        self.driver.settle();
    }
}
