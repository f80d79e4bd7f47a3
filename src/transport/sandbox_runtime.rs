//! A runtime without a network: the sandbox responds, and time passes only when everything waits for it.

use std::collections::VecDeque;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use serde_json::Value;

use super::{Cause, Clock, HeaderList, Progress, Random, Request, Response, SendError, Transport};
use crate::platform::sync::{BoxFuture, Lock, SendOutsideWasm, SharedRef, SyncOutsideWasm};
use crate::platform::timestamp::Timestamp;
use crate::sandbox::{self, Delivery, Failure, Options, Sandbox, Tokens};

/// The sandbox as a runtime for a [`Client`](crate::Client), with a clock of its own. Clones share one sandbox. It works on
/// the host and in WebAssembly.
///
/// A test without an executor runs its calls with [`run`](Self::run):
///
/// ```
/// use pipedrive_users::config::Credential;
/// use pipedrive_users::transport::SandboxWorld;
/// use pipedrive_users::{Client, Config};
///
/// let world = SandboxWorld::default();
/// let credential = Credential::api_token(&world.tokens().api_token)?;
/// let client = Client::new(Config::new(credential), world.clone());
/// let me = world.run(async { client.get_current_user().await }).ok_or("it never ends")??;
/// assert!(me.is_you);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Under `#[tokio::test]` or `#[wasm_bindgen_test]` the calls are simply awaited: the clock moves to the end of the next
/// wait as soon as everything that waits for it has been looked at and nothing else has happened.
#[derive(Clone)]
pub struct SandboxWorld(SharedRef<State>);

struct State {
    world: Lock<World>,
    sandbox: Lock<Sandbox>,
    /// Work that [`SandboxWorld::run`] does beside its own.
    tasks: Lock<Vec<BoxFuture<()>>>,
}

#[derive(Default)]
struct World {
    /// Time since the world was made.
    now: Duration,
    latency: Duration,
    timers: Vec<Timer>,
    /// Timers that are due, and whose tasks another executor has not polled yet.
    due: Vec<u64>,
    next_timer: u64,
    script: VecDeque<Scripted>,
    sent: Vec<Request>,
    in_flight: usize,
    /// How many calls of [`SandboxWorld::run`] let time pass.
    runs: usize,
    /// How often a timer was looked at, outside of them, since something happened.
    idle: usize,
}

struct Timer {
    id: u64,
    at: Duration,
    waker: Waker,
}

impl World {
    /// Lets time pass until the next timer is due, and gives the timers that are. There may be none.
    fn advance(&mut self) -> Vec<Waker> {
        self.idle = 0;
        self.due.clear();
        let Some(next) = self.timers.iter().map(|timer| timer.at).min() else { return Vec::new() };
        self.now = next.max(self.now);
        let now = self.now;
        let (due, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.timers).into_iter().partition(|timer| timer.at <= now);
        self.timers = waiting;
        self.due.extend(due.iter().map(|timer| timer.id));
        due.into_iter().map(|timer| timer.waker).collect()
    }

    fn stop(&mut self, id: u64) {
        self.timers.retain(|timer| timer.id != id);
        self.due.retain(|due| *due != id);
    }
}

/// What happens to a request instead of the sandbox handling it.
///
/// ```
/// use pipedrive_users::transport::SandboxWorld;
/// use pipedrive_users::transport::{Progress, Scripted};
///
/// let world = SandboxWorld::default();
/// world.script([Scripted::Fail(Progress::NotSent), Scripted::Hang, Scripted::Pass]);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
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

impl Scripted {
    /// A response with a status and a JSON body.
    ///
    /// ```
    /// use pipedrive_users::transport::{SandboxWorld, Scripted};
    ///
    /// let world = SandboxWorld::default();
    /// world.script([Scripted::response(503, "{}"), Scripted::Pass]);
    /// ```
    #[must_use]
    pub fn response(status: u16, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Answer { status, headers, body: body.to_owned() }
    }
}

/// How often timers are looked at before a task that could run, and does not, is taken for abandoned.
const MOST_LOOKS: usize = 1_000_000;

/// The time at which every world begins: noon of 22 November 2026.
const NOON: Timestamp = Timestamp::from_unix_millis(1_795_348_800_000);

impl Default for SandboxWorld {
    /// A company of 25 users.
    fn default() -> Self {
        Self::of(Sandbox::default())
    }
}

impl SandboxWorld {
    /// Makes a company to call. It is noon of 22 November 2026.
    ///
    /// ```
    /// use pipedrive_users::sandbox::Options;
    /// use pipedrive_users::transport::SandboxWorld;
    ///
    /// let world = SandboxWorld::new(&Options { users: 300, ..Options::default() })?;
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Says which option cannot be used.
    pub fn new(options: &Options) -> Result<Self, String> {
        Sandbox::new(options).map(Self::of)
    }

    fn of(sandbox: Sandbox) -> Self {
        let world = World { latency: Duration::from_millis(10), ..World::default() };
        Self(SharedRef::new(State {
            world: Lock::new(world),
            sandbox: Lock::new(sandbox),
            tasks: Lock::new(Vec::new()),
        }))
    }

    /// Returns the tokens that the sandbox accepts.
    ///
    /// ```
    /// use pipedrive_users::transport::SandboxWorld;
    ///
    /// let world = SandboxWorld::default();
    /// let token = pipedrive_users::Secret::new(world.tokens().access_token);
    /// ```
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.0.sandbox.borrow().tokens().clone()
    }

    /// Sets what happens to the next requests; the sandbox handles those after them.
    ///
    /// ```
    /// use pipedrive_users::transport::SandboxWorld;
    /// use pipedrive_users::transport::Scripted;
    ///
    /// let world = SandboxWorld::default();
    /// world.script([Scripted::response(503, "{}")]); // What follows is handled.
    /// ```
    pub fn script(&self, steps: impl IntoIterator<Item = Scripted>) {
        self.0.world.borrow_mut().script.extend(steps);
    }

    /// Makes the sandbox fail the next requests that it handles.
    ///
    /// ```
    /// use pipedrive_users::transport::SandboxWorld;
    /// use pipedrive_users::sandbox::Failure;
    ///
    /// let world = SandboxWorld::default();
    /// world.fail(Failure { status: Some(503), times: Some(2), ..Failure::default() })?;
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a message that names what is not usable.
    pub fn fail(&self, failure: Failure) -> Result<(), String> {
        self.0.sandbox.borrow_mut().fail(failure)
    }

    /// Sets how long a response takes. Default: 10 milliseconds.
    ///
    /// ```
    /// use pipedrive_users::transport::SandboxWorld;
    ///
    /// let world = SandboxWorld::default();
    /// world.set_latency(std::time::Duration::from_millis(80));
    /// ```
    pub fn set_latency(&self, latency: Duration) {
        self.0.world.borrow_mut().latency = latency;
    }

    /// Returns the requests sent so far. Their headers hold the credentials.
    ///
    /// ```
    /// use pipedrive_users::transport::SandboxWorld;
    ///
    /// let world = SandboxWorld::default();
    /// assert!(world.sent().is_empty());
    /// ```
    #[must_use]
    pub fn sent(&self) -> Vec<Request> {
        self.0.world.borrow().sent.clone()
    }

    /// Returns how many requests are in flight.
    ///
    /// ```
    /// use pipedrive_users::transport::SandboxWorld;
    ///
    /// let world = SandboxWorld::default();
    /// assert_eq!(world.in_flight(), 0);
    /// ```
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.0.world.borrow().in_flight
    }

    /// Returns how many timers are running.
    ///
    /// ```
    /// use pipedrive_users::transport::SandboxWorld;
    ///
    /// let world = SandboxWorld::default();
    /// assert_eq!(world.timers(), 0);
    /// ```
    #[must_use]
    pub fn timers(&self) -> usize {
        self.0.world.borrow().timers.len()
    }

    /// Returns a function that gives [`run`](Self::run) more work, for what spawns tasks, such as a
    /// [`Directory`](crate::directory::Directory).
    ///
    /// ```
    /// use pipedrive_users::directory::{Directory, DirectoryOptions};
    /// use pipedrive_users::transport::SandboxWorld;
    /// # use pipedrive_users::{Client, Config};
    ///
    /// let world = SandboxWorld::default();
    /// let client = Client::new(Config::builder().build()?, world.clone());
    /// let directory = Directory::new(client, DirectoryOptions::default(), world.spawner());
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn spawner(&self) -> impl Fn(BoxFuture<()>) + SendOutsideWasm + SyncOutsideWasm + 'static {
        let state = SharedRef::clone(&self.0);
        move |task| state.tasks.borrow_mut().push(task)
    }

    /// Polls the tasks that were spawned, those too that they spawn.
    fn poll_tasks(&self, context: &mut Context<'_>) {
        let mut waiting = Vec::new();
        loop {
            let tasks = std::mem::take(&mut *self.0.tasks.borrow_mut());
            if tasks.is_empty() {
                break;
            }
            for mut task in tasks {
                if task.as_mut().poll(context).is_pending() {
                    waiting.push(task);
                }
            }
        }
        self.0.tasks.borrow_mut().append(&mut waiting);
    }

    /// Runs a future to its end, and beside it the tasks that were spawned, letting time pass whenever all wait. Returns
    /// nothing if it waits for ever.
    ///
    /// ```
    /// use pipedrive_users::transport::SandboxWorld;
    ///
    /// let world = SandboxWorld::default();
    /// assert_eq!(world.run(async { 7 }), Some(7));
    /// assert_eq!(world.run(std::future::pending::<()>()), None);
    /// ```
    pub fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        struct Flag(AtomicBool);
        impl Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        /// While it lives, time passes here and nowhere else.
        struct Running<'a>(&'a SandboxWorld);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                self.0.0.world.borrow_mut().runs -= 1;
            }
        }
        self.0.world.borrow_mut().runs += 1;
        let _running = Running(self);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut future = pin!(future);
        loop {
            while flag.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Some(result);
                }
                self.poll_tasks(&mut Context::from_waker(&waker));
            }
            let due = self.0.world.borrow_mut().advance();
            if due.is_empty() {
                return None;
            }
            due.into_iter().for_each(Waker::wake);
        }
    }

    /// A timer is looked at. Gives whether it is due, and whom to wake.
    fn look(&self, id: u64, at: Duration, waker: &Waker) -> (bool, Vec<Waker>) {
        let mut world = self.0.world.borrow_mut();
        world.stop(id);
        if world.now >= at {
            return (true, Vec::new());
        }
        // The last task that polled is woken: an earlier one may be gone.
        world.timers.push(Timer { id, at, waker: waker.clone() });
        if world.runs > 0 {
            return (false, Vec::new());
        }
        // Another executor does not say when it has nothing to do: it looks again until everything has been looked at
        // twice, and the tasks of all timers that are due have run, which may be on another thread.
        world.idle += 1;
        let enough = if world.due.is_empty() { 2 * world.timers.len() } else { MOST_LOOKS };
        if world.idle <= enough {
            return (false, vec![waker.clone()]);
        }
        let due = world.advance();
        (world.now >= at, due)
    }
}

/// Counts a request while it is in flight.
struct InFlight<'a>(&'a State);

impl<'a> InFlight<'a> {
    fn new(state: &'a State) -> Self {
        state.world.borrow_mut().in_flight += 1;
        Self(state)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.world.borrow_mut().in_flight -= 1;
    }
}

impl Transport for SandboxWorld {
    type Text = String;
    type Headers = HeaderList;
    type Json = Value;
    type Thrown = Cause;

    async fn send(&self, request: Request) -> Result<Response<Self>, SendError<Self>> {
        let _in_flight = InFlight::new(&self.0);
        let max_body_bytes = usize::try_from(request.max_body_bytes).unwrap_or(usize::MAX);
        let latency = {
            let mut world = self.0.world.borrow_mut();
            world.sent.push(request.clone());
            world.idle = 0;
            world.latency
        };
        self.sleep(latency).await;
        let step = self.0.world.borrow_mut().script.pop_front();
        let (status, headers, body) = match step {
            Some(Scripted::Hang) => return pending().await,
            Some(Scripted::Fail(progress)) => {
                let cause = Cause::new("the script failed it");
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
                let now = self.wall();
                let response = self.0.sandbox.borrow_mut().handle(&request, now);
                self.sleep(Duration::from_millis(response.delay_ms.into())).await;
                let lost = |progress, head| {
                    Err(SendError { progress, head, cause: Cause::new("the sandbox ended the connection") })
                };
                match response.delivery {
                    Delivery::Complete => (response.status, response.headers, response.body),
                    Delivery::Never => return pending().await,
                    Delivery::Reset => return lost(Progress::Unknown, None),
                    Delivery::CutOff => {
                        return lost(
                            Progress::BodyCutOff,
                            Some((response.status, HeaderList(response.headers))),
                        );
                    }
                }
            }
        };
        let headers = HeaderList(headers);
        if body.len() > max_body_bytes {
            let cause = Cause::new("see max_body_bytes");
            return Err(SendError { progress: Progress::BodyTooLarge, head: Some((status, headers)), cause });
        }
        Ok(Response { status, headers, body })
    }

    fn parse_json(text: &String) -> Option<Value> {
        serde_json::from_str(text).ok()
    }
}

impl Clock for SandboxWorld {
    fn now(&self) -> Duration {
        self.0.world.borrow().now
    }

    /// Noon of 22 November 2026 and what has passed since.
    fn wall(&self) -> Timestamp {
        NOON + self.now()
    }

    async fn sleep(&self, duration: Duration) {
        /// Clears the timer when the future is dropped.
        struct Clear<'a> {
            world: &'a SandboxWorld,
            id: u64,
        }
        impl Drop for Clear<'_> {
            fn drop(&mut self) {
                self.world.0.world.borrow_mut().stop(self.id);
            }
        }
        let (id, at) = {
            let mut world = self.0.world.borrow_mut();
            world.next_timer += 1;
            (world.next_timer, world.now.saturating_add(duration))
        };
        let _clear = Clear { world: self, id };
        poll_fn(|context| {
            let (is_due, due) = self.look(id, at, context.waker());
            due.into_iter().for_each(Waker::wake);
            if is_due { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl Random for SandboxWorld {
    fn random(&self) -> f64 {
        0.0
    }
}
