//! The driver: performs what the state machines of `protocol` decide. It is the only code that waits.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::caller::{AuthScheme, Caller, CredentialSource, TextOf, ThrownOf};
use super::shared::{Handle, Shared};
use crate::error::{
    Details, ErrorBody, Failure, Kind, Redactor, Rendering, Thrown, check_credential, credentials_in,
    is_credential,
};
use crate::limits::{RateLimit, RateLimiter, ResponseHead, Spent, Ticket, Usage};
use crate::protocol::event::{Event as Report, EventKind};
use crate::protocol::{
    Action, CallAction, CallEvent, CallMachine, Context, Emitted, ErrorHints, Event, ExchangeMachine,
    PreparedRequest, credential_timed_out, deprecation, hints, next_page, no_credential, read_envelope,
    read_error_body, set_header,
};
use crate::schema::{Endpoint, Method, PageRef};
use crate::text::Text;
use crate::transport::{
    Clock, Headers, Random, Request, RequestHeaders, Response, Runtime, SendError, Transport,
};

/// A good response, as the server sent it.
pub(crate) struct Reply<R: Runtime> {
    /// `data`, unmodified; an empty list where the `data` of a list is null.
    pub(crate) data: R::Json,
    /// Where the list continues.
    pub(crate) next: Option<PageRef<R::Text>>,
    pub(crate) status: u16,
    pub(crate) headers: R::Headers,
    /// The text of the response.
    #[cfg_attr(
        not(all(target_arch = "wasm32", feature = "npm-client")),
        allow(dead_code, reason = "the npm package's proxy forwards it")
    )]
    pub(crate) body: R::Text,
    pub(crate) attempts: u32,
    pub(crate) rate_limit: RateLimit,
}

/// A response with a good status, not yet read.
struct Received<R: Runtime> {
    response: Response<R>,
    rate_limit: RateLimit,
}

type DetailsOf<C> = Details<TextOf<C>, ThrownOf<C>>;

/// A failed call: the error, which those who share a request share too, and what is the call's own.
pub(crate) struct Failed<C: Caller> {
    pub(crate) details: Rc<DetailsOf<C>>,
    pub(crate) attempts: u32,
    pub(crate) page: Option<PageRef<TextOf<C>>>,
}

/// What a request results in, for all who share it: after how many attempts.
type Exchanged<C> = (u32, Result<Rc<Received<<C as Caller>::Runtime>>, Rc<DetailsOf<C>>>);

/// A request with its credential: what makes two requests identical.
struct Signed<C: Caller> {
    endpoint: &'static Endpoint,
    request: Rc<PreparedRequest<TextOf<C>>>,
    credential: Option<TextOf<C>>,
    /// The credential that was refused before.
    refused: Option<TextOf<C>>,
    scheme: AuthScheme,
}

impl<C: Caller> Clone for Signed<C> {
    fn clone(&self) -> Self {
        Self {
            endpoint: self.endpoint,
            request: Rc::clone(&self.request),
            credential: self.credential.clone(),
            refused: self.refused.clone(),
            scheme: self.scheme,
        }
    }
}

impl<C: Caller> PartialEq for Signed<C> {
    fn eq(&self, other: &Self) -> bool {
        self.request == other.request && self.credential == other.credential && self.scheme == other.scheme
    }
}

impl<C: Caller> Signed<C> {
    /// What must not show in errors: the credentials, and those among the caller's own headers.
    fn secrets(&self) -> Vec<TextOf<C>> {
        let mut secrets: Vec<_> = self.credential.iter().chain(&self.refused).cloned().collect();
        for (name, value) in &self.request.headers {
            if is_credential(name) {
                credentials_in(value, &mut secrets);
            }
        }
        secrets
    }
}

/// A GET in flight that identical ones join.
struct InFlight<C: Caller> {
    signed: Signed<C>,
    handle: Handle<Exchanged<C>>,
    /// Whoever drives it at the moment.
    owner: Owner<C>,
}

type Owner<C> = Rc<RefCell<Rc<C>>>;

/// What the calls of one client share.
pub(crate) struct Driver<C: Caller> {
    limiter: RefCell<RateLimiter>,
    usage: RefCell<Usage>,
    /// The calls that wait to be sent.
    waiting: RefCell<Vec<(Ticket, Waker)>>,
    in_flight: RefCell<Vec<InFlight<C>>>,
    /// The operations whose removal was reported.
    deprecated: RefCell<Vec<&'static str>>,
}

impl<C: Caller> Driver<C> {
    pub(crate) fn new(max_concurrency: Option<u32>, daily_budget: Option<u32>) -> Self {
        Self {
            limiter: RefCell::new(RateLimiter::new(max_concurrency, daily_budget)),
            usage: RefCell::default(),
            waiting: RefCell::default(),
            in_flight: RefCell::default(),
            deprecated: RefCell::default(),
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        self.usage.borrow().clone()
    }

    #[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
    pub(crate) fn usage_of(&self, operation: &str) -> Spent {
        self.usage.borrow().of(operation)
    }

    pub(crate) fn rate_limit(&self) -> RateLimit {
        self.limiter.borrow().rate_limit
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
        let mut signed = Signed {
            endpoint,
            request: Rc::new(request),
            credential: None,
            refused: None,
            scheme: caller.auth_scheme(),
        };
        let mut attempts = 0;
        let mut event = CallEvent::Begin;
        // Only a machine that is over, without ever having failed, would show it.
        let mut details = Rc::new(Details::new(Kind::Load, endpoint.operation, &Text::new("no result")));
        loop {
            event = match machine.step(event) {
                CallAction::AskCredential | CallAction::RenewCredential => {
                    signed.refused = signed.credential.take();
                    signed.credential = match &source {
                        CredentialSource::None => None,
                        CredentialSource::Fixed(token) => Some(token.clone()),
                        CredentialSource::Function => {
                            match Self::credential(&caller, &signed, attempts).await {
                                Ok(token) => Some(token),
                                Err(error) => {
                                    details = error;
                                    event = CallEvent::NoCredential;
                                    continue;
                                }
                            }
                        }
                    };
                    CallEvent::Credential
                }
                CallAction::Exchange => {
                    let (sent, result) = Rc::clone(&self).exchange(&caller, &signed).await;
                    attempts += sent;
                    match result {
                        Ok(received) => match self.read(&caller, &signed, &received, attempts) {
                            Ok(reply) => return Ok(reply),
                            Err(error) => {
                                details = error;
                                CallEvent::Unreadable
                            }
                        },
                        Err(error) => {
                            let kind = error.kind;
                            details = error;
                            CallEvent::Failed(kind)
                        }
                    }
                }
                CallAction::Finish => {
                    return Err(Failed { details, attempts, page: signed.request.page.clone() });
                }
            };
        }
    }

    /// Asks the credential function, within the time of an attempt.
    async fn credential(
        caller: &Rc<C>,
        signed: &Signed<C>,
        attempts: u32,
    ) -> Result<TextOf<C>, Rc<DetailsOf<C>>> {
        let timeout_ms = signed.request.timeout_ms;
        let asked =
            within(caller.runtime(), timeout_ms, caller.ask_credential(signed.refused.as_ref())).await;
        let (failure, cause) = match asked {
            Some(Ok(credential)) => match check_credential(&credential) {
                Ok(()) => return Ok(credential),
                Err(lack) => {
                    let text = TextOf::<C>::new(&["the token that it returned ", lack].concat());
                    (no_credential(), Some(ThrownOf::<C>::new(&text)))
                }
            },
            Some(Err(thrown)) => (no_credential(), Some(thrown)),
            None => (credential_timed_out(), None),
        };
        let mut error = render(signed, &failure, Outcome { cause, ..Outcome::default() });
        if attempts == 0 {
            error.message = error.message.concat(&Text::new("; nothing was sent"));
        }
        Err(Rc::new(error))
    }

    /// Joins an identical GET with the same credential, or sends the request.
    async fn exchange(self: Rc<Self>, caller: &Rc<C>, signed: &Signed<C>) -> Exchanged<C> {
        let owner = Rc::new(RefCell::new(Rc::clone(caller)));
        // Where the transport adds a credential of its own, two requests may belong to two users.
        let is_shareable = signed.endpoint.method == Method::Get
            && (signed.credential.is_some() || caller.is_identity_known());
        if !is_shareable {
            return self.run(owner, signed.clone()).await;
        }
        let joined = {
            let in_flight = self.in_flight.borrow();
            let mut same = in_flight.iter().filter(|other| other.signed == *signed);
            same.find_map(|other| Some((other.handle.join()?, Rc::clone(&other.owner))))
        };
        let (mut share, owner) = if let Some(joined) = joined {
            self.usage.borrow_mut().change(signed.endpoint.operation, Spent::save);
            report(caller, signed.endpoint, EventKind::Shared, 0, None);
            joined
        } else {
            let share = Shared::new(Rc::clone(&self).run(Rc::clone(&owner), signed.clone()));
            let entry = InFlight { signed: signed.clone(), handle: share.handle(), owner: Rc::clone(&owner) };
            self.in_flight.borrow_mut().push(entry);
            (share, owner)
        };
        // Dropped after the share, also where the call is cancelled.
        let _forget = ForgetEnded(&self);
        loop {
            let polls = share.polls();
            let driven = poll_fn(|context| {
                if share.is_first() {
                    owner.replace(Rc::clone(caller));
                }
                std::pin::Pin::new(&mut share).poll(context)
            });
            // The driver of a shared request may be stopped without a word, as a Worker's request is.
            match within(caller.runtime(), signed.request.timeout_ms.saturating_add(STOPPED_AFTER_MS), driven)
                .await
            {
                Some(result) => return result,
                None if share.polls() == polls => break,
                None => {}
            }
        }
        drop(share);
        let owner = Rc::new(RefCell::new(Rc::clone(caller)));
        Rc::clone(&self).run(owner, signed.clone()).await
    }

    /// Sends a request until there is a good response, or the failure is final.
    async fn run(self: Rc<Self>, owner: Owner<C>, signed: Signed<C>) -> Exchanged<C> {
        let endpoint = signed.endpoint;
        let runtime = owner.borrow().runtime().clone();
        let machine = ExchangeMachine::new(signed.request.policy(endpoint), &mut self.limiter.borrow_mut());
        let mut place = Place { driver: &self, runtime: &runtime, endpoint, machine };
        let mut event = Event::Wake;
        let mut outcome = Outcome::default();
        let mut last_error: Option<Rc<DetailsOf<C>>> = None;
        loop {
            let mut emitted = Vec::new();
            let had_failed = place.machine.failures();
            let action = place.step(&event, &mut emitted);
            if place.machine.failures() > had_failed
                && let Some(failure) = place.machine.failure()
            {
                let mut error = render(&signed, failure, outcome.take_error());
                if let Some(before) = last_error.take().filter(|_| place.machine.is_refused_retry()) {
                    error.message =
                        error.message.concat(&Text::new(". The attempt before: ")).concat(&before.message);
                }
                last_error = Some(Rc::new(error));
            }
            for emitted in emitted {
                let caller = Rc::clone(&owner.borrow());
                let was_over = caller.is_over();
                let message = last_error.as_ref().map(|error| &error.message).filter(|_| emitted.has_message);
                emit(&caller, endpoint, emitted, message);
                if caller.is_over() && !was_over {
                    // A hook ended its own call: nothing more happens, unless others share the request.
                    pause().await;
                }
            }
            event = match action {
                Action::Wait(milliseconds) => {
                    if milliseconds > 0.0 {
                        self.wait(place.machine.ticket(), &runtime, milliseconds).await;
                    }
                    Event::Wake
                }
                Action::Send => {
                    place.machine.sending(runtime.now());
                    let caller = Rc::clone(&owner.borrow());
                    let request = build_request(&*caller, &signed);
                    let sent =
                        within(&runtime, signed.request.timeout_ms, caller.runtime().send(request)).await;
                    outcome.take_sent(sent, runtime.wall())
                }
                Action::Succeed => {
                    let Some(response) = outcome.response.take() else { continue };
                    let received = Received { response, rate_limit: outcome.rate_limit };
                    return (place.machine.attempts(), Ok(Rc::new(received)));
                }
                Action::Fail => {
                    let Some(error) = last_error.take() else { continue };
                    return (place.machine.attempts(), Err(error));
                }
            };
        }
    }

    /// Waits to be woken, so many milliseconds at most.
    async fn wait(&self, ticket: Ticket, runtime: &C::Runtime, milliseconds: f64) {
        let mut timer = pin!(runtime.sleep(milliseconds));
        let is_registered = Cell::new(false);
        poll_fn(|context| {
            let mut waiting = self.waiting.borrow_mut();
            match waiting.iter_mut().find(|(waiting, _)| *waiting == ticket) {
                Some((_, waker)) => waker.clone_from(context.waker()),
                None if is_registered.get() => return Poll::Ready(()),
                None => {
                    is_registered.set(true);
                    waiting.push((ticket, context.waker().clone()));
                }
            }
            drop(waiting);
            timer.as_mut().poll(context)
        })
        .await;
        self.waiting.borrow_mut().retain(|(waiting, _)| *waiting != ticket);
    }

    /// Something has changed: the first that waits looks again.
    fn wake_first(&self) {
        let Some(first) = self.limiter.borrow().first() else { return };
        let waker = {
            let mut waiting = self.waiting.borrow_mut();
            let index = waiting.iter().position(|(ticket, _)| *ticket == first);
            index.map(|index| waiting.swap_remove(index).1)
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Reads a good response: each caller gets data of its own.
    fn read(
        &self,
        caller: &Rc<C>,
        signed: &Signed<C>,
        received: &Received<C::Runtime>,
        attempts: u32,
    ) -> Result<Reply<C::Runtime>, Rc<DetailsOf<C>>> {
        let Received { response, rate_limit } = received;
        let kind = signed.endpoint.response;
        let json = C::Runtime::parse_json(&response.body);
        let read = read_envelope(kind, response.status, json.as_ref()).and_then(|payload| {
            let page = signed.request.page.as_ref();
            Ok((next_page(kind, page, &payload.data, payload.additional.as_ref())?, payload))
        });
        let Response { status, headers, body } = response.clone();
        match read {
            Ok((next, payload)) => {
                if let Some(notice) = deprecation(payload.notice.as_ref(), &headers) {
                    self.report_deprecation(caller, signed, &notice);
                }
                Ok(Reply {
                    data: payload.data,
                    next,
                    status,
                    headers,
                    body,
                    attempts,
                    rate_limit: *rate_limit,
                })
            }
            Err(failure) => {
                let error_body = read_error_body(json.as_ref()).unwrap_or_default();
                let response = Some(Response { status, headers, body });
                Err(Rc::new(render(
                    signed,
                    &failure,
                    Outcome { response, body: error_body, ..Outcome::default() },
                )))
            }
        }
    }

    /// Reports the announced removal of an operation, once.
    fn report_deprecation(&self, caller: &Rc<C>, signed: &Signed<C>, notice: &TextOf<C>) {
        let operation = signed.endpoint.operation;
        let is_known = self.deprecated.borrow().contains(&operation);
        if !is_known {
            self.deprecated.borrow_mut().push(operation);
            let notice = Redactor::new(&signed.secrets()).clean(notice);
            report(caller, signed.endpoint, EventKind::Deprecated, 0, Some(&notice));
        }
    }
}

/// How long after its timeout a shared request that nobody drives is taken for stopped.
const STOPPED_AFTER_MS: u32 = 5_000;

/// What came of an attempt.
struct Outcome<R: Runtime> {
    response: Option<Response<R>>,
    /// The head of a response whose body did not come.
    head: Option<(u16, R::Headers)>,
    body: ErrorBody<R::Text>,
    cause: Option<R::Thrown>,
    rate_limit: RateLimit,
}

impl<R: Runtime> Default for Outcome<R> {
    fn default() -> Self {
        Self {
            response: None,
            head: None,
            body: ErrorBody::default(),
            cause: None,
            rate_limit: RateLimit::default(),
        }
    }
}

impl<R: Runtime> Outcome<R> {
    /// Keeps what came, and gives the event that it is.
    fn take_sent(&mut self, sent: Option<Result<Response<R>, SendError<R>>>, wall: f64) -> Event {
        *self = Self::default();
        match sent {
            None => Event::TimedOut,
            Some(Ok(response)) => {
                let head = ResponseHead::read(response.status, &response.headers, wall);
                self.rate_limit = RateLimit::new(&head.rate_limit, wall);
                let mut known = ErrorHints::default();
                if !(200..300).contains(&head.status) {
                    let body = read_error_body(R::parse_json(&response.body).as_ref());
                    known = hints(body.as_ref());
                    self.body = body.unwrap_or_default();
                }
                self.response = Some(response);
                Event::Response(head, known)
            }
            Some(Err(SendError { progress, head, cause })) => {
                let read = |(status, headers): &(u16, R::Headers)| ResponseHead::read(*status, headers, wall);
                let event = Event::NoResponse(progress, head.as_ref().map(read));
                self.head = head;
                self.cause = Some(cause);
                event
            }
        }
    }

    fn take_error(&mut self) -> Self {
        std::mem::take(self)
    }
}

/// The longest text of a body that an error keeps, in UTF-16 code units.
const BODY_LIMIT: usize = 1 << 20;

/// Makes the error of a failure. Nothing that could explain it is lost, and nothing of it shows a secret.
#[inline(never)]
fn render<C: Caller>(signed: &Signed<C>, failure: &Failure, outcome: Outcome<C::Runtime>) -> DetailsOf<C> {
    let Outcome { response, head, body, cause, .. } = outcome;
    let redactor = Redactor::new(&signed.secrets());
    let Endpoint { operation, cost, .. } = *signed.endpoint;
    let mut details = failure.render(Rendering {
        operation,
        cost,
        timeout_ms: signed.request.timeout_ms,
        body,
        cause: cause.as_ref(),
        redact: &|text| redactor.clean(text),
    });
    let text = response.as_ref().map(|response| response.body.clone());
    if let Some((status, headers)) = response.map(|response| (response.status, response.headers)).or(head) {
        details.status = Some(status);
        details.request_id = headers.get("x-correlation-id");
        details.headers = headers.entries();
    }
    details.body = text;
    details.redact(&redactor);
    // Cut after the secrets are out, or half of one could be left.
    details.body = details.body.map(|text| text.truncated(BODY_LIMIT));
    details
}

/// The request, as the transport sends it.
fn build_request<C: Caller>(caller: &C, signed: &Signed<C>) -> Request<TextOf<C>> {
    let Signed { endpoint, request, credential, scheme, .. } = signed;
    let json = || TextOf::<C>::new("application/json");
    let mut headers = vec![("accept".to_owned(), json())];
    if request.body.is_some() {
        headers.push(("content-type".to_owned(), json()));
    }
    for (name, value) in &request.headers {
        set_header(&mut headers, name.clone(), value.clone());
    }
    if let Some(token) = credential {
        match scheme {
            AuthScheme::ApiToken => set_header(&mut headers, "x-api-token".to_owned(), token.clone()),
            AuthScheme::AccessToken => {
                set_header(
                    &mut headers,
                    "authorization".to_owned(),
                    TextOf::<C>::new("Bearer ").concat(token),
                );
            }
        }
    }
    let roots = caller.roots();
    let target = request.target.as_str();
    let (root, rest) = match target.strip_prefix("/v1") {
        Some(rest) => (&roots.v1, rest),
        None => (&roots.v2, target.strip_prefix("/api/v2").unwrap_or(target)),
    };
    Request {
        method: endpoint.method,
        url: root.concat(&Text::new(rest)),
        headers: RequestHeaders(headers),
        body: request.body.clone(),
    }
}

fn emit<C: Caller>(caller: &Rc<C>, endpoint: &Endpoint, emitted: Emitted, text: Option<&TextOf<C>>) {
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

/// Runs something for so many milliseconds at most, and drops it then.
async fn within<R: Runtime, T>(runtime: &R, milliseconds: u32, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut timer = pin!(runtime.sleep(milliseconds.into()));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => timer.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Returns to whoever polls, once, without asking to be woken.
async fn pause() {
    let mut is_first = true;
    poll_fn(|_| if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
}

/// A call's place in the queue and among the calls in flight, given up when it is dropped.
struct Place<'a, C: Caller> {
    driver: &'a Driver<C>,
    runtime: &'a C::Runtime,
    endpoint: &'static Endpoint,
    machine: ExchangeMachine,
}

impl<C: Caller> Place<'_, C> {
    fn step(&mut self, event: &Event, emitted: &mut Vec<Emitted>) -> Action {
        let Self { driver, runtime, endpoint, machine } = self;
        let (now, wall, random) = (runtime.now(), runtime.wall(), runtime.random());
        let action = driver.usage.borrow_mut().change(endpoint.operation, |usage| {
            let limiter = &mut *driver.limiter.borrow_mut();
            machine.step(endpoint, event, &mut Context { limiter, usage, now, wall, random, emitted })
        });
        driver.wake_first();
        action
    }
}

impl<C: Caller> Drop for Place<'_, C> {
    fn drop(&mut self) {
        let now = self.runtime.now();
        let Self { driver, endpoint, machine, .. } = self;
        driver.usage.borrow_mut().change(endpoint.operation, |usage| {
            machine.leave(&mut driver.limiter.borrow_mut(), usage, now);
        });
        let ticket = machine.ticket();
        driver.waiting.borrow_mut().retain(|(waiting, _)| *waiting != ticket);
        driver.wake_first();
    }
}

/// Takes requests that have ended, or that nobody awaits any more, out of the list.
struct ForgetEnded<'a, C: Caller>(&'a Driver<C>);

impl<C: Caller> Drop for ForgetEnded<'_, C> {
    fn drop(&mut self) {
        self.0.in_flight.borrow_mut().retain(|other| other.handle.is_running());
    }
}
