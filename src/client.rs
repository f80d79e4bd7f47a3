//! The one conductor: a call from start to end reads top to bottom in `Inner::call` and `Inner::run`.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use crate::answer::{self, Payload};
use crate::auth::{Auth, Signature};
use crate::config::Config;
use crate::decimal::decimal;
use crate::drift::{self, Drift};
use crate::endpoint::{Endpoint, Method};
use crate::error::{Error, Kind, LimitScope, Result};
use crate::event::{Event, EventKind};
use crate::limits::{DEFAULT_RESET_MS, Daily, Queue, RateLimit, retry_after};
use crate::models::Shape;
use crate::operation::Operation;
use crate::options::CallOptions;
use crate::page::{self, Next};
use crate::retry::{self, Decision};
use crate::secret::{Secret, is_credential};
use crate::shared::{Handle, Shared};
use crate::sorted::SortedMap;
use crate::transport::{
    Body, HeaderList, Headers, Progress, Request, RequestHeaders, Response, SendError, Transport, World,
};
use crate::usage::Usage;

/// A client of one company: its limits, budget and token belong to it alone. Cloning it is cheap and gives the same
/// client.
pub struct Client<W: World> {
    inner: Rc<Inner<W>>,
}

/// The JSON type of a world.
pub type JsonOf<W> = <<W as Transport>::Body as Body>::Json;

/// A good answer, as the server sent it.
pub struct Reply<W: World> {
    /// `data`, untouched; an empty list where a list's `data` is null.
    pub data: JsonOf<W>,
    /// Where the list goes on, if it comes in pages and does.
    pub next: Option<Next>,
    /// What is known of the answer.
    pub meta: Meta<W>,
}

/// What is known of an answer beside its data.
pub struct Meta<W: World> {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: W::Headers,
    /// Pipedrive's `x-correlation-id`.
    pub request_id: Option<String>,
    /// How many requests were sent for it.
    pub attempts: u32,
    /// What it cost, in tokens of the daily budget.
    pub cost: u32,
    /// The limits as this answer told them.
    pub rate_limit: RateLimit,
}

/// Is told what happens.
pub type Observer = Box<dyn Fn(&Event<'_>)>;

struct Inner<W: World> {
    world: W,
    config: Config,
    auth: Auth,
    queue: Queue,
    daily: RefCell<Daily>,
    usage: RefCell<Usage>,
    rate_limit: RefCell<RateLimit>,
    /// The GETs that are on their way, by all that makes them the same.
    on_their_way: RefCell<SortedMap<String, Handle<Result<Answered<W>>>>>,
    /// The operations whose end was announced, so that it is told once each.
    deprecated: RefCell<Vec<&'static str>>,
    observer: Option<Observer>,
    drift: RefCell<Option<DriftWatch>>,
}

/// Who is told of drift, and what it was told.
struct DriftWatch {
    hook: DriftHook,
    told: Vec<(&'static str, Drift)>,
}

/// Is told where answers differ from the models, by the operation.
pub type DriftHook = Rc<dyn Fn(&'static str, &Drift)>;

/// A call to be made: it stays the same over its attempts.
struct Job {
    operation: Operation,
    options: CallOptions,
}

/// An answer with a good status, not yet read.
struct Answered<W: World> {
    response: Response<W>,
    attempts: u32,
    /// What it was asked with, to be taken out of whatever is told of it.
    secrets: Rc<[Secret]>,
}

impl<W: World> Clone for Answered<W> {
    fn clone(&self) -> Self {
        Self { response: self.response.clone(), attempts: self.attempts, secrets: Rc::clone(&self.secrets) }
    }
}

impl<W: World> Clone for Client<W> {
    fn clone(&self) -> Self {
        Self { inner: Rc::clone(&self.inner) }
    }
}

impl<W: World> Client<W> {
    /// Makes a client. Nothing is sent before the first call.
    pub fn new(config: Config, world: W) -> Self {
        Self::with_observer(config, world, None)
    }

    /// Makes a client that tells what it does.
    pub fn with_observer(config: Config, world: W, observer: Option<Observer>) -> Self {
        Self {
            inner: Rc::new(Inner {
                auth: Auth::new(config.credential.clone()),
                queue: Queue::new(config.max_concurrency),
                daily: RefCell::new(Daily::new(config.daily_token_budget)),
                usage: RefCell::default(),
                rate_limit: RefCell::default(),
                on_their_way: RefCell::default(),
                deprecated: RefCell::default(),
                observer,
                drift: RefCell::default(),
                world,
                config,
            }),
        }
    }

    /// Holds the data of typed calls against the models, and tells each difference once per path and kind. A
    /// difference fails no call.
    #[must_use]
    pub fn on_drift(self, hook: DriftHook) -> Self {
        *self.inner.drift.borrow_mut() = Some(DriftWatch { hook, told: Vec::new() });
        self
    }

    /// Checks the data of an answer, if anybody wants to know.
    pub(crate) fn watch_drift(&self, endpoint: &'static Endpoint, data: &JsonOf<W>, shape: Shape) {
        let mut new = Vec::new();
        let mut watch = self.inner.drift.borrow_mut();
        let Some(DriftWatch { hook, told }) = watch.as_mut() else { return };
        for drift in drift::check(data, shape) {
            let known = told.iter().any(|(operation, known)| {
                *operation == endpoint.operation && known.path == drift.path && known.kind == drift.kind
            });
            if !known {
                told.push((endpoint.operation, drift.clone()));
                new.push(drift);
            }
        }
        let hook = Rc::clone(hook);
        drop(watch);
        for drift in new {
            let text = [&drift.path, ": expected ", &drift.expected, ", found ", &drift.found].concat();
            self.inner.tell(endpoint, EventKind::Drift, 0, None, None, Some(&text));
            hook(endpoint.operation, &drift);
        }
    }

    /// What this client has spent.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.inner.usage.borrow().clone()
    }

    /// The limits as the last answer told them.
    #[must_use]
    pub fn rate_limit(&self) -> RateLimit {
        self.inner.rate_limit.borrow().clone()
    }

    /// Makes a call. Dropping the future cancels it, wherever it is.
    ///
    /// # Errors
    ///
    /// See [`Kind`].
    pub async fn call(&self, operation: Operation, options: CallOptions) -> Result<Reply<W>> {
        self.inner.call(Rc::new(Job { operation, options })).await
    }
}

impl<W: World> Inner<W> {
    /// A call from its operation to its reply; the same GETs at the same time share one request.
    async fn call(self: &Rc<Self>, job: Rc<Job>) -> Result<Reply<W>> {
        let from = job.operation.from.clone();
        self.answer(job).await.map_err(|error| error.with(|details| details.page = Next::from_arg(from)))
    }

    /// The answer to a call, and what can be read of it.
    async fn answer(self: &Rc<Self>, job: Rc<Job>) -> Result<Reply<W>> {
        let endpoint = job.operation.endpoint;
        let answered = if endpoint.method == Method::Get {
            self.share(&job).await?
        } else {
            Rc::clone(self).run(Rc::clone(&job)).await?
        };
        let Answered { response, attempts, secrets } = answered;
        let now = self.world.now();
        let read = answer::read(endpoint, &response)
            .and_then(|Payload { data, additional, deprecation }| {
                let next = page::next(&job.operation, &data, additional.as_ref())?;
                Ok((data, next, deprecation))
            })
            .map_err(|error| error.sent(attempts, &secrets));
        let (data, next, deprecation) = read?;
        self.tell_deprecation(endpoint, deprecation, &response.headers, &secrets);
        let meta = Meta {
            status: response.status,
            request_id: response.headers.get("x-correlation-id"),
            rate_limit: RateLimit::read(&response.headers, now),
            headers: response.headers,
            attempts,
            cost: endpoint.cost,
        };
        Ok(Reply { data, next, meta })
    }

    /// Joins the same request where it is on its way, or sends it. The credential and the rest of the configuration
    /// are the same for all calls of a client.
    async fn share(self: &Rc<Self>, job: &Rc<Job>) -> Result<Answered<W>> {
        let endpoint = job.operation.endpoint;
        // Dropped after the share, also where the call is given up.
        let entry = Entry { inner: self, key: share_key(job) };
        let joined = self.on_their_way.borrow().get(&entry.key).and_then(Handle::join);
        let share = if let Some(share) = joined {
            self.usage.borrow_mut().saved(endpoint);
            self.tell(endpoint, EventKind::Shared, 0, None, None, None);
            share
        } else {
            let share = Shared::new(Rc::clone(self).run(Rc::clone(job)));
            self.on_their_way.borrow_mut().insert(entry.key.clone(), share.handle());
            share
        };
        share.await
    }

    /// Sends an operation until it is answered with a good status, or the failure is final.
    async fn run(self: Rc<Self>, job: Rc<Job>) -> Result<Answered<W>> {
        let endpoint = job.operation.endpoint;
        let max_retries = job.options.max_retries.unwrap_or(self.config.max_retries);
        let ticket = self.queue.ticket();
        let mut attempts = 0;
        let mut tries = 0;
        let mut renewed: Option<Signature> = None;
        let mut may_renew = true;
        let mut failed: Option<Error> = None;
        loop {
            let permit = ticket
                .permit(&self.world, |milliseconds| {
                    self.tell(endpoint, EventKind::Wait, attempts, None, Some(milliseconds), None);
                })
                .await
                .map_err(|until| self.too_long(endpoint, until).sent(attempts, &[]))?;
            let signature = match renewed.take() {
                Some(signature) => Some(signature),
                None => self.sign(&job).await.map_err(|error| {
                    let sent = if attempts == 0 { "; nothing was sent" } else { "" };
                    error.sent(attempts, &[]).with(|details| details.message.push_str(sent))
                })?,
            };
            self.spend(endpoint).map_err(|refused| {
                let refused = refused.sent(attempts, &[]);
                let Some(failed) = &failed else { return refused };
                refused.with(|details| details.message.extend([". The attempt before: ", &failed.message]))
            })?;
            attempts += 1;
            tries += 1;
            let secrets = self.secrets(&job, signature.as_ref());
            let outcome = self.attempt(&job, signature.as_ref(), &secrets, attempts).await;
            drop(permit);
            let error = match outcome {
                Ok(response) => return Ok(Answered { response, attempts, secrets }),
                Err(error) => error,
            };
            if error.kind == Kind::Authentication
                && may_renew
                && let Some(signature) = &signature
            {
                // Once, and outside the number of retries.
                may_renew = false;
                let renewal = self.auth.renew(&signature.token, endpoint).await;
                renewed = renewal.map_err(|error| error.sent(attempts, &secrets))?;
                if renewed.is_some() {
                    tries -= 1;
                    continue;
                }
            }
            let random = self.world.random();
            let now = self.world.now();
            let Decision::Again(wait) =
                retry::decide(&error, endpoint.method, tries, max_retries, random, now)
            else {
                return Err(error);
            };
            self.tell(endpoint, EventKind::Retry, attempts, error.status, Some(wait), Some(&error.message));
            failed = Some(error);
            if wait > 0.0 {
                self.world.sleep(wait).await;
            }
        }
    }

    /// The credential of the next attempt, within the time that an attempt has.
    async fn sign(&self, job: &Job) -> Result<Option<Signature>> {
        let endpoint = job.operation.endpoint;
        let timeout_ms = self.timeout_ms(job);
        let signing = self.within(timeout_ms, self.auth.sign(endpoint)).await;
        signing
            .unwrap_or_else(|| Err(timed_out(endpoint, "the credential function gave no token", timeout_ms)))
    }

    fn timeout_ms(&self, job: &Job) -> u32 {
        job.options.timeout_ms.unwrap_or(self.config.timeout_ms)
    }

    /// What a request carries that must not show: its token, and the credentials among the caller's own headers.
    fn secrets(&self, job: &Job, signature: Option<&Signature>) -> Rc<[Secret]> {
        let headers = self.config.headers.0.iter().chain(&job.options.headers);
        let credentials = headers
            .filter(|(name, _)| is_credential(name))
            .filter_map(|(_, value)| Secret::new(value.split(' ').next_back()?).ok());
        signature.map(|signature| signature.token.clone()).into_iter().chain(credentials).collect()
    }

    /// One request and what became of it, within the time that it has.
    async fn attempt(
        &self,
        job: &Job,
        signature: Option<&Signature>,
        secrets: &[Secret],
        attempt: u32,
    ) -> Result<Response<W>> {
        let endpoint = job.operation.endpoint;
        let timeout_ms = self.timeout_ms(job);
        let request = self.request(job, signature);
        self.tell(endpoint, EventKind::Request, attempt, None, None, None);
        let started = self.world.now();
        let outcome = self.within(timeout_ms, self.world.send(request)).await;
        let now = self.world.now();
        let result = match outcome {
            Some(Ok(response)) => {
                self.observe(&RateLimit::read(&response.headers, now), now);
                if (200..300).contains(&response.status) {
                    Ok(response)
                } else {
                    Err(answer::failure(endpoint, &response, now))
                }
            }
            Some(Err(error)) => {
                if let Progress::Body { headers, .. } = &error.progress {
                    self.observe(&RateLimit::read(&HeaderList(headers.clone()), now), now);
                }
                Err(connection_error(endpoint, error, now))
            }
            None => Err(timed_out(endpoint, "no whole answer", timeout_ms)),
        };
        let status = match &result {
            Ok(response) => Some(response.status),
            Err(error) => error.status,
        };
        self.tell(endpoint, EventKind::Response, attempt, status, Some(now - started), None);
        result.map_err(|error| {
            let error = error.sent(attempt, secrets);
            self.learn_from(endpoint, &error, attempt);
            error
        })
    }

    fn request(&self, Job { operation, options }: &Job, signature: Option<&Signature>) -> Request {
        let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
        if operation.body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        headers.extend(self.config.headers.0.iter().chain(&options.headers).cloned());
        if let Some(signature) = signature {
            headers.push((signature.name.to_owned(), signature.value.clone()));
        }
        Request {
            method: operation.endpoint.method,
            url: self.config.base.resolve(&operation.target),
            headers: RequestHeaders(headers),
            body: operation.body.clone(),
        }
    }

    /// Runs something for so long at most, and drops it then.
    async fn within<T>(&self, milliseconds: u32, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut timer = pin!(self.world.sleep(f64::from(milliseconds)));
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => timer.as_mut().poll(context).map(|()| None),
        })
        .await
    }

    /// Takes the cost out of the day's budget, or refuses the call before it is sent.
    fn spend(&self, endpoint: &'static Endpoint) -> Result<()> {
        let now = self.world.now();
        // The budget is let go of before anybody is told, who may well make a call.
        let spent = self.daily.borrow_mut().spend(endpoint.cost, now);
        spent.map_err(|reset_at| {
            let told = "not sent: the cost is more than the rest of the daily budget";
            let text = [
                "not sent, since its cost of ",
                &decimal(endpoint.cost),
                " tokens is more than the rest of the daily budget; resetAt estimates when the server's day ends",
            ];
            self.refusal(endpoint, LimitScope::Daily, reset_at, told, &text)
        })?;
        self.usage.borrow_mut().sent(endpoint);
        Ok(())
    }

    /// The burst window ends later than any call waits for.
    fn too_long(&self, endpoint: &'static Endpoint, until: f64) -> Error {
        let text = "not sent: the burst window is used up, and ends in more than a minute";
        self.refusal(endpoint, LimitScope::Burst, until, text, &[text, ", see resetAt"])
    }

    /// Tells of a call that is not sent for a limit, and makes its error.
    fn refusal(
        &self,
        endpoint: &'static Endpoint,
        scope: LimitScope,
        until: f64,
        told: &str,
        text: &[&str],
    ) -> Error {
        let wait = until - self.world.now();
        self.tell(endpoint, EventKind::Limited, 0, None, Some(wait), Some(told));
        Error::new(Kind::RateLimit, endpoint.operation, text).with(|details| {
            details.scope = Some(scope);
            details.reset_at = Some(until);
            details.retry_after_seconds = Some(wait / 1000.0);
        })
    }

    /// Every answer tells of the limits.
    fn observe(&self, told: &RateLimit, now: f64) {
        self.queue.observe(told, now);
        if let Some(remaining) = told.daily_remaining {
            self.daily.borrow_mut().observe(remaining, now);
        }
        self.rate_limit.borrow_mut().update(told);
    }

    /// What a failure means for the calls after it.
    fn learn_from(&self, endpoint: &'static Endpoint, error: &Error, attempt: u32) {
        if error.unprocessed || error.status == Some(401) {
            self.usage.borrow_mut().refund(endpoint);
            self.daily.borrow_mut().refund(endpoint.cost);
        } else if matches!(error.kind, Kind::Connection | Kind::Timeout) {
            self.daily.borrow_mut().unanswered(endpoint.cost);
        }
        let (Some(scope), Some(reset_at)) = (error.scope, error.reset_at) else { return };
        match scope {
            LimitScope::Burst => self.queue.pause(reset_at),
            LimitScope::Daily => self.daily.borrow_mut().exhausted(reset_at),
        }
        let wait = reset_at - self.world.now();
        self.tell(endpoint, EventKind::Limited, attempt, error.status, Some(wait), Some(&error.message));
    }

    /// Passes Pipedrive's announcement of an end on, once per operation.
    fn tell_deprecation(
        &self,
        endpoint: &'static Endpoint,
        notice: Option<String>,
        headers: &W::Headers,
        secrets: &[Secret],
    ) {
        let sunset = || headers.get("sunset").map(|date| ["it ends ", &date].concat());
        let deprecated = || headers.get("deprecation").map(|_| "it is deprecated".to_owned());
        let Some(mut text) = notice.or_else(sunset).or_else(deprecated) else { return };
        for secret in secrets {
            secret.redact(&mut text);
        }
        let mut told = self.deprecated.borrow_mut();
        if !told.contains(&endpoint.operation) {
            told.push(endpoint.operation);
            drop(told);
            self.tell(endpoint, EventKind::Deprecated, 0, None, None, Some(&text));
        }
    }

    #[inline(never)]
    fn tell(
        &self,
        endpoint: &'static Endpoint,
        kind: EventKind,
        attempt: u32,
        status: Option<u16>,
        duration_ms: Option<f64>,
        text: Option<&str>,
    ) {
        if let Some(observer) = &self.observer {
            let Endpoint { operation, cost, .. } = *endpoint;
            observer(&Event { kind, operation, attempt, cost, status, duration_ms, text });
        }
    }
}

/// A call's entry in the list of GETs that are on their way.
struct Entry<'a, W: World> {
    inner: &'a Inner<W>,
    key: String,
}

impl<W: World> Drop for Entry<'_, W> {
    /// Takes a request that has settled, or was given up by all, off the list; a newer one may stand there.
    fn drop(&mut self) {
        let mut on_their_way = self.inner.on_their_way.borrow_mut();
        if on_their_way.get(&self.key).is_some_and(|handle| !handle.is_running()) {
            on_their_way.remove(&self.key);
        }
    }
}

/// All that makes two requests of one client the same.
fn share_key(Job { operation, options }: &Job) -> String {
    let mut key = operation.target.clone();
    for number in [options.timeout_ms, options.max_retries] {
        key.push('\n');
        key.push_str(&number.map_or_else(String::new, decimal));
    }
    for (name, value) in &options.headers {
        key.extend(["\n", name, ":", value]);
    }
    key
}

fn timed_out(endpoint: &'static Endpoint, what: &str, milliseconds: u32) -> Error {
    let text = [what, " within ", &decimal(milliseconds), " ms (timeoutMs)"];
    Error::new(Kind::Timeout, endpoint.operation, &text)
}

fn connection_error(endpoint: &'static Endpoint, error: SendError, now: f64) -> Error {
    let SendError { progress, cause } = error;
    let hint = match progress {
        Progress::Unsent => "the connection was not made: ",
        Progress::Body { .. } => "the answer was cut off: ",
        Progress::NoResponse => "the fetch function did not give a Response: ",
        Progress::Unknown => {
            "no answer came. Either the network failed, or this is a page and CORS keeps the answer from it: "
        }
    };
    Error::new(Kind::Connection, endpoint.operation, &[hint, &cause.text]).with(|details| {
        details.cause = Some(cause);
        details.unprocessed = matches!(progress, Progress::Unsent);
        details.lasting = matches!(progress, Progress::NoResponse);
        let Progress::Body { status, headers } = progress else { return };
        let headers = HeaderList(headers);
        details.status = Some(status);
        details.request_id = headers.get("x-correlation-id");
        let wait = retry_after(&headers, now);
        details.retry_after_seconds = wait.map(|wait| wait / 1000.0);
        if status == 429 {
            // Its head says all that matters: the call was not carried out, and the queue has to pause.
            details.unprocessed = true;
            details.scope = Some(LimitScope::Burst);
            details.reset_at = Some(now + wait.unwrap_or(DEFAULT_RESET_MS));
        }
        details.headers = headers.0;
    })
}
