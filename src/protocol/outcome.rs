//! What came of an attempt, and what is made of it: the reply, or the error.

use std::rc::Rc;

use super::envelope::{deprecation, read_envelope};
use super::error_body::{ErrorHints, hints, read_error_body};
use super::exchange::Event;
use super::pagination::next_page;
use super::signed::Signed;
use crate::error::{Details, ErrorBody, Failure, Rendering};
use crate::limits::{RateLimit, ResponseHead};
use crate::schema::{Endpoint, PageRef};
use crate::text::Text;
use crate::transport::{Headers, Response, SendError, Transport};

pub(crate) type DetailsOf<R> = Details<<R as Transport>::Text, <R as Transport>::Thrown>;

/// A good response, as the server sent it.
pub(crate) struct Reply<R: Transport> {
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
pub(crate) struct Received<R: Transport> {
    pub(crate) response: Response<R>,
    pub(crate) rate_limit: RateLimit,
}

/// What came of an attempt.
pub(crate) struct Outcome<R: Transport> {
    /// What the status and the headers say, also of a response whose body did not come.
    pub(crate) head: Option<ResponseHead>,
    pub(crate) headers: Option<R::Headers>,
    /// The text of the response.
    pub(crate) text: Option<R::Text>,
    pub(crate) hints: ErrorHints,
    pub(crate) body: ErrorBody<R::Text>,
    pub(crate) cause: Option<R::Thrown>,
}

impl<R: Transport> Default for Outcome<R> {
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

impl<R: Transport> Outcome<R> {
    /// Reads what came, and gives the event that it is.
    pub(crate) fn of(sent: Result<Response<R>, SendError<R>>, wall: f64) -> (Self, Event) {
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
    pub(crate) fn into_received(self, wall: f64) -> Option<Received<R>> {
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
pub(crate) fn render<R: Transport>(
    signed: &Signed<R::Text>,
    failure: &Failure,
    outcome: Outcome<R>,
    note: Option<&R::Text>,
) -> Rc<DetailsOf<R>> {
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
pub(crate) type ReadReply<R> = (Reply<R>, Option<<R as Transport>::Text>);

/// Reads a good response: each caller gets data of its own.
pub(crate) fn read<R: Transport>(
    signed: &Signed<R::Text>,
    received: &Received<R>,
    attempts: u32,
) -> Result<ReadReply<R>, Rc<DetailsOf<R>>> {
    let Received { response, rate_limit } = received;
    let kind = signed.endpoint.response;
    let json = R::parse_json(&response.body);
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
            let outcome = Outcome::<R> {
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
