//! Calls as Rust programs write them: `client.get_user(7).timeout_ms(5_000).await`.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Client;
use crate::error::{Error, Kind, Result};
use crate::limits::RateLimit;
use crate::protocol::{PreparedRequest, Reply};
use crate::schema::{Endpoint, HasSchema, PageRef, RustArgs};
use crate::text::Text;
use crate::transport::{Headers, Json, Runtime};

/// A call that can be awaited for its data. Nothing is sent before that.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<R: Runtime, M> {
    client: Client<R>,
    endpoint: &'static Endpoint,
    args: RustArgs,
    model: PhantomData<M>,
}

impl<R: Runtime, M> Clone for Call<R, M> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            endpoint: self.endpoint,
            args: self.args.clone(),
            model: PhantomData,
        }
    }
}

/// The data of a response, and what else is known of it.
pub struct Answered<R: Runtime, M> {
    /// The data.
    pub data: M,
    /// The status, headers, cost and limits.
    pub response: Meta<R>,
}

/// What is known of a response besides its data.
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
    pub(crate) fn to<M>(
        &self,
        endpoint: &'static Endpoint,
        mut values: Vec<(&'static str, Value)>,
    ) -> Call<R, M> {
        values.retain(|(_, value)| !value.is_null());
        let args = RustArgs { values, headers: Vec::new() };
        Call { client: self.clone(), endpoint, args, model: PhantomData }
    }
}

impl<R: Runtime, M> Call<R, M> {
    /// Sets how long one attempt may take, its body included.
    pub fn timeout_ms(mut self, milliseconds: u32) -> Self {
        self.args.values.push(("timeoutMs", milliseconds.into()));
        self
    }

    /// Sets how often the call may be sent again.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.args.values.push(("maxRetries", retries.into()));
        self
    }

    /// Adds a header to those of the client.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.args.headers.push((name.to_owned(), value.into()));
        self
    }

    async fn reply(self) -> Result<Box<Reply<R>>> {
        let Self { client, endpoint, args, .. } = self;
        let inner = &client.inner;
        let request = PreparedRequest::new(endpoint, &inner.defaults, &args)
            .map_err(|text| Error::new(Kind::Argument, endpoint.operation, &text))?;
        inner.driver.call(endpoint, request.to_text()).await.map_err(|failed| {
            let headers = R::Headers::kept_to_rust(&failed.details.headers);
            failed.details.to_error(headers, failed.attempts, failed.page.as_ref().map(PageRef::to_rust))
        })
    }
}

impl<R: Runtime, M: DeserializeOwned + HasSchema> Call<R, M> {
    /// Sends the call, and returns the data with everything that is known of the response.
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

fn meta<R: Runtime>(endpoint: &Endpoint, reply: Reply<R>) -> Meta<R> {
    Meta {
        status: reply.status,
        request_id: reply.headers.get("x-correlation-id").map(|id| id.to_rust()),
        headers: reply.headers,
        attempts: reply.attempts,
        cost: endpoint.cost,
        rate_limit: reply.rate_limit.into(),
    }
}

fn decode<R: Runtime, M: DeserializeOwned + HasSchema>(
    client: &Client<R>,
    endpoint: &'static Endpoint,
    reply: &Reply<R>,
) -> Result<M> {
    client.watch_drift(endpoint, &reply.data, M::SCHEMA);
    reply.data.decode().map_err(|what| {
        let text = ["the data does not fit the model: ", &what].concat();
        Error::new(Kind::Decode, endpoint.operation, &text).with(|details| {
            details.status = Some(reply.status);
            details.request_id = reply.headers.get("x-correlation-id").map(|id| id.to_rust());
            details.attempts = reply.attempts;
        })
    })
}

impl<R: Runtime, M: DeserializeOwned + HasSchema + 'static> IntoFuture for Call<R, M> {
    type Output = Result<M>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<M>>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.with_response().await.map(|answered| answered.data) })
    }
}

/// A call for a list that comes in pages.
#[must_use = "a call is sent when it is awaited"]
pub struct PagedCall<R: Runtime, M>(pub(crate) Call<R, Vec<M>>);

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<M> {
    /// The items of this page.
    pub items: Vec<M>,
    /// Where the next page begins; nothing at the end.
    pub next: Option<PageRef>,
}

impl<R: Runtime, M: DeserializeOwned + HasSchema> PagedCall<R, M> {
    /// Sets how long one attempt may take, its body included.
    pub fn timeout_ms(self, milliseconds: u32) -> Self {
        Self(self.0.timeout_ms(milliseconds))
    }

    /// Sets how often a page may be asked for again.
    pub fn max_retries(self, retries: u32) -> Self {
        Self(self.0.max_retries(retries))
    }

    /// Adds a header to those of the client.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// Asks for the page, and returns it with everything that is known of the response.
    ///
    /// # Errors
    ///
    /// See [`Kind`].
    pub async fn with_response(self) -> Result<Answered<R, Page<M>>> {
        let (endpoint, client) = (self.0.endpoint, self.0.client.clone());
        let reply = self.0.reply().await?;
        let items = decode(&client, endpoint, &reply)?;
        let next = reply.next.as_ref().map(PageRef::to_rust);
        Ok(Answered { data: Page { items, next }, response: meta(endpoint, *reply) })
    }

    /// Returns the pages, one after the other, each asked for when it is needed.
    #[must_use = "a page is asked for when it is awaited"]
    pub fn pages(self) -> Pager<R, M> {
        Pager { seen: Vec::new(), next: Some(self.0) }
    }
}

impl<R: Runtime, M: DeserializeOwned + HasSchema + 'static> IntoFuture for PagedCall<R, M> {
    type Output = Result<Page<M>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Page<M>>>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.with_response().await.map(|answered| answered.data) })
    }
}

/// The pages of a list, one after the other.
pub struct Pager<R: Runtime, M> {
    next: Option<Call<R, Vec<M>>>,
    seen: Vec<PageRef>,
}

impl<R: Runtime, M: DeserializeOwned + HasSchema> Pager<R, M> {
    /// Asks for the next page; returns nothing after the last one.
    ///
    /// # Errors
    ///
    /// See [`Kind`]. A server whose pages go in a circle is a [`Kind::Decode`].
    pub async fn next_page(&mut self) -> Result<Option<Page<M>>> {
        // It stays the next one until it has come: after an error, the same page is asked for again.
        let Some(call) = &self.next else { return Ok(None) };
        let mut call = call.clone();
        let endpoint = call.endpoint;
        let page = PagedCall(call.clone()).with_response().await?.data;
        self.next = None;
        if let Some((next, name)) = page.next.clone().zip(endpoint.response.page_param()) {
            if self.seen.contains(&next) {
                let text = "the server's pages go in a circle: reading on would never end";
                return Err(Error::new(Kind::Decode, endpoint.operation, text));
            }
            call.args.values.push((name, (&next).into()));
            self.seen.push(next);
            self.next = Some(call);
        }
        Ok(Some(page))
    }

    /// Returns the first items, as many as `limit` says.
    ///
    /// # Errors
    ///
    /// See [`Kind`].
    pub async fn collect(mut self, limit: usize) -> Result<Vec<M>> {
        let mut items = Vec::new();
        while items.len() < limit
            && let Some(page) = self.next_page().await?
        {
            items.extend(page.items);
        }
        items.truncate(limit);
        Ok(items)
    }
}
