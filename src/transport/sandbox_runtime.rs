//! A runtime without a network: the sandbox responds, and time passes only when everything waits for it.

mod connection;
mod scripted;
mod virtual_time;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

pub use scripted::Scripted;

use super::Request;
use crate::platform::sync::{BoxFuture, Lock, SendOutsideWasm, SharedRef, SyncOutsideWasm};
use crate::sandbox::{Failure, Options, Sandbox, Tokens};
use virtual_time::World;

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
}
