//! The transport of native programs: reqwest on tokio.

use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::{Cause, Clock, HeaderList, Progress, Random, Request, Response, SendError, Transport};
use crate::error::{Error, Kind, Result};
use crate::platform::timestamp::Timestamp;
use crate::schema::Method;

/// Sends requests with `reqwest`, and waits with tokio's timers. Clones share one pool of connections.
///
/// ```no_run
/// use pipedrive_users::config::Credential;
/// use pipedrive_users::transport::Reqwest;
/// use pipedrive_users::{Client, Config};
///
/// # async fn main_task() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let credential = Credential::api_token(&std::env::var("PIPEDRIVE_API_TOKEN")?)?;
/// let client = Client::new(Config::new(credential), Reqwest::new()?);
/// let me = client.get_current_user().await?;
/// println!("{} of {}", me.name, me.company_name);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Reqwest {
    client: reqwest::Client,
    started: Instant,
}

impl Reqwest {
    /// Makes a transport that follows no redirect, since a redirect could carry the token to another host.
    ///
    /// ```
    /// use pipedrive_users::transport::Reqwest;
    ///
    /// let transport = Reqwest::new()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] where `reqwest` cannot set up TLS.
    pub fn new() -> Result<Self> {
        Self::with(reqwest::Client::builder())
    }

    /// The same with settings of your own, such as a proxy. Redirects are never followed.
    ///
    /// ```
    /// # /*
    /// let settings = reqwest::Client::builder().user_agent("accounts/1.0");
    /// # */
    /// # let settings = reqwest::ClientBuilder::new();
    /// let transport = pipedrive_users::transport::Reqwest::with(settings)?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] where `reqwest` does not accept the settings; its own error is the `source`.
    pub fn with(settings: reqwest::ClientBuilder) -> Result<Self> {
        let client = settings.redirect(reqwest::redirect::Policy::none()).build().map_err(|thrown| {
            Error::new(Kind::Config, "reqwest did not accept its settings, or could not set up TLS")
                .with(|details| details.cause = Some(Cause::new(thrown)))
        })?;
        #[allow(clippy::disallowed_methods, reason = "this is where the clock comes from")]
        Ok(Self { client, started: Instant::now() })
    }
}

impl Transport for Reqwest {
    type Text = String;
    type Headers = HeaderList;
    type Json = Value;
    type Thrown = Cause;

    async fn send(&self, request: Request) -> Result<Response<Self>, SendError<Self>> {
        let Request { method, url, headers, body, max_body_bytes } = request;
        let method = match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.client.request(method, url);
        for (name, value) in &headers.0 {
            builder = builder.header(name, latin1(value));
        }
        if let Some(body) = body {
            builder = builder.body(body);
        }
        let mut response = builder.send().await.map_err(|error| SendError {
            progress: if error.is_connect() || error.is_builder() {
                Progress::NotSent
            } else {
                Progress::Unknown
            },
            head: None,
            cause: Cause::new(error),
        })?;
        let status = response.status().as_u16();
        let headers = response.headers().iter().map(|(name, value)| {
            // A header's bytes are Latin-1, as in `fetch`.
            (name.as_str().to_owned(), value.as_bytes().iter().copied().map(char::from).collect())
        });
        let headers = HeaderList(headers.collect());
        let failed = |progress, cause| SendError { progress, head: Some((status, headers.clone())), cause };
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return Err(failed(Progress::BodyCutOff, Cause::new(error))),
            }
            if u32::try_from(body.len()).is_ok_and(|bytes| bytes <= max_body_bytes) {
                continue;
            }
            // The status says what an error is; its body may only explain it.
            if !(200..300).contains(&status) {
                break;
            }
            return Err(failed(Progress::BodyTooLarge, Cause::new("see max_body_bytes")));
        }
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&body);
        Ok(Response { status, headers, body: String::from_utf8_lossy(body).into_owned() })
    }

    fn parse_json(text: &String) -> Option<Value> {
        serde_json::from_str(text).ok()
    }
}

/// A header's value as it is sent. The client has checked that each character is one byte of Latin-1.
fn latin1(value: &str) -> Vec<u8> {
    value.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect()
}

impl Clock for Reqwest {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn wall(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods, reason = "this is where the clock comes from")]
        SystemTime::now().into()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

impl Random for Reqwest {
    fn random(&self) -> f64 {
        fastrand::f64()
    }
}
