//! `cargo xtask sandbox`: the sandbox behind an HTTP server, here and in the commands that need one to talk to.

use std::{
    io::{ErrorKind, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, LazyLock, Mutex, PoisonError, atomic::Ordering},
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request as HttpRequest, State},
    http::{Response as HttpResponse, StatusCode},
};
use futures_util::stream;
use pipedrive_users::Timestamp;
use pipedrive_users::sandbox::{App, Delivery, Failure, Options, Request, Response, Sandbox, Tokens, Window};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use crate::shell::step;

use crate::loopback::{Loopback, Reset};

/// Where to serve, and what.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The port on 127.0.0.1; 0 is any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How many users the company has, 3 to 100000
    #[arg(long, default_value_t = Options::default().users)]
    users: u32,
    /// How many calls each token has per 2 s [default: 100 for an API token, 400 for an OAuth token]
    #[arg(long)]
    burst: Option<u32>,
    /// How the calls of those 2 s are counted
    #[arg(long, value_enum, default_value_t = BurstWindow::Rolling)]
    window: BurstWindow,
    /// How many tokens all calls of a day share [default: 30000 per user]
    #[arg(long)]
    daily: Option<u32>,
    /// Where names, tokens and everything else come from
    #[arg(long, default_value_t = Options::default().seed)]
    seed: u64,
    /// Where webhooks report users who were added or changed, with http [default: nowhere]
    #[arg(long)]
    webhook_url: Option<String>,
    /// The user name of the webhooks' Basic authentication
    #[arg(long)]
    webhook_username: Option<String>,
    /// Its password
    #[arg(long)]
    webhook_password: Option<String>,
    /// The client id of the OAuth app that users can authorise
    #[arg(long, default_value_t = App::default().client_id)]
    client_id: String,
    /// Its client secret
    #[arg(long, default_value_t = App::default().client_secret)]
    client_secret: String,
    /// Its callback URL [default: any on the loopback or with https]
    #[arg(long)]
    redirect_uri: Option<String>,
    /// Its installation URL, to which the Marketplace sends users [default: none]
    #[arg(long)]
    installation_url: Option<String>,
    /// The app's name on the consent page
    #[arg(long, default_value_t = App::default().name)]
    name: String,
    /// Give a new refresh token with each new access token
    #[arg(long)]
    rotate: bool,
    /// How long an access token lasts
    #[arg(long, default_value_t = App::default().access_token_seconds)]
    access_token_seconds: u32,
    /// A failure of the next requests as JSON, such as {"status":503,"times":2}; several come in this order
    #[arg(long, value_name = "JSON")]
    fail: Vec<String>,
}

/// [`Window`] as a command-line value.
#[derive(Clone, Copy, clap::ValueEnum)]
enum BurstWindow {
    /// Any 2 s, as Pipedrive does
    Rolling,
    /// 2 s from the first call
    Fixed,
}

impl From<BurstWindow> for Window {
    fn from(window: BurstWindow) -> Self {
        match window {
            BurstWindow::Rolling => Self::Rolling,
            BurstWindow::Fixed => Self::Fixed,
        }
    }
}

impl Args {
    fn options(&self) -> Options {
        let app = App {
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            redirect_uri: self.redirect_uri.clone(),
            installation_url: self.installation_url.clone(),
            name: self.name.clone(),
            rotate: self.rotate,
            access_token_seconds: self.access_token_seconds,
            ..App::default()
        };
        Options {
            users: self.users,
            burst: self.burst,
            window: self.window.into(),
            daily: self.daily,
            seed: self.seed,
            webhook_url: self.webhook_url.clone(),
            webhook_username: self.webhook_username.clone(),
            webhook_password: self.webhook_password.clone(),
            app,
        }
    }
}

/// Serves until the process is stopped. The one line on stdout is what a caller needs to know, as JSON.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut sandbox = Sandbox::new(&args.options()).map_err(anyhow::Error::msg)?;
    for failure in &args.fail {
        let failure: Failure = serde_json::from_str(failure).with_context(|| format!("--fail {failure}"))?;
        sandbox.fail(failure).map_err(anyhow::Error::msg)?;
    }
    let running = start_with(args.port, sandbox, &args.options().app)?;
    let line = running.facts()?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;
    running.wait()
}

/// A server that runs on a thread of its own, until this is dropped.
pub(crate) struct Running {
    /// The server's origin, such as `http://127.0.0.1:49152`.
    pub(crate) url: String,
    /// The tokens that it accepts.
    pub(crate) tokens: Tokens,
    app: App,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

/// Serves a sandbox on 127.0.0.1; port 0 is any that is free. When this returns, connections are accepted.
pub(crate) fn start(port: u16, options: &Options) -> anyhow::Result<Running> {
    start_with(port, Sandbox::new(options).map_err(anyhow::Error::msg)?, &options.app)
}

fn start_with(port: u16, sandbox: Sandbox, app: &App) -> anyhow::Result<Running> {
    let tokens = sandbox.tokens().clone();
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .with_context(|| format!("cannot listen on port {port}"))?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel();
    let thread = thread::Builder::new().name("sandbox".into()).spawn(|| serve(listener, sandbox, stopped))?;
    Ok(Running { url, tokens, app: app.clone(), stop: Some(stop), thread: Some(thread) })
}

impl Running {
    /// What a caller needs to know: where it is, the tokens, and the app that users can authorise.
    pub(crate) fn facts(&self) -> anyhow::Result<serde_json::Value> {
        let mut facts = serde_json::to_value(&self.tokens)?;
        facts["url"] = self.url.as_str().into();
        facts["clientId"] = self.app.client_id.as_str().into();
        facts["clientSecret"] = self.app.client_secret.as_str().into();
        Ok(facts)
    }

    /// Waits for an end that comes only when the server fails.
    fn wait(mut self) -> anyhow::Result<()> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(_)) => anyhow::bail!("the sandbox's thread panicked"),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A server that has ended by itself does not listen any more.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Serves until it is stopped. There is one company, so one thread is all that could ever be busy; connections
/// that are still open at the end are closed with the runtime.
fn serve(listener: TcpListener, sandbox: Sandbox, stopped: oneshot::Receiver<()>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let app = Router::new().fallback(respond).with_state(Arc::new(Mutex::new(sandbox)));
        let app = app.into_make_service_with_connect_info::<Reset>();
        let listener = Loopback(tokio::net::TcpListener::from_std(listener)?);
        tokio::select! {
            ended = axum::serve(listener, app) => Ok(ended?),
            _ = stopped => Ok(()),
        }
    })
}

/// More than any request body of the API.
const BODY_LIMIT: usize = 1 << 20;

async fn respond(
    State(sandbox): State<Arc<Mutex<Sandbox>>>,
    ConnectInfo(reset): ConnectInfo<Reset>,
    request: HttpRequest,
) -> HttpResponse<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        let mut refused = HttpResponse::new(Body::empty());
        *refused.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return refused;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())));
    let request = Request {
        method: head.method.as_str().to_owned(),
        target: head.uri.to_string(),
        headers: headers.collect(),
        body: text(&body),
    };
    let (response, webhooks) = {
        let mut sandbox = sandbox.lock().unwrap_or_else(PoisonError::into_inner);
        (sandbox.handle_at(&request, now(), monotonic()), sandbox.take_webhooks())
    };
    for webhook in webhooks {
        tokio::spawn(async move {
            if let Err(error) = send(&webhook).await {
                step(&format!("the webhook to {} was not delivered: {error}", webhook.target));
            }
        });
    }
    if response.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(response.delay_ms.into())).await;
    }
    match response.delivery {
        Delivery::Never => std::future::pending().await,
        Delivery::Reset => reset.0.store(true, Ordering::Relaxed),
        Delivery::Complete | Delivery::CutOff => {}
    }
    to_http(response)
}

/// Sends a webhook. The demo and the tests receive it on this machine, without TLS.
async fn send(webhook: &Request) -> anyhow::Result<()> {
    let rest = webhook.target.strip_prefix("http://").context("only http:// can be sent to")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let headers = webhook.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let head = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{}content-length: {}\r\n\r\n",
        headers.collect::<String>(),
        webhook.body.len()
    );
    let mut connection = tokio::net::TcpStream::connect(address).await?;
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(webhook.body.as_bytes()).await?;
    let mut response = Vec::new();
    connection.read_to_end(&mut response).await?;
    anyhow::ensure!(response.starts_with(b"HTTP/1.1 2"), "the response has another status");
    Ok(())
}

/// The body moves into the HTTP response, which matters for the list of a large company.
fn to_http(response: Response) -> HttpResponse<Body> {
    let mut builder = HttpResponse::builder().status(response.status);
    for (name, value) in response.headers {
        builder = builder.header(name, value);
    }
    let body = if response.delivery == Delivery::CutOff {
        let mut part = response.body.into_bytes();
        part.truncate(part.len() / 2);
        Body::from_stream(stream::iter([Ok(part), Err(std::io::Error::from(ErrorKind::ConnectionReset))]))
    } else {
        Body::from(response.body)
    };
    builder.body(body).unwrap_or_else(|_| {
        let mut broken = HttpResponse::new(Body::empty());
        *broken.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}

#[allow(clippy::disallowed_methods, reason = "the server is the sandbox's world: its clock is the real one")]
fn monotonic() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

#[allow(clippy::disallowed_methods, reason = "the server is the sandbox's world: its clock is the real one")]
fn now() -> Timestamp {
    SystemTime::now().into()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpStream,
    };

    use super::*;

    /// Sends a request on an open connection, and reads the response to its declared length.
    fn call(connection: &mut TcpStream, request: &str) -> (String, String) {
        connection.write_all(request.as_bytes()).expect("sent");
        let mut read = Vec::new();
        loop {
            let mut chunk = [0; 4096];
            let count = connection.read(&mut chunk).expect("read");
            assert!(count > 0, "the connection was closed");
            read.extend_from_slice(&chunk[..count]);
            let text = String::from_utf8_lossy(&read);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() == length.and_then(|length| length.parse().ok()).unwrap_or(0) {
                return (head.to_owned(), body.to_owned());
            }
        }
    }

    #[test]
    fn it_serves_on_one_connection_and_stops_when_dropped() {
        let running = start(0, &Options::default()).expect("started");
        let address = running.url.strip_prefix("http://").expect("an origin").to_owned();
        let mut connection = TcpStream::connect(&address).expect("connected");
        let token = &running.tokens.api_token;
        let head = format!("/v1/users HTTP/1.1\r\nhost: {address}\r\nx-api-token: {token}\r\n");
        let body = r#"{"email":"over.http@casinoroyale.example"}"#;
        let post = format!("POST {head}content-length: {}\r\n\r\n{body}", body.len());
        let (post_head, _) = call(&mut connection, &post);
        assert!(post_head.starts_with("HTTP/1.1 200"), "{post_head}");
        let (_, list) = call(&mut connection, &format!("GET {head}\r\n"));
        assert!(list.contains("over.http@casinoroyale.example"), "{list}");
        let preflight = format!("OPTIONS {head}access-control-request-method: POST\r\n\r\n");
        let (preflight, _) = call(&mut connection, &preflight);
        assert!(preflight.starts_with("HTTP/1.1 204"), "{preflight}");
        drop(running);
        assert!(TcpStream::connect(&address).is_err());
    }
}
