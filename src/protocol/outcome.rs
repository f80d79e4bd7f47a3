//! What came of an attempt, and what is made of it: the reply, or the error.

use super::envelope::{deprecation, read_envelope, undecodable};
use super::error_body::{ErrorHints, error_code, error_detail, error_text, hints};
use super::exchange::Event;
use super::pagination::next_page;
use super::signed::Signed;
use crate::error::{Code, Details, Failure, Placeholder, Thrown, is_credential};
use crate::limits::{Limits, ResponseHead};
use crate::platform::sync::SharedRef;
use crate::schema::PageRef;
use crate::text::{Message, Text, one_line};
use crate::transport::{Headers, Response, SendError, Transport};

type KeptHeaders<R> = <<R as Transport>::Headers as Headers>::Kept;

pub(crate) type DetailsOf<R> = Details<<R as Transport>::Text, <R as Transport>::Thrown, KeptHeaders<R>>;

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
    pub(crate) rate_limit: Limits,
}

/// What came of an attempt.
pub(crate) struct Outcome<R: Transport> {
    /// The headers of the response, and what they and the status say, also where the body did not come.
    pub(crate) head: Option<(ResponseHead, R::Headers)>,
    /// The text of the response.
    pub(crate) text: Option<R::Text>,
    /// The same, parsed, where the status is not good.
    pub(crate) json: Option<R::Json>,
    pub(crate) hints: ErrorHints,
    pub(crate) cause: Option<R::Thrown>,
    /// The time of day when it came.
    pub(crate) wall: f64,
}

impl<R: Transport> Default for Outcome<R> {
    fn default() -> Self {
        Self { head: None, text: None, json: None, hints: ErrorHints::default(), cause: None, wall: 0.0 }
    }
}

impl<R: Transport> Outcome<R> {
    /// Reads what came, and gives the event that it is.
    #[inline(never)]
    pub(crate) fn of(sent: Result<Response<R>, SendError<R>>, wall: f64) -> (SharedRef<Self>, Event) {
        let mut outcome = Self { wall, ..Self::default() };
        let (event, head) = match sent {
            Ok(Response { status, headers, body }) => {
                if !(200..300).contains(&status) {
                    outcome.json = R::parse_json(&body);
                    outcome.hints = hints(outcome.json.as_ref());
                }
                outcome.text = Some(body);
                (Event::Response, Some((status, headers)))
            }
            Err(SendError { progress, head, cause }) => {
                outcome.cause = Some(cause);
                (Event::NoResponse(progress), head)
            }
        };
        if let Some((status, headers)) = head {
            outcome.head = Some((ResponseHead::read(status, &headers, wall), headers));
        }
        (SharedRef::new(outcome), event)
    }
}

/// The longest text of a body that an error keeps, in UTF-16 code units.
const BODY_LIMIT: usize = 1 << 20;

/// Makes the error of a failure. Nothing that could explain it is lost, and nothing of it shows a secret. `json` is the
/// parsed body, `note` is put after the message.
#[inline(never)]
pub(crate) fn render<R: Transport>(
    signed: &Signed<R::Text>,
    failure: &Failure,
    outcome: &Outcome<R>,
    json: Option<&R::Json>,
    note: Option<&R::Text>,
) -> SharedRef<DetailsOf<R>> {
    let redactor = signed.redactor();
    // Every text is cut after the secrets are out, or half of one could be left.
    let clean = |text: &R::Text| redactor.clean(text);
    let line = |text: &R::Text| Some(one_line(&clean(text))).filter(|line| !line.is_empty());
    let detail = json.and_then(error_detail);
    let filler = match failure.placeholder {
        Placeholder::None => R::Text::new(""),
        Placeholder::Cause => {
            outcome.cause.as_ref().map_or_else(|| R::Text::new("no reason given"), Thrown::text)
        }
        Placeholder::Timeout => R::Text::number(signed.request.timeout_ms.into()),
        Placeholder::Cost => R::Text::number(signed.endpoint.cost.into()),
        Placeholder::Response => {
            let status = failure.info.status.filter(|status| *status != 0);
            let status =
                status.map_or_else(|| R::Text::new("redirect"), |status| R::Text::number(status.into()));
            match json.and_then(error_text).as_ref().and_then(line) {
                Some(text) => status.concat(&R::Text::new(" ")).concat(&text),
                None => status,
            }
        }
    };
    let mut message = Message::fill(failure.template, "{}", &filler);
    if let Some(detail) = detail.as_ref().and_then(line) {
        message = message.ascii(" (").text(&detail).ascii(")");
    }
    let message = clean(&message.build());
    let mut details = Details::new(failure.info.kind, signed.endpoint.operation, &message);
    if let Some(note) = note {
        details.message = details.message.concat(note);
    }
    details.status = failure.info.status;
    details.retry_after_seconds = failure.info.retry_after_ms.get().map(|wait| wait / 1000.0);
    details.scope = failure.info.scope;
    details.reset_at = failure.info.reset_at.get();
    details.detail = detail.as_ref().map(clean);
    details.code = json.and_then(error_code).map(|code| match code {
        Code::Text(code) => Code::Text(clean(&code)),
        number @ Code::Number(_) => number,
    });
    details.cause = outcome.cause.as_ref().map(|cause| cause.redacted(&clean));
    details.body = outcome.text.as_ref().map(|text| clean(text).slice(0, BODY_LIMIT));
    if let Some((head, headers)) = &outcome.head {
        details.status = Some(head.status);
        details.request_id = headers.get("x-correlation-id").as_ref().map(clean);
        details.headers = headers.kept(&|name, value| {
            if is_credential(name) { R::Text::new("[redacted]") } else { clean(value) }
        });
    }
    SharedRef::new(details)
}

/// A reply, and Pipedrive's announcement that the operation will be removed.
pub(crate) type ReadReply<R> = (Box<Reply<R>>, Option<<R as Transport>::Text>);

/// Reads a good response: each caller gets data of its own.
pub(crate) fn read<R: Transport>(
    signed: &Signed<R::Text>,
    outcome: &Outcome<R>,
    attempts: u32,
) -> Result<ReadReply<R>, SharedRef<DetailsOf<R>>> {
    let kind = signed.endpoint.response;
    let Outcome { head: Some((head, headers)), text: Some(body), wall, .. } = outcome else {
        return Err(render(signed, &undecodable("no response came"), outcome, None, None));
    };
    let json = R::parse_json(body);
    let json = json.as_ref();
    let page = signed.request.page.as_ref();
    let read = read_envelope(kind, head.status, json)
        .and_then(|data| Ok((next_page(kind, page, &data, json)?, data)));
    match read {
        Ok((next, data)) => {
            let reply = Box::new(Reply {
                data,
                next,
                status: head.status,
                headers: headers.clone(),
                body: body.clone(),
                attempts,
                rate_limit: Limits::new(&head.rate_limit, *wall),
            });
            Ok((reply, deprecation(json, headers)))
        }
        Err(failure) => Err(render(signed, &failure, outcome, json, None)),
    }
}
