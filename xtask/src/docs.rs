//! `cargo xtask docs`: the documentation as a static site, with the API reference, rustdoc and the console in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::{command, root, run, step};
use crate::{build, tools};

/// Where the site goes, and under which address it will be.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder that the site is written to [default: target/site]
    #[arg(long)]
    out: Option<PathBuf>,
    /// The path at which a host will serve it, such as /pipedrive-users/
    #[arg(long, default_value = "/")]
    base: String,
    /// Take the package as it was built last
    #[arg(long)]
    built: bool,
    /// The address of the repository, for links to files that are not part of the site
    #[arg(long)]
    repository: Option<String>,
}

/// The folder with the guides and the generator.
const SOURCE: &str = "www/docs";

/// Builds the package and then the site.
pub(crate) fn docs(args: &Args) -> Result<()> {
    if !args.built {
        build::build()?;
    }
    let out = args.out.clone().unwrap_or_else(|| root().join("target/site"));
    build_site(&out, &args.base, args.repository.as_deref())?;
    step(&format!("the site: {}", out.display()));
    Ok(())
}

/// Builds the site from the built package. The generator is installed here and nowhere else.
pub(crate) fn build_site(out: &Path, base: &str, repository: Option<&str>) -> Result<()> {
    if !(base.starts_with('/') && base.ends_with('/')) {
        bail!("--base must begin and end with a slash, got {base}");
    }
    tools::npm_packages(SOURCE)?;
    let source = root().join(SOURCE);
    let node = |args: &[&str]| {
        let mut node = command("node", args);
        node.current_dir(&source).env("DOCS_BASE", base).stdout(std::io::stderr());
        if let Some(repository) = repository {
            node.env("DOCS_REPOSITORY", repository.trim_end_matches('/'));
        }
        node
    };
    step("the reference, from the declarations of the package");
    run(&mut node(&["node_modules/typedoc/bin/typedoc", "--logLevel", "Warn", "--treatWarningsAsErrors"]))?;
    step("the site");
    let folder = out.to_string_lossy();
    run(&mut node(&["node_modules/vitepress/bin/vitepress.js", "build", "--outDir", &folder]))?;
    step("rustdoc");
    // What was documented before would be copied too.
    let _ = fs::remove_dir_all(root().join("target/doc"));
    let features = "--features=reqwest,sandbox,server,stream,tracing";
    run(&mut command("cargo", &["doc", "--quiet", "--no-deps", "--package=pipedrive-users", features]))?;
    copy(&root().join("target/doc"), &out.join("rustdoc"))?;
    copy_console(&out.join("console"))
}

/// The console page and the package that it imports, as files beside each other.
fn copy_console(out: &Path) -> Result<()> {
    for (from, to) in [("www", out.to_owned()), ("pkg/dist", out.join("pipedrive-users"))] {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(root().join(from))? {
            let path = entry?.path();
            let extension = path.extension().unwrap_or_default();
            if let Some(name) = path.file_name()
                && ["html", "css", "js"].iter().any(|kind| extension == *kind)
            {
                fs::copy(&path, to.join(name)).with_context(|| path.display().to_string())?;
            }
        }
    }
    Ok(())
}

/// Copies a folder and all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let path = entry?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}
