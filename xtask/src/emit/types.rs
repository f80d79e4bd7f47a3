//! `types.ts` and `errors.ts`: the types that the client shares with Rust programs, of the Rust declarations.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use pipedrive_users::error::Kind;
use pipedrive_users::event::EventKind;

use super::declared::{Declared, Member, camel};
use super::models::join;
use super::{HEAD, doc};

const LIMITS: &str = include_str!("../../../src/limits/headers.rs");
const CALL: &str = include_str!("../../../src/client/call.rs");
const USAGE: &str = include_str!("../../../src/limits/usage.rs");
const EVENT: &str = include_str!("../../../src/protocol/event.rs");
const DRIFT: &str = include_str!("../../../src/protocol/drift.rs");
const KIND: &str = include_str!("../../../src/error/kind.rs");
const ERROR: &str = include_str!("../../../src/error/details.rs");

pub(super) fn types() -> Result<String> {
    let mut out = format!("{HEAD}import type {{ OperationId, Endpoint }} from \"./operations.js\";\n\n");
    let limits = Declared::read(LIMITS, "RateLimit")?;
    doc(&mut out, "", &limits.doc);
    out.push_str("export interface RateLimit {\n");
    write_members(&mut out, &limits.members)?;
    out.push_str("}\n\n");
    let response = Declared::read(CALL, "Meta")?;
    doc(&mut out, "", &response.doc);
    out.push_str("export interface ResponseInfo {\n");
    write_members(&mut out, &response.members)?;
    out.push_str("}\n\n");
    let spent = Declared::read(USAGE, "Spent")?;
    doc(&mut out, "", &spent.doc);
    out.push_str("export interface Spent {\n");
    write_members(&mut out, &spent.members)?;
    out.push_str("}\n\n");
    doc(&mut out, "", &Declared::read(USAGE, "Usage")?.doc);
    out.push_str(
        "export interface Usage extends Spent {\n  /** The same, for each operation. */\n  readonly operations: Readonly<Record<OperationId, Spent>>;\n}\n\n",
    );
    write_events(&mut out)?;
    let drift = Declared::read(DRIFT, "Drift")?;
    doc(&mut out, "", &format!("{} It never fails a call.", drift.doc));
    out.push_str("export interface Drift {\n  /** The operation. */\n  readonly operation: OperationId;\n");
    for member in drift.members {
        if member.name == "kind" {
            let kinds = Declared::read(DRIFT, "DriftKind")?.members;
            let name = |kind: &Member| kind.name.to_ascii_lowercase();
            let list = kinds.iter().map(|kind| format!("\n- `{}`: {}", name(kind), kind.doc));
            doc(&mut out, "  ", &format!("{}\n{}", member.doc, list.collect::<String>()));
            let _ = writeln!(
                out,
                "  readonly kind: {};",
                join(kinds.iter().map(|kind| format!("\"{}\"", name(kind))))
            );
        } else {
            write_members(&mut out, &[member])?;
        }
    }
    out.push_str("}\n");
    Ok(out)
}

fn write_events(out: &mut String) -> Result<()> {
    let event = Declared::read(EVENT, "Event")?;
    out.push_str(
        "/** What every event has. An event never holds a body or a secret. */\ninterface EventBase {\n",
    );
    out.push_str(
        "  /** The number of the call: the same for all of its events. */\n  readonly callId: number;\n",
    );
    out.push_str("  /** The operation, such as `getUser`. */\n  readonly operation: OperationId;\n");
    out.push_str("  /** The HTTP method. */\n  readonly method: Endpoint[\"method\"];\n");
    let own = event.members.into_iter().filter(|member| !["kind", "operation"].contains(&&*member.name));
    write_members(out, &own.collect::<Vec<_>>())?;
    out.push_str(
        "}\n\n/** Something that the client did: a union over `type`. */\nexport type UsersEvent =\n",
    );
    let kinds = Declared::read(EVENT, "EventKind")?;
    for kind in EventKind::ALL {
        let about = &kinds.member(&format!("{kind:?}"))?.doc;
        let why = if kind == EventKind::Retry { " `text` says why." } else { "" };
        doc(out, "  ", &format!("{about}{why}"));
        let known = match kind {
            EventKind::Response | EventKind::Wait => "; readonly durationMs: number",
            EventKind::Retry => "; readonly durationMs: number; readonly text: string",
            EventKind::Limited | EventKind::Drift | EventKind::Deprecated => "; readonly text: string",
            _ => "",
        };
        let _ = writeln!(out, "  | (EventBase & {{ readonly type: \"{}\"{known} }})", kind.as_str());
    }
    out.push('\n');
    Ok(())
}

/// The members of an interface. A time is a `Date` in JavaScript, which needs no unit.
fn write_members(out: &mut String, members: &[Member]) -> Result<()> {
    for member in members {
        let kind = match &*member.kind {
            _ if member.name.ends_with("_at") => "Date",
            // JavaScript has no type for a duration: milliseconds, and a name that says so.
            "u16" | "u32" | "u64" | "f64" | "Duration" => "number",
            "Code" => "string | number",
            "RateLimit" => "RateLimit",
            "T" | "String" | "str" => "string",
            _ if member.name == "headers" => "Readonly<Record<string, string>>",
            other => bail!("{} is a {other}, which has no type in TypeScript", member.name),
        };
        let undefined = if member.is_option { " | undefined" } else { "" };
        let about = member.doc.replace(", in milliseconds since 1970", "");
        let is_duration = member.kind == "Duration";
        let about =
            if is_duration { format!("{}, in milliseconds.", about.trim_end_matches('.')) } else { about };
        doc(out, "  ", &about);
        let suffix = if is_duration { "Ms" } else { "" };
        let _ = writeln!(out, "  readonly {}{suffix}: {kind}{undefined};", camel(&member.name));
    }
    Ok(())
}

/// The limits of the API.
const SCOPE: &str = "\"burst\" | \"daily\"";

/// The class of a kind.
fn class_of(kind: Kind) -> String {
    format!("{kind:?}Error")
}

pub(super) fn errors() -> Result<String> {
    let kinds = Declared::read(KIND, "Kind")?;
    let details = Declared::read(ERROR, "Details")?;
    let mut out = format!(
        "{HEAD}import {{ PipedriveError }} from \"../pipedrive-error.js\";\nimport type {{ OperationId }} from \"./operations.js\";\n\n"
    );
    let names = join(Kind::ALL.iter().map(|kind| format!("\"{}\"", kind.as_str())));
    let _ = writeln!(
        out,
        "/** The kind of a failure, see {{@link PipedriveError}}. */\nexport type ErrorKind = {names};\n"
    );
    out.push_str("/** What is known of a failure, besides its message and what was thrown. */\nexport interface ErrorDetails {\n");
    out.push_str(
        "  /** The kind of failure; each kind is a class of its own. */\n  readonly kind: ErrorKind;\n",
    );
    out.push_str(
        "  /** The operation, such as `getUser`. */\n  readonly operation: OperationId | undefined;\n",
    );
    let (scopes, members): (Vec<_>, Vec<_>) =
        details.members.into_iter().partition(|member| member.name == "scope");
    let [scope] = &scopes[..] else { bail!("an error has no scope") };
    let own = members
        .into_iter()
        .filter(|member| !["kind", "operation", "message", "cause", "page"].contains(&&*member.name));
    write_members(&mut out, &own.collect::<Vec<_>>())?;
    out.push_str("  /** Where the page began that failed: pass it as `cursor` to continue. */\n  readonly cursor: string | undefined;\n");
    out.push_str("  /** Where the page began that failed: pass it as `start` to continue. */\n  readonly start: number | undefined;\n}\n\n");
    out.push_str("/** What an error is made of, besides its message. */\nexport interface ErrorFields extends Partial<ErrorDetails> {\n");
    out.push_str("  /** Its kind: a class has its own. */\n  readonly kind: ErrorKind;\n  /** What was thrown. */\n  readonly cause?: unknown;\n");
    let _ = writeln!(out, "  /** {} */\n  readonly scope?: {SCOPE} | undefined;\n}}\n", scope.doc);
    for kind in Kind::ALL {
        doc(&mut out, "", &kinds.member(&format!("{kind:?}"))?.doc);
        let (class, name) = (class_of(kind), kind.as_str());
        if kind == Kind::RateLimit {
            let _ = writeln!(
                out,
                "export class {class} extends PipedriveError {{\n  declare readonly kind: \"{name}\";\n  \
                 /** Which limit: calls in any two seconds, or cost units a day. */\n  declare readonly scope: {SCOPE};\n  \
                 /** When the limit is lifted; for the daily one an estimate, since Pipedrive does not name its midnight's zone. */\n  declare readonly resetAt: Date;\n}}"
            );
        } else {
            let _ = writeln!(
                out,
                "export class {class} extends PipedriveError {{ declare readonly kind: \"{name}\"; }}"
            );
        }
    }
    let classes = Kind::ALL.map(|kind| format!("{}: {}", kind.as_str(), class_of(kind))).join(", ");
    let _ = writeln!(out, "\n/** The class of each kind. */\nexport const CLASSES = {{ {classes} }};");
    Ok(out)
}
