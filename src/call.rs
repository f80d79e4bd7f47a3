//! Calls as Rust callers write them: `client.get_user(7).timeout_ms(5_000).await`.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

use serde::de::DeserializeOwned;

use crate::client::{Client, Meta, Reply};
use crate::endpoint::{Arg, Endpoint};
use crate::error::{Error, Kind, Result};
use crate::models::Described;
use crate::operation::Operation;
use crate::options::CallOptions;
use crate::page::Next;
use crate::transport::{Json, World};

/// The parameters of a call, by their names.
pub(crate) type Args = Vec<(&'static str, Arg)>;

/// A call that can be awaited for its data. Nothing is sent before that.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<W: World, M> {
    client: Client<W>,
    endpoint: &'static Endpoint,
    args: Args,
    options: Args,
    headers: Vec<(String, Arg)>,
    model: PhantomData<M>,
}

impl<W: World, M> Clone for Call<W, M> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            endpoint: self.endpoint,
            args: self.args.clone(),
            options: self.options.clone(),
            headers: self.headers.clone(),
            model: PhantomData,
        }
    }
}

/// The data of an answer, and what is known beside it.
pub struct Answered<W: World, M> {
    /// The data.
    pub data: M,
    /// The status, headers, cost and limits.
    pub response: Meta<W>,
}

impl<W: World> Client<W> {
    pub(crate) fn to<M>(&self, endpoint: &'static Endpoint, args: Args) -> Call<W, M> {
        let (options, headers) = (Vec::new(), Vec::new());
        Call { client: self.clone(), endpoint, args, options, headers, model: PhantomData }
    }
}

impl<W: World, M> Call<W, M> {
    /// How long one attempt may take, its body included.
    pub fn timeout_ms(mut self, milliseconds: u32) -> Self {
        self.options.push(("timeoutMs", milliseconds.into()));
        self
    }

    /// How often the call may be sent again.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.options.push(("maxRetries", retries.into()));
        self
    }

    /// A header beside the client's.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    async fn reply(self) -> Result<(Reply<W>, Client<W>)> {
        let operation = Operation::new(self.endpoint, &|name| value_of(&self.args, name))?;
        let options = CallOptions::new(self.endpoint, &|name| match name {
            "headers" => Arg::Object(self.headers.clone()),
            _ => value_of(&self.options, name),
        })?;
        let reply = self.client.call(operation, options).await?;
        Ok((reply, self.client))
    }
}

/// The value that was given last for a name.
fn value_of(args: &Args, name: &str) -> Arg {
    args.iter().rfind(|(known, _)| *known == name).map_or(Arg::Absent, |(_, value)| value.clone())
}

impl<W: World, M: DeserializeOwned + Described> Call<W, M> {
    /// Sends the call, and gives the data with all that is known beside it.
    ///
    /// # Errors
    ///
    /// See [`Kind`].
    pub async fn with_response(self) -> Result<Answered<W, M>> {
        let endpoint = self.endpoint;
        let (reply, client) = self.reply().await?;
        let data = decode(&client, endpoint, &reply)?;
        Ok(Answered { data, response: reply.meta })
    }
}

fn decode<W: World, M: DeserializeOwned + Described>(
    client: &Client<W>,
    endpoint: &'static Endpoint,
    reply: &Reply<W>,
) -> Result<M> {
    client.watch_drift(endpoint, &reply.data, M::SHAPE);
    reply.data.decode().map_err(|what| {
        let text = ["the data does not fit the model: ", &what];
        Error::new(Kind::Decode, endpoint.operation, &text).with(|details| {
            details.status = Some(reply.meta.status);
            details.request_id.clone_from(&reply.meta.request_id);
            details.attempts = reply.meta.attempts;
        })
    })
}

impl<W: World, M: DeserializeOwned + Described + 'static> IntoFuture for Call<W, M> {
    type Output = Result<M>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<M>>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.with_response().await.map(|answered| answered.data) })
    }
}

/// A call for a list that comes in pages.
#[must_use = "a call is sent when it is awaited"]
pub struct PagedCall<W: World, M>(pub(crate) Call<W, Vec<M>>);

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<M> {
    /// The items of this page.
    pub items: Vec<M>,
    /// Where the next page begins; nothing at the end.
    pub next: Option<Next>,
}

impl<W: World, M: DeserializeOwned + Described> PagedCall<W, M> {
    /// How long one attempt may take, its body included.
    pub fn timeout_ms(self, milliseconds: u32) -> Self {
        Self(self.0.timeout_ms(milliseconds))
    }

    /// How often a page may be asked for again.
    pub fn max_retries(self, retries: u32) -> Self {
        Self(self.0.max_retries(retries))
    }

    /// A header beside the client's.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// Asks for the page, and gives it with all that is known beside it.
    ///
    /// # Errors
    ///
    /// See [`Kind`].
    pub async fn with_response(self) -> Result<Answered<W, Page<M>>> {
        let endpoint = self.0.endpoint;
        let (reply, client) = self.0.reply().await?;
        let items = decode(&client, endpoint, &reply)?;
        Ok(Answered { data: Page { items, next: reply.next }, response: reply.meta })
    }

    /// The pages, one after the other, each asked for when it is needed.
    #[must_use = "a page is sent for when it is asked for"]
    pub fn pages(self) -> Pager<W, M> {
        Pager { seen: Vec::new(), next: Some(self.0) }
    }
}

impl<W: World, M: DeserializeOwned + Described + 'static> IntoFuture for PagedCall<W, M> {
    type Output = Result<Page<M>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Page<M>>>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.with_response().await.map(|answered| answered.data) })
    }
}

/// The pages of a list, one after the other.
pub struct Pager<W: World, M> {
    next: Option<Call<W, Vec<M>>>,
    seen: Vec<Next>,
}

impl<W: World, M: DeserializeOwned + Described> Pager<W, M> {
    /// Asks for the next page; nothing after the last one.
    ///
    /// # Errors
    ///
    /// See [`Kind`]. A server whose pages go in a circle is a [`Kind::Decode`].
    pub async fn next_page(&mut self) -> Result<Option<Page<M>>> {
        // It stays the next one until it has come: after an error, the same page is asked for again.
        let Some(call) = &self.next else { return Ok(None) };
        let mut call = call.clone();
        let endpoint = call.endpoint;
        let (reply, client) = call.clone().reply().await?;
        let items = decode(&client, endpoint, &reply)?;
        self.next = None;
        if let Some(next) = reply.next.clone() {
            if self.seen.contains(&next) {
                let text = "the server's pages go in a circle: reading on would never end";
                return Err(Error::new(Kind::Decode, endpoint.operation, &[text]));
            }
            self.seen.push(next.clone());
            let name = if matches!(next, Next::Cursor(_)) { "cursor" } else { "start" };
            call.args.push((name, next.into()));
            self.next = Some(call);
        }
        Ok(Some(Page { items, next: reply.next }))
    }

    /// The first items, as many as `limit` says.
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
