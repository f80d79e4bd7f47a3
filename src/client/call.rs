//! Calls as Rust programs write them: `client.get_user(7).timeout(Duration::from_secs(5)).await`.

use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Client;
use super::config::checked_timeout;
use crate::error::{Error, Kind, Result};
use crate::limits::RateLimit;
use crate::platform::sync::{BoxFuture, SendOutsideWasm};
use crate::protocol::{PreparedRequest, Reply};
use crate::schema::{Endpoint, HasSchema, PageRef, RustArgs};
use crate::text::Text;
use crate::transport::{Headers, Json, Runtime};

/// What calls return: the models, and lists of them.
///
/// ```
/// use pipedrive_users::client::{Call, ModelData};
/// use pipedrive_users::transport::Runtime;
///
/// /// Makes any call with more patience.
/// fn patient<R: Runtime, M: ModelData>(call: Call<R, M>) -> Call<R, M> {
///     call.max_retries(10)
/// }
/// ```
pub trait ModelData: DeserializeOwned + HasSchema + SendOutsideWasm + 'static {}

impl<M: DeserializeOwned + HasSchema + SendOutsideWasm + 'static> ModelData for M {}

/// A call that can be awaited for its data. Nothing is sent before that. `O` is the operation where it has options of its
/// own.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// # use pipedrive_users::{Client, Config, config::Credential, transport::SandboxWorld};
/// # let world = SandboxWorld::default();
/// # let credential = Credential::api_token(&world.tokens().api_token)?;
/// # let client = Client::new(Config::new(credential), world.clone());
/// # world.run(async {
/// use std::time::Duration;
///
/// let user = client.get_user(2).timeout(Duration::from_secs(5)).header("x-trace", "7").await?;
/// let returned = client.get_user(2).with_response().await?;
/// assert_eq!((returned.data, returned.response.cost), (user, 2));
/// # Ok::<(), pipedrive_users::Error>(())
/// # }).ok_or("it never ends")??;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct Call<R: Runtime, M, O = ()> {
    pub(super) client: Client<R>,
    pub(super) endpoint: &'static Endpoint,
    args: RustArgs,
    kind: PhantomData<fn() -> (M, O)>,
}

impl<R: Runtime, M, O> Clone for Call<R, M, O> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            endpoint: self.endpoint,
            args: self.args.clone(),
            kind: PhantomData,
        }
    }
}

/// The data of a response, and what else is known of it.
///
/// ```
/// # use pipedrive_users::{Client, Result, transport::Runtime};
/// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
/// let returned = client.get_user(7).with_response().await?;
/// println!("{} cost {}", returned.data.name, returned.response.cost);
/// # Ok(())
/// # }
/// ```
#[non_exhaustive]
pub struct Answered<R: Runtime, M> {
    /// The data.
    pub data: M,
    /// The status, headers, cost and limits.
    pub response: Meta<R>,
}

/// What is known of a response besides its data.
///
/// ```
/// # use pipedrive_users::{Client, Result, transport::Runtime};
/// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
/// let response = client.get_user(7).with_response().await?.response;
/// println!("{}, {} left in this window", response.status, response.rate_limit.remaining.unwrap_or_default());
/// # Ok(())
/// # }
/// ```
#[non_exhaustive]
pub struct Meta<R: Runtime> {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case. A page on another origin sees only those that CORS exposes.
    pub headers: R::Headers,
    /// Pipedrive's `x-correlation-id`, to quote to its support.
    pub request_id: Option<String>,
    /// Number of requests sent.
    pub attempts: u32,
    /// What the operation costs, in cost units of the company's daily budget (Pipedrive calls them tokens).
    pub cost: u32,
    /// The rate limits as this response reported them.
    pub rate_limit: RateLimit,
}

impl<R: Runtime> Client<R> {
    /// A call of an endpoint with its arguments; null is what is not given.
    pub(crate) fn to<M, O>(
        &self,
        endpoint: &'static Endpoint,
        mut values: Vec<(&'static str, Value)>,
    ) -> Call<R, M, O> {
        values.retain(|(_, value)| !value.is_null());
        let args = RustArgs { values, headers: Vec::new() };
        Call { client: self.clone(), endpoint, args, kind: PhantomData }
    }
}

impl<R: Runtime, M, O> Call<R, M, O> {
    /// Sets an option of the operation.
    pub(crate) fn set(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.args.values.push((name, value.into()));
        self
    }

    /// Sets how long one attempt may take, its body included.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// use std::time::Duration;
    ///
    /// let user = client.get_user(7).timeout(Duration::from_secs(2)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(self, timeout: Duration) -> Self {
        // What no timer takes is refused where all arguments are checked.
        self.set("timeoutMs", checked_timeout(timeout).unwrap_or_default())
    }

    /// Sets how often the call may be sent again, 0 to 10.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let user = client.get_user(7).max_retries(0).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_retries(self, retries: u32) -> Self {
        self.set("maxRetries", retries)
    }

    /// Adds a header to those of the client.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let user = client.get_user(7).header("x-trace", "7").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.args.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(super) async fn reply(self) -> Result<Box<Reply<R>>> {
        let Self { client, endpoint, args, .. } = self;
        let inner = &client.inner;
        let request = PreparedRequest::new(endpoint, &inner.defaults, &args)
            .map_err(|text| Error::of(Kind::Argument, endpoint.operation, &text))?;
        inner.driver.call(endpoint, request.to_text()).await.map_err(|failed| {
            let headers = R::Headers::kept_to_rust(&failed.details.headers);
            failed.details.to_error(headers, failed.attempts, failed.page.as_ref().map(PageRef::to_rust))
        })
    }

    /// Sends the call, and returns the `data` of the response as it came, whether or not it fits the model.
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// # use pipedrive_users::{Client, Config, config::Credential, transport::SandboxWorld};
    /// # let world = SandboxWorld::default();
    /// # let credential = Credential::api_token(&world.tokens().api_token)?;
    /// # let client = Client::new(Config::new(credential), world.clone());
    /// # world.run(async {
    /// let data = client.get_user(2).raw().await?;
    /// assert_eq!(data["id"], 2);
    /// # Ok::<(), pipedrive_users::Error>(())
    /// # }).ok_or("it never ends")??;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Kind`].
    pub async fn raw(self) -> Result<Value> {
        let endpoint = self.endpoint;
        let reply = self.reply().await?;
        reply.data.decode().map_err(|what| unfit(endpoint, &reply, &what))
    }
}

impl<R: Runtime, M: ModelData, O> Call<R, M, O> {
    /// Sends the call, and returns the data with everything that is known of the response.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let returned = client.get_user(7).with_response().await?;
    /// println!("{:?} after {} requests", returned.response.request_id, returned.response.attempts);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Kind`].
    pub async fn with_response(self) -> Result<Answered<R, M>> {
        let (endpoint, client) = (self.endpoint, self.client.clone());
        let reply = self.reply().await?;
        let data = decode(&client, endpoint, &reply)?;
        Ok(Answered { data, response: meta(endpoint, *reply) })
    }
}

pub(super) fn meta<R: Runtime>(endpoint: &Endpoint, reply: Reply<R>) -> Meta<R> {
    Meta {
        status: reply.status,
        request_id: reply.headers.get("x-correlation-id").map(|id| id.to_rust()),
        headers: reply.headers,
        attempts: reply.attempts,
        cost: endpoint.cost,
        rate_limit: reply.rate_limit.into(),
    }
}

pub(super) fn decode<R: Runtime, M: ModelData>(
    client: &Client<R>,
    endpoint: &'static Endpoint,
    reply: &Reply<R>,
) -> Result<M> {
    client.watch_drift(endpoint, &reply.data, M::SCHEMA);
    reply.data.decode().map_err(|what| unfit(endpoint, reply, &what))
}

/// Data that a transport cannot convert: the error keeps the response, and [`Call::raw`] returns the data.
fn unfit<R: Runtime>(endpoint: &'static Endpoint, reply: &Reply<R>, what: &str) -> Error {
    let text =
        ["the data does not fit the model: ", what, ". See Error::body, or ask with Call::raw."].concat();
    Error::of(Kind::Decode, endpoint.operation, &text).with(|details| {
        details.status = Some(reply.status);
        details.request_id = reply.headers.get("x-correlation-id").map(|id| id.to_rust());
        details.attempts = reply.attempts;
        details.body = Some(reply.body.to_rust());
    })
}

impl<R: Runtime, M: ModelData, O: 'static> IntoFuture for Call<R, M, O> {
    type Output = Result<M>;
    type IntoFuture = BoxFuture<Result<M>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.with_response().await.map(|answered| answered.data) })
    }
}
