//! `cargo xtask demo`: runs all ten operations through the built package, then serves the console page, the comparison
//! page and the app extension.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Component, Path};
use std::sync::{Arc, OnceLock};
use std::thread;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use pipedrive_users::sandbox::Options;

use crate::shell::{command, root, run, step};
use crate::{bench, build, docs, extension, serve};

/// What to show.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Exits after the table, without serving the console page
    #[arg(long)]
    once: bool,
    /// Port of the console page; 0 picks a free one
    #[arg(long, default_value_t = 8017)]
    port: u16,
}

/// The environment variable with the token of a real account.
const REAL_TOKEN: &str = "PIPEDRIVE_API_TOKEN";

/// Builds the package, runs the operations in Node, and serves the page until it is interrupted.
pub(crate) fn run_demo(args: &Args) -> Result<()> {
    build::build()?;
    let mut node = command("node", &["www/demo.mjs"]);
    if std::env::var_os(REAL_TOKEN).is_some() {
        step(&format!("the read-only operations, against the account of {REAL_TOKEN}"));
        run(&mut node)?;
    } else {
        let sandbox = serve::start(0, &Options::default())?;
        step(&format!("ten operations, over HTTP against the sandbox at {}", sandbox.url));
        run(node
            .env("PIPEDRIVE_SANDBOX_URL", &sandbox.url)
            .env("PIPEDRIVE_SANDBOX_TOKEN", &sandbox.tokens.api_token))?;
    }
    if args.once {
        return Ok(());
    }
    serve_page(args.port)
}

/// The app extension, set once it is running.
type Extension = Arc<OnceLock<extension::Running>>;

/// The documentation as the demo serves it, at `/docs/`.
const DOCS: &str = "target/demo-docs";

/// Prepares the comparison page, the app extension and the documentation in the background: the console page needs none of them.
fn prepare_more(console: String) -> Extension {
    let running = Extension::default();
    let started = Arc::clone(&running);
    thread::spawn(move || {
        match bench::prepare_page() {
            Ok(()) => step(&format!("comparison with other clients, in the browser: {console}compare/")),
            Err(error) => step(&format!("cannot build the comparison page: {error:#}")),
        }
        match extension::start() {
            Ok(extension) => {
                step(&format!("the app extension, in a page that simulates Pipedrive: {}", extension.url));
                let _ = started.set(extension);
            }
            Err(error) => step(&format!("cannot start the app extension: {error:#}")),
        }
        match docs::build_site(&root().join(DOCS), "/docs/", None) {
            Ok(()) => step(&format!("the documentation: {console}docs/")),
            Err(error) => step(&format!("cannot build the documentation: {error:#}")),
        }
    });
    running
}

fn serve_page(port: u16) -> Result<()> {
    let listen = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let listener = listen(port).or_else(|_| listen(0)).context("cannot listen on the loopback")?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}/", listener.local_addr()?);
    step(&format!("the console page: {url} (Ctrl+C to stop)"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let app = Router::new()
            .route("/app-extension/", get(to_extension))
            .fallback(file)
            .with_state(prepare_more(url));
        Ok(axum::serve(tokio::net::TcpListener::from_std(listener)?, app).await?)
    })
}

/// Redirects to the page that simulates Pipedrive around the app extension; the console links here.
async fn to_extension(State(extension): State<Extension>) -> axum::response::Response {
    match extension.get() {
        Some(running) => Redirect::temporary(&running.url).into_response(),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::REFRESH, "2")],
            "The app extension is starting; this page reloads until it is ready. The terminal shows any error.",
        )
            .into_response(),
    }
}

/// What is served of other folders than the page's own.
const FOLDERS: [(&str, &str); 2] = [("/pipedrive-users/", "pkg/dist"), ("/docs/", DOCS)];

/// Returns a file of the page, or of the package that the page imports.
async fn file(request: Request) -> Response<Body> {
    let path = request.uri().path();
    let name = if path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    let (folder, name) = FOLDERS
        .iter()
        .find_map(|(prefix, folder)| Some((*folder, name.strip_prefix(prefix)?)))
        .unwrap_or(("www", name.trim_start_matches('/')));
    // Reject `..` and absolute paths.
    let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let file = root().join(folder).join(name);
    let kind = match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    let read = if inside { std::fs::read(&file).ok() } else { None };
    let mut response = Response::new(Body::empty());
    match read {
        Some(bytes) => {
            response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
            *response.body_mut() = Body::from(bytes);
        }
        None => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}
