//! A runtime without a network: the sandbox responds, and time passes only when everything waits for it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use serde_json::Value;

use super::{Cause, Clock, HeaderList, Progress, Random, Request, Response, SendError, Transport};
use crate::sandbox::{self, Delivery, Failure, Options, Sandbox, Tokens};

/// The sandbox as a runtime for a [`Client`](crate::Client), with a clock of its own. Clones share one sandbox.
///
/// ```
/// use pipedrive_users::config::Credential;
/// use pipedrive_users::sandbox::Options;
/// use pipedrive_users::transport::SandboxWorld;
/// use pipedrive_users::{Client, Config};
///
/// let world = SandboxWorld::new(&Options::default())?;
/// let credential = Credential::api_token(&world.tokens().api_token)?;
/// let client = Client::new(Config::new(credential), world.clone());
/// let me = world.run(async { client.get_current_user().await }).ok_or("it never ends")??;
/// assert!(me.is_you);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SandboxWorld(Rc<State>);

struct State {
    sandbox: RefCell<Sandbox>,
    now: Cell<f64>,
    latency_ms: Cell<f64>,
    timers: RefCell<Vec<(f64, Waker)>>,
    script: RefCell<VecDeque<Scripted>>,
    sent: RefCell<Vec<Request>>,
    in_flight: Cell<usize>,
}

/// What happens to a request instead of the sandbox handling it.
#[derive(Clone, Debug)]
pub enum Scripted {
    /// It gets this response.
    Answer {
        /// The status.
        status: u16,
        /// The headers, names in lower case.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// No response comes.
    Fail(Progress),
    /// Nothing ever happens.
    Hang,
    /// The sandbox handles it.
    Pass,
}

impl SandboxWorld {
    /// Makes a company to call. It is noon of 22 November 2026.
    ///
    /// # Errors
    ///
    /// Says which option cannot be used.
    pub fn new(options: &Options) -> Result<Self, String> {
        Ok(Self(Rc::new(State {
            sandbox: RefCell::new(Sandbox::new(options)?),
            now: Cell::new(1_795_348_800_000.0),
            latency_ms: Cell::new(10.0),
            timers: RefCell::default(),
            script: RefCell::default(),
            sent: RefCell::default(),
            in_flight: Cell::new(0),
        })))
    }

    /// Returns the tokens that the sandbox accepts.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.0.sandbox.borrow().tokens().clone()
    }

    /// Sets what happens to the next requests; the sandbox handles those after them.
    pub fn script(&self, steps: impl IntoIterator<Item = Scripted>) {
        self.0.script.borrow_mut().extend(steps);
    }

    /// Makes the sandbox fail the next requests that it handles.
    ///
    /// # Errors
    ///
    /// Returns a message that names what is not usable.
    pub fn fail(&self, failure: Failure) -> Result<(), String> {
        self.0.sandbox.borrow_mut().fail(failure)
    }

    /// Sets how long a response takes, in milliseconds. Default: 10.
    pub fn set_latency(&self, milliseconds: f64) {
        self.0.latency_ms.set(milliseconds);
    }

    /// Returns the requests sent so far. Their headers hold the credentials.
    #[must_use]
    pub fn sent(&self) -> Vec<Request> {
        self.0.sent.borrow().clone()
    }

    /// Returns how many requests are in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.0.in_flight.get()
    }

    /// Returns how many timers are running.
    #[must_use]
    pub fn timers(&self) -> usize {
        self.0.timers.borrow().len()
    }

    /// Runs a future to its end, letting time pass whenever it waits. Returns nothing if it waits for ever.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        struct Flag(AtomicBool);
        impl Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut future = pin!(future);
        loop {
            while flag.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Some(result);
                }
            }
            let next = self.0.timers.borrow().iter().map(|(at, _)| *at).reduce(f64::min)?;
            self.0.now.set(next.max(self.0.now.get()));
            self.wake_due();
        }
    }

    fn wake_due(&self) {
        let now = self.0.now.get();
        let due: Vec<_> = self.0.timers.borrow_mut().extract_if(.., |(at, _)| *at <= now).collect();
        for (_, waker) in due {
            waker.wake();
        }
    }
}

/// Counts a request while it is in flight.
struct InFlight<'a>(&'a Cell<usize>);

impl<'a> InFlight<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Transport for SandboxWorld {
    type Text = String;
    type Headers = HeaderList;
    type Json = Value;
    type Thrown = Cause;

    async fn send(&self, request: Request) -> Result<Response<Self>, SendError<Self>> {
        let _in_flight = InFlight::new(&self.0.in_flight);
        let max_body_bytes = usize::try_from(request.max_body_bytes).unwrap_or(usize::MAX);
        self.0.sent.borrow_mut().push(request.clone());
        self.sleep(self.0.latency_ms.get()).await;
        let step = self.0.script.borrow_mut().pop_front();
        let (status, headers, body) = match step {
            Some(Scripted::Hang) => return pending().await,
            Some(Scripted::Fail(progress)) => {
                let cause = Cause { text: "the script failed it".to_owned(), value: None };
                return Err(SendError { progress, head: None, cause });
            }
            Some(Scripted::Answer { status, headers, body }) => (status, headers, body),
            Some(Scripted::Pass) | None => {
                let request = sandbox::Request {
                    method: request.method.as_str().to_owned(),
                    target: request.url,
                    headers: request.headers.0,
                    body: request.body.unwrap_or_default(),
                };
                let answer = self.0.sandbox.borrow_mut().handle(&request, self.now());
                self.sleep(f64::from(answer.delay_ms)).await;
                let lost = |progress, head| {
                    let cause = Cause { text: "the sandbox ended the connection".to_owned(), value: None };
                    Err(SendError { progress, head, cause })
                };
                match answer.delivery {
                    Delivery::Complete => (answer.status, answer.headers, answer.body),
                    Delivery::Never => return pending().await,
                    Delivery::Reset => return lost(Progress::Unknown, None),
                    Delivery::CutOff => {
                        return lost(Progress::BodyCutOff, Some((answer.status, HeaderList(answer.headers))));
                    }
                }
            }
        };
        let headers = HeaderList(headers);
        if body.len() > max_body_bytes {
            let cause = Cause { text: "see max_body_bytes".to_owned(), value: None };
            return Err(SendError { progress: Progress::BodyTooLarge, head: Some((status, headers)), cause });
        }
        Ok(Response { status, headers, body })
    }

    fn parse_json(text: &String) -> Option<Value> {
        serde_json::from_str(text).ok()
    }
}

impl Clock for SandboxWorld {
    fn now(&self) -> f64 {
        self.0.now.get()
    }

    /// The same clock: noon of 22 November 2026 and what has passed since.
    fn wall(&self) -> f64 {
        self.0.now.get()
    }

    async fn sleep(&self, milliseconds: f64) {
        /// Clears the timer when the future is dropped.
        struct Timer<'a> {
            state: &'a State,
            at: f64,
            waker: Option<Waker>,
        }
        impl Timer<'_> {
            fn stop(&mut self) {
                if let Some(waker) = self.waker.take() {
                    let mut timers = self.state.timers.borrow_mut();
                    // The same time, copied and never computed again.
                    #[allow(clippy::float_cmp)]
                    let place =
                        timers.iter().position(|(at, other)| *at == self.at && other.will_wake(&waker));
                    place.map(|place| timers.swap_remove(place));
                }
            }
        }
        impl Drop for Timer<'_> {
            fn drop(&mut self) {
                self.stop();
            }
        }
        let mut timer = Timer { state: &self.0, at: self.now() + milliseconds, waker: None };
        poll_fn(|context| {
            if timer.state.now.get() >= timer.at {
                timer.waker = None;
                return Poll::Ready(());
            }
            // The last task that polled is woken: an earlier one may be gone.
            timer.stop();
            timer.waker = Some(context.waker().clone());
            self.0.timers.borrow_mut().push((timer.at, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

impl Random for SandboxWorld {
    fn random(&self) -> f64 {
        0.0
    }
}
