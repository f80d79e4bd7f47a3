//! What the driver makes of requests and responses: the request as it is sent, the reply, the error.

use std::rc::Rc;

use super::caller::{AuthScheme, Caller, TextOf, ThrownOf};
use crate::error::{Details, ErrorBody, Failure, Redactor, Rendering, is_credential};
use crate::limits::{RateLimit, ResponseHead};
use crate::protocol::{
    ErrorHints, Event, PreparedRequest, deprecation, hints, next_page, read_envelope, read_error_body,
    set_header,
};
use crate::schema::{Endpoint, PageRef};
use crate::text::Text;
use crate::transport::{Headers, Request, RequestHeaders, Response, Runtime, SendError, Transport};

pub(super) type DetailsOf<C> = Details<TextOf<C>, ThrownOf<C>>;

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
pub(super) struct Received<R: Runtime> {
    pub(super) response: Response<R>,
    pub(super) rate_limit: RateLimit,
}

/// A request with its credential: what makes two requests identical.
pub(super) struct Signed<C: Caller> {
    pub(super) endpoint: &'static Endpoint,
    pub(super) request: Rc<PreparedRequest<TextOf<C>>>,
    pub(super) credential: Option<TextOf<C>>,
    /// The credential that was refused before.
    pub(super) refused: Option<TextOf<C>>,
    pub(super) scheme: AuthScheme,
}

impl<C: Caller> PartialEq for Signed<C> {
    fn eq(&self, other: &Self) -> bool {
        self.request == other.request && self.credential == other.credential && self.scheme == other.scheme
    }
}

impl<C: Caller> Signed<C> {
    /// The same request with another credential.
    pub(super) fn with(&self, credential: Option<TextOf<C>>, refused: Option<TextOf<C>>) -> Rc<Self> {
        let Self { endpoint, scheme, .. } = *self;
        Rc::new(Self { endpoint, request: Rc::clone(&self.request), credential, refused, scheme })
    }

    /// Takes out what must not show in errors: the credentials, and those among the caller's own headers.
    pub(super) fn redactor(&self) -> Redactor<TextOf<C>> {
        let mut redactor = Redactor::new();
        for credential in self.credential.iter().chain(&self.refused) {
            redactor.add(credential);
        }
        for (name, value) in &self.request.headers {
            if is_credential(name) {
                redactor.add_header(value);
            }
        }
        redactor
    }

    /// The request, as the transport sends it.
    pub(super) fn to_request(&self, caller: &C) -> Request<TextOf<C>> {
        let Self { endpoint, request, credential, scheme, .. } = self;
        let json = || TextOf::<C>::new("application/json");
        let mut headers = vec![("accept".to_owned(), json())];
        if request.body.is_some() {
            headers.push(("content-type".to_owned(), json()));
        }
        for (name, value) in &request.headers {
            set_header(&mut headers, name, value.clone());
        }
        if let Some(token) = credential {
            match scheme {
                AuthScheme::ApiToken => set_header(&mut headers, "x-api-token", token.clone()),
                AuthScheme::AccessToken => {
                    set_header(&mut headers, "authorization", TextOf::<C>::new("Bearer ").concat(token));
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
}

/// What came of an attempt.
pub(super) struct Outcome<R: Runtime> {
    /// What the status and the headers say, also of a response whose body did not come.
    pub(super) head: Option<ResponseHead>,
    pub(super) headers: Option<R::Headers>,
    /// The text of the response.
    pub(super) text: Option<R::Text>,
    pub(super) hints: ErrorHints,
    pub(super) body: ErrorBody<R::Text>,
    pub(super) cause: Option<R::Thrown>,
}

impl<R: Runtime> Default for Outcome<R> {
    fn default() -> Self {
        Self {
            head: None,
            headers: None,
            text: None,
            hints: ErrorHints::default(),
            body: ErrorBody::default(),
            cause: None,
        }
    }
}

impl<R: Runtime> Outcome<R> {
    /// Reads what came, and gives the event that it is.
    pub(super) fn of(sent: Result<Response<R>, SendError<R>>, wall: f64) -> (Self, Event) {
        let mut outcome = Self::default();
        let (event, head) = match sent {
            Ok(Response { status, headers, body }) => {
                outcome.text = Some(body);
                (Event::Response, Some((status, headers)))
            }
            Err(SendError { progress, head, cause }) => {
                outcome.cause = Some(cause);
                (Event::NoResponse(progress), head)
            }
        };
        if let Some((status, headers)) = head {
            outcome.head = Some(ResponseHead::read(status, &headers, wall));
            outcome.headers = Some(headers);
            if let Some(text) = outcome.text.as_ref().filter(|_| !(200..300).contains(&status)) {
                let body = read_error_body(R::parse_json(text).as_ref());
                outcome.hints = hints(body.as_ref());
                outcome.body = body.unwrap_or_default();
            }
        }
        (outcome, event)
    }

    /// The response, if it is complete.
    pub(super) fn into_received(self, wall: f64) -> Option<Received<R>> {
        let (head, headers, body) = (self.head?, self.headers?, self.text?);
        let rate_limit = RateLimit::new(&head.rate_limit, wall);
        Some(Received { response: Response { status: head.status, headers, body }, rate_limit })
    }
}

/// The longest text of a body that an error keeps, in UTF-16 code units.
const BODY_LIMIT: usize = 1 << 20;

/// Makes the error of a failure. Nothing that could explain it is lost, and nothing of it shows a secret. `note` is put
/// after the message.
#[inline(never)]
pub(super) fn render<C: Caller>(
    signed: &Signed<C>,
    failure: &Failure,
    outcome: Outcome<C::Runtime>,
    note: Option<&TextOf<C>>,
) -> Rc<DetailsOf<C>> {
    let Outcome { head, headers, text, body, cause, .. } = outcome;
    let redactor = signed.redactor();
    let Endpoint { operation, cost, .. } = *signed.endpoint;
    let mut details = Rc::new(failure.render(Rendering {
        operation,
        cost,
        timeout_ms: signed.request.timeout_ms,
        body,
        cause,
        redact: &|text| redactor.clean(text),
    }));
    if let Some(details) = Rc::get_mut(&mut details) {
        if let Some((head, headers)) = head.zip(headers) {
            details.status = Some(head.status);
            details.request_id = headers.get("x-correlation-id");
            details.headers = headers.entries();
        }
        details.body = text;
        details.redact(&redactor);
        // Cut after the secrets are out, or half of one could be left.
        details.body = details.body.as_ref().map(|text| text.truncated(BODY_LIMIT));
        if let Some(note) = note {
            details.message = details.message.concat(note);
        }
    }
    details
}

/// A reply, and Pipedrive's announcement that the operation will be removed.
pub(super) type ReadReply<C> = (Reply<<C as Caller>::Runtime>, Option<TextOf<C>>);

/// Reads a good response: each caller gets data of its own.
pub(super) fn read<C: Caller>(
    signed: &Signed<C>,
    received: &Received<C::Runtime>,
    attempts: u32,
) -> Result<ReadReply<C>, Rc<DetailsOf<C>>> {
    let Received { response, rate_limit } = received;
    let kind = signed.endpoint.response;
    let json = C::Runtime::parse_json(&response.body);
    let payload = read_envelope(kind, response.status, json.as_ref());
    let read = payload.and_then(|payload| {
        let page = signed.request.page.as_ref();
        Ok((next_page(kind, page, &payload.data, payload.additional.as_ref())?, payload))
    });
    let Response { status, headers, body } = response.clone();
    match read {
        Ok((next, payload)) => {
            let notice = deprecation(payload.notice.as_ref(), &headers);
            let data = payload.data;
            let reply = Reply { data, next, status, headers, body, attempts, rate_limit: *rate_limit };
            Ok((reply, notice))
        }
        Err(failure) => {
            let outcome = Outcome {
                head: Some(ResponseHead { status, ..ResponseHead::default() }),
                headers: Some(headers),
                text: Some(body),
                body: read_error_body(json.as_ref()).unwrap_or_default(),
                ..Outcome::default()
            };
            Err(render(signed, &failure, outcome, None))
        }
    }
}
