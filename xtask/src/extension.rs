//! The app extension in `www/app-extension`: its packages and files, and all of it running beside the console.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};
use pipedrive_users::sandbox::Options;

use crate::shell::{command, run};
use crate::{serve, tools};

/// Its packages, among them the one in `pkg`, and the files that its backend serves.
pub(crate) fn prepare() -> Result<()> {
    tools::npm_packages("www/app-extension")?;
    run(&mut command("node", &["www/app-extension/build.mjs", "--local"]))
}

/// The app's backend in workerd, a sandbox instead of Pipedrive's API, and a page instead of Pipedrive's own; until this is dropped.
pub(crate) struct Running {
    /// The page.
    pub(crate) url: String,
    child: Child,
    _sandbox: serve::Running,
}

/// Prepares and starts it all.
pub(crate) fn start() -> Result<Running> {
    prepare()?;
    let sandbox = serve::start(0, &Options::default())?;
    // It ends when its standard input does: with this process, however that ends.
    let mut child = command("node", &["www/app-extension/demo.mjs"])
        .env("SANDBOX", sandbox.facts()?.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("node")?;
    let mut url = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut url)?;
    }
    if url.is_empty() {
        bail!("it ended with {}", child.wait()?);
    }
    Ok(Running { url: url.trim().to_owned(), child, _sandbox: sandbox })
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
