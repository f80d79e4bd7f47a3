//! `cargo xtask contract`: compares Pipedrive's published contract with what the project declares, and prints what moved and which
//! files it touches.

mod compare;
mod document;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::{Result, bail};

use compare::compare;
use document::Document;

/// The documents to compare with.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// `OpenAPI` documents of Pipedrive, JSON or YAML: one that has all operations, or those of API v1 and v2
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Something that differs, and what of the project knows it.
#[derive(Debug)]
struct Finding {
    operation: String,
    what: String,
    touches: Vec<String>,
}

/// Prints every difference, and fails if there is one.
pub(crate) fn contract(args: &Args) -> Result<()> {
    let mut document = Document::default();
    for file in &args.files {
        document.read(file)?;
    }
    let findings = compare(&document);
    print!("{}", report(&findings));
    if !findings.is_empty() {
        bail!("{} differ from what the project declares", count(findings.len()));
    }
    Ok(())
}

fn count(findings: usize) -> String {
    if findings == 1 { "1 thing".to_owned() } else { format!("{findings} things") }
}

/// The findings, operation by operation.
fn report(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "The ten operations are as the documents have them.\n".to_owned();
    }
    let mut lines = Vec::new();
    let mut before = "";
    for Finding { operation, what, touches } in findings {
        if operation != before {
            lines.push(operation.clone());
            before = operation;
        }
        lines.push(format!("  {what}"));
        if !touches.is_empty() {
            lines.push(format!("      touches {}", touches.join(", ")));
        }
    }
    lines.join("\n") + "\n"
}
