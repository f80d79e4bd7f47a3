//! `directory-data.ts`: what the JavaScript directory shares with Rust.

use std::fmt::Write as _;

use anyhow::Result;
use pipedrive_users::directory::{LETTERS, LONGEST_QUERY};

use super::declared::Declared;
use super::{HEAD, doc};

const MACHINE: &str = include_str!("../../../src/directory/machine.rs");

pub(super) fn directory() -> Result<String> {
    let steps = Declared::read(MACHINE, "Step")?;
    let mut out = HEAD.to_owned();
    doc(&mut out, "", &steps.doc);
    out.push_str("export const enum Step {\n");
    for step in &steps.members {
        doc(&mut out, "  ", &step.doc);
        let _ = writeln!(out, "  {},", step.name);
    }
    let _ = writeln!(
        out,
        "}}\n\n/** The most letters of a query. */\nexport const LONGEST_QUERY = {LONGEST_QUERY};\n"
    );
    out.push_str("/** Letters that Unicode does not take apart. */\n");
    let letters = LETTERS.map(|(from, to)| {
        // Scripts are ASCII.
        let to: String = to.chars().map(escaped).collect();
        format!("\"{}\": \"{to}\"", escaped(from))
    });
    let _ = writeln!(
        out,
        "export const LETTERS: Readonly<Record<string, string>> = {{ {} }};",
        letters.join(", ")
    );
    Ok(out)
}

fn escaped(letter: char) -> String {
    if letter.is_ascii() { letter.to_string() } else { format!("\\u{:04x}", u32::from(letter)) }
}
