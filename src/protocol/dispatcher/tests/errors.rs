//! What errors say, and what they do not show.

use super::*;
use crate::transport::{Cause, HeaderList};

#[test]
fn an_error_of_a_retry_over_the_budget_names_the_attempt_before() {
    let mut table = Table::new(Some(GET.endpoint().cost));
    let busy = Completion::Response(FakeResponse::of(503));
    table.check(&[
        (0.0, Begin(1, GET), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (0.0, Complete(1, busy), "for 1"),
        (0.0, Run(1), "[response 503] [retry 503] wait 500"),
    ]);
    let moment = Moment { now: 500.0, wall: 500.0, random: 0.0 };
    let step = std::iter::repeat_with(|| table.dispatcher.step(1, moment))
        .find(|step| !matches!(step, Step::Emit(..)));
    let Some(Step::Finish(Err(failed))) = step else { panic!("it is over") };
    let message = &failed.details.message;
    assert!(message.starts_with("getUser: not sent, since its cost of"), "{message}");
    assert!(message.contains(". The attempt before: getUser: 503"), "{message}");
}

/// What a call ends with, all in one text, and the events before it, when the response is this one.
fn all_texts(
    spec: CallSpec,
    own: &[(&str, &str)],
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let mut table = Table::new(None);
    let mut call = spec.new_call(1);
    call.request.headers = owned(own);
    table.dispatcher.begin(call);
    let mut found = Vec::new();
    table.run(1, 0.0, &mut found);
    if spec.source == Source::Function {
        table.dispatcher.on_credential(1, Returned::Token(1).to_result());
        table.run(1, 0.0, &mut found);
    }
    let headers = HeaderList(owned(headers));
    table.dispatcher.on_sent(1, Box::new(Ok(Response { status, headers, body: body.to_owned() })));
    let moment = Moment { now: 0.0, wall: 0.0, random: 0.0 };
    let mut texts = String::new();
    loop {
        match table.dispatcher.step(1, moment) {
            Step::Emit(_, _, text) => texts.extend(text),
            Step::Finish(Ok(_)) => return texts,
            Step::Finish(Err(failed)) => {
                let details = &failed.details;
                texts.push_str(&details.message);
                texts.extend(details.body.clone());
                return format!("{texts} {:?} {:?}", details.headers, details.detail);
            }
            _ => panic!("it is over"),
        }
    }
}

#[test]
fn nothing_shows_a_credential() {
    let own = [("authorization", "Basic own-secret-value"), ("cookie", "sid=cookie-secret; theme=dark")];
    let echoed = "secret-token-1 own-secret-value cookie-secret";
    let error = format!(r#"{{"success":false,"error":"{echoed}","error_info":"{echoed}"}}"#);
    let notice = format!(r#"{{"success":true,"data":{{}},"deprecation_warning":"{echoed}"}}"#);
    for (status, body) in [(400, &error), (500, &error), (200, &error), (200, &notice)] {
        for spec in [CallSpec { max_retries: 0, ..GET }, CallSpec { max_retries: 0, ..ASKING }] {
            let headers = [("x-echo", echoed), ("set-cookie", "session=of-the-server")];
            let texts = all_texts(spec, &own, status, &headers, body);
            for secret in ["secret-token-1", "own-secret-value", "cookie-secret", "of-the-server"] {
                assert!(!texts.contains(secret), "{status}: {texts}");
            }
            assert!(texts.contains("[redacted]"), "{status}: {texts}");
        }
    }
}

#[test]
fn a_refused_credential_does_not_show_either() {
    let mut table = Table::new(None);
    table.check(&[
        (0.0, Begin(1, ASKING), ""),
        (0.0, Run(1), "ask wait 1000"),
        (0.0, Return(1, Returned::Token(1)), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (0.0, Complete(1, REFUSED), "for 1"),
        (0.0, Run(1), "[response 401] ask instead of secret-token-1 wait 1000"),
    ]);
    let cause = Cause::new("secret-token-1 cannot be renewed");
    table.dispatcher.on_credential(1, Err(cause));
    let Step::Finish(Err(failed)) = table.dispatcher.step(1, Moment { now: 0.0, wall: 0.0, random: 0.0 })
    else {
        panic!("it is over")
    };
    let message = &failed.details.message;
    assert!(message.contains("[redacted] cannot be renewed"), "{message}");
}

#[test]
fn a_body_is_kept_up_to_a_million_characters_and_no_half_of_a_secret() {
    let start = "x".repeat((1 << 20) - 9);
    let spec = CallSpec { max_retries: 0, ..GET };
    let texts = all_texts(spec, &[], 400, &[], &format!("{start}secret-token-1 and more"));
    let kept = texts.bytes().filter(|byte| *byte == b'x').count();
    assert!(kept >= (1 << 20) - 9 && texts.len() < (1 << 20) + 1_000, "{}", texts.len());
    assert!(!texts.contains("secret-to") && !texts.contains("and more"));
}

#[test]
fn the_servers_text_is_one_short_line_of_the_message() {
    let spec = CallSpec { max_retries: 0, ..GET };
    let long = "word ".repeat(1_000);
    let body = format!(r#"{{"success":false,"error":"first\nsecond {long}"}}"#);
    let mut table = Table::new(None);
    table.dispatcher.begin(spec.new_call(1));
    table.run(1, 0.0, &mut Vec::new());
    let headers = HeaderList(Vec::new());
    table.dispatcher.on_sent(1, Box::new(Ok(Response { status: 400, headers, body })));
    let moment = Moment { now: 0.0, wall: 0.0, random: 0.0 };
    let mut steps = std::iter::repeat_with(|| table.dispatcher.step(1, moment));
    let Some(Step::Finish(Err(failed))) = steps.find(|step| !matches!(step, Step::Emit(..))) else {
        panic!("it is over")
    };
    let message = &failed.details.message;
    assert!(message.starts_with("getUser: 400 first second word"), "{message}");
    assert!(!message.contains('\n') && message.len() < 500, "{message}");
}
