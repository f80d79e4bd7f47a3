//! The one conductor: a call from start to end reads top to bottom in `Inner::call` and `Inner::run`.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use crate::answer::{self, Payload};
use crate::auth::{Auth, Signature};
use crate::config::Config;
use crate::course::{Course, Step};
use crate::decimal::decimal;
use crate::drift::{self, Drift};
use crate::endpoint::{Endpoint, Method};
use crate::error::{Error, Result};
use crate::event::{Event, EventKind};
use crate::failure::{self, Failure, Gap};
use crate::limits::{Account, Queue, RateLimit, Told};
use crate::models::Shape;
use crate::operation::Operation;
use crate::options::CallOptions;
use crate::page::{self, Next};
use crate::said::Said;
use crate::secret::{Secret, is_credential};
use crate::shared::{Handle, Shared};
use crate::sorted::SortedMap;
use crate::transport::{
    Body, HeaderList, Headers, Json, Peek, Progress, Request, RequestHeaders, Response, SendError, Transport,
    World,
};
use crate::usage::{Spent, Usage};

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

/// What a good answer holds: its data, where the list goes on, what Pipedrive announces.
type Read<W> = (JsonOf<W>, Option<Next>, Option<JsonOf<W>>);

/// Is told what happens.
pub type Observer = Box<dyn Fn(&Event<'_>)>;

struct Inner<W: World> {
    world: W,
    config: Config,
    auth: Auth,
    account: Rc<RefCell<Account>>,
    queue: Queue,
    usage: RefCell<Usage>,
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
        let account = Account::new(config.max_concurrency, config.daily_token_budget);
        let account = Rc::new(RefCell::new(account));
        Self {
            inner: Rc::new(Inner {
                auth: Auth::new(config.credential.clone()),
                queue: Queue::new(Rc::clone(&account)),
                account,
                usage: RefCell::default(),
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
        self.inner.account.borrow().rate_limit.clone()
    }

    /// Makes a call. Dropping the future cancels it, wherever it is.
    ///
    /// # Errors
    ///
    /// See [`crate::error::Kind`].
    pub async fn call(&self, operation: Operation, options: CallOptions) -> Result<Reply<W>> {
        self.inner.call(Rc::new(Job { operation, options })).await
    }
}

impl<W: World> Inner<W> {
    /// A call from its operation to its reply; the same GETs at the same time share one request.
    async fn call(self: &Rc<Self>, job: Rc<Job>) -> Result<Reply<W>> {
        let from = job.operation.from.clone();
        self.answer(job).await.map_err(|error| error.with(|details| details.page = from))
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
        let read = read(&job.operation, &response).map_err(|error| {
            let said = response.body.json().filter(Peek::is_object).map(|json| Said::of(&json));
            let error = error.into_error(endpoint, said.filter(|_| error.gap == Gap::Answer), "");
            with_response(error, &response).sent(attempts, &secrets)
        });
        let (data, next, notice) = read?;
        let notice = answer::deprecation(notice.as_ref(), &response.headers);
        self.tell_deprecation(endpoint, notice, &secrets);
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
            self.usage.borrow_mut().change(endpoint.operation, Spent::save);
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
        let mut course =
            Course::new(endpoint.terms(), job.options.max_retries.unwrap_or(self.config.max_retries));
        let ticket = self.queue.ticket();
        let mut renewed: Option<Signature> = None;
        let mut failed: Option<Error> = None;
        loop {
            let permit = ticket
                .permit(&self.world, |milliseconds| {
                    self.tell(endpoint, EventKind::Wait, course.attempts, None, Some(milliseconds), None);
                })
                .await
                .map_err(|until| {
                    let refused = failure::too_long(until, self.world.now());
                    self.refuse(endpoint, refused).sent(course.attempts, &[])
                })?;
            let signature = match renewed.take() {
                Some(signature) => Some(signature),
                None => self.sign(&job).await.map_err(|error| {
                    let sent = if course.attempts == 0 { "; nothing was sent" } else { "" };
                    error.sent(course.attempts, &[]).with(|details| details.message.push_str(sent))
                })?,
            };
            self.spend(endpoint).map_err(|refused| {
                let refused = refused.sent(course.attempts, &[]);
                let Some(failed) = &failed else { return refused };
                refused.with(|details| details.message.extend([". The attempt before: ", &failed.message]))
            })?;
            course.sent();
            let secrets = self.secrets(&job, signature.as_ref());
            let outcome = self.attempt(&job, signature.as_ref(), &secrets, course.attempts).await;
            drop(permit);
            let error = match outcome {
                Ok(response) => return Ok(Answered { response, attempts: course.attempts, secrets }),
                Err(error) => error,
            };
            let now = self.world.now();
            match course.after(&error.facts(), self.auth.is_renewable(), self.world.random(), now) {
                Step::Stop => return Err(error),
                Step::Renew => {
                    let Some(Signature { token, .. }) = &signature else { return Err(error) };
                    let renewal = self.auth.renew(token, endpoint).await;
                    renewed = renewal.map_err(|error| error.sent(course.attempts, &secrets))?;
                }
                Step::Again(wait) => {
                    let (status, text) = (error.status, Some(error.message.as_str()));
                    self.tell(endpoint, EventKind::Retry, course.attempts, status, Some(wait), text);
                    failed = Some(error);
                    if wait > 0.0 {
                        self.world.sleep(wait).await;
                    }
                }
            }
        }
    }

    /// The credential of the next attempt, within the time that an attempt has.
    async fn sign(&self, job: &Job) -> Result<Option<Signature>> {
        let endpoint = job.operation.endpoint;
        let timeout_ms = self.timeout_ms(job);
        let signing = self.within(timeout_ms, self.auth.sign(endpoint)).await;
        signing.unwrap_or_else(|| Err(timed_out(endpoint, true, timeout_ms)))
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
                let told = Told::read(&response.headers, now);
                self.observe(&told.limits, now);
                if (200..300).contains(&response.status) {
                    Ok(response)
                } else {
                    let said = response.body.json().filter(Peek::is_object).map(|json| Said::of(&json));
                    let hints = said.as_ref().map(Said::hints).unwrap_or_default();
                    let is_of_user = endpoint.path.contains('{');
                    let failure =
                        answer::failure(endpoint.scope, is_of_user, response.status, &told, hints, now);
                    let error = failure.into_error(endpoint, said, "");
                    Err(with_response(error, &response))
                }
            }
            Some(Err(error)) => Err(self.lost(endpoint, error, now)),
            None => Err(timed_out(endpoint, false, timeout_ms)),
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
        // The account is let go of before anybody is told, who may well make a call.
        let spent = self.account.borrow_mut().spend(endpoint.terms(), now);
        spent.map_err(|reset_at| self.refuse(endpoint, failure::over_budget(reset_at, now)))?;
        self.usage.borrow_mut().change(endpoint.operation, |spent| spent.send(endpoint.cost));
        Ok(())
    }

    /// Tells of a call that is not sent for a limit.
    fn refuse(&self, endpoint: &'static Endpoint, refused: Failure) -> Error {
        let wait = refused.facts.retry_after_ms;
        let error = refused.into_error(endpoint, None, "");
        self.tell(endpoint, EventKind::Limited, 0, None, wait, Some(&error.message));
        error
    }

    /// Every answer tells of the limits.
    fn observe(&self, told: &RateLimit, now: f64) {
        self.account.borrow_mut().observe(told, now);
        self.queue.wake_first();
    }

    /// The error of a request that got no whole answer, with all that came of one.
    fn lost(&self, endpoint: &'static Endpoint, error: SendError, now: f64) -> Error {
        let SendError { progress, cause } = error;
        let head = match &progress {
            Progress::Body { status, headers } => Some((*status, HeaderList(headers.clone()))),
            _ => None,
        };
        let told = head.as_ref().map(|(_, headers)| Told::read(headers, now));
        if let Some(told) = &told {
            self.observe(&told.limits, now);
        }
        let of_head = head.as_ref().zip(told.as_ref()).map(|((status, _), told)| (*status, told));
        let failure = failure::lost(&progress, of_head, now);
        failure.into_error(endpoint, None, &cause.text).with(|details| {
            details.cause = Some(cause);
            if let Some((_, headers)) = head {
                details.request_id = headers.get("x-correlation-id");
                details.headers = headers.0;
            }
        })
    }

    /// What a failure means for the calls after it.
    fn learn_from(&self, endpoint: &'static Endpoint, error: &Error, attempt: u32) {
        let lesson = self.account.borrow_mut().learn(endpoint.terms(), &error.facts());
        if lesson.is_free {
            self.usage.borrow_mut().change(endpoint.operation, |spent| spent.refund(endpoint.cost));
        }
        if lesson.is_limit {
            self.queue.wake_first();
            let wait = error.reset_at.map(|at| at - self.world.now());
            self.tell(endpoint, EventKind::Limited, attempt, error.status, wait, Some(&error.message));
        }
    }

    /// Passes Pipedrive's announcement of an end on, once per operation.
    fn tell_deprecation(&self, endpoint: &'static Endpoint, notice: Option<String>, secrets: &[Secret]) {
        let Some(mut text) = notice else { return };
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

/// The data of a good answer, where the list goes on, and what Pipedrive announces.
fn read<W: World>(operation: &Operation, response: &Response<W>) -> Result<Read<W>, Failure> {
    let answer = operation.endpoint.answer;
    let Payload { data, additional, notice } =
        answer::read(answer, response.status, response.body.json().as_ref())?;
    #[allow(clippy::cast_precision_loss)] // It was checked to be below 2^53.
    let start = if let Some(Next::Start(start)) = operation.from { start as f64 } else { 0.0 };
    let is_asked = |cursor: &JsonOf<W>| {
        let cursor = cursor.as_text().map(Next::Cursor);
        cursor.is_some() && cursor == operation.from
    };
    let next = page::next(answer, start, is_asked, &data, additional.as_ref())?;
    let next = next.map(Next::from).filter(|next| *next != Next::Cursor(String::new()));
    Ok((data, next, notice))
}

fn timed_out(endpoint: &'static Endpoint, is_credential: bool, milliseconds: u32) -> Error {
    failure::timed_out(is_credential).into_error(endpoint, None, &decimal(milliseconds))
}

/// How much of a body an error keeps: 1 MiB.
const BODY_LIMIT: usize = 1 << 20;

/// Keeps all of the answer in the error: nothing that could explain it is lost.
fn with_response<W: World>(error: Error, response: &Response<W>) -> Error {
    error.with(|details| {
        details.status = Some(response.status);
        details.request_id = response.headers.get("x-correlation-id");
        details.headers = response.headers.to_vec();
        for (name, value) in &mut details.headers {
            if is_credential(name) {
                "[redacted]".clone_into(value);
            }
        }
        details.body = Some(response.body.text(BODY_LIMIT));
    })
}
