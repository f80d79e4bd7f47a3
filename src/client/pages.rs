//! Lists that come in pages.

use std::future::IntoFuture;
use std::time::Duration;

use super::call::{Answered, Call, ModelData, decode, meta};
use crate::error::{Error, Kind, Result};
use crate::platform::sync::BoxFuture;
use crate::schema::{PagePosition, PageRef};
use crate::transport::Runtime;

/// A call for a list that comes in pages. Awaited, it returns the first page.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// # use pipedrive_users::{Client, Config, config::Credential, transport::SandboxWorld};
/// # let world = SandboxWorld::default();
/// # let credential = Credential::api_token(&world.tokens().api_token)?;
/// # let client = Client::new(Config::new(credential), world.clone());
/// # world.run(async {
/// let page = client.get_user_followers(1).limit(10).await?;
/// assert_eq!(page.items.len(), 10);
///
/// let mut pages = client.get_user_followers(1).limit(10).pages();
/// while let Some(page) = pages.next_page().await? {
///     println!("{} followers", page.items.len());
/// }
///
/// let first = client.get_user_followers(1).pages().collect(15).await?;
/// assert_eq!(first.len(), 15);
/// # Ok::<(), pipedrive_users::Error>(())
/// # }).ok_or("it never ends")??;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct PagedCall<R: Runtime, M>(pub(crate) Call<R, Vec<M>>);

impl<R: Runtime, M> Clone for PagedCall<R, M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// One page of a list.
///
/// ```
/// # use pipedrive_users::{Client, Result, transport::Runtime};
/// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
/// let page = client.get_user_followers(7).limit(100).await?;
/// println!("{} followers, and {}", page.items.len(), if page.next.is_some() { "more" } else { "no more" });
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<M> {
    /// The items of this page.
    pub items: Vec<M>,
    /// Where the next page begins; nothing at the end.
    pub next: Option<PagePosition>,
}

impl<R: Runtime, M> PagedCall<R, M> {
    /// Sets how many items a page has. The operation says how many it may have.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let page = client.get_user_followers(7).limit(500).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn limit(self, items: u32) -> Self {
        Self(self.0.set("limit", items))
    }

    /// Begins where a page or an error says: [`Page::next`], [`Error::page`].
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let page = client.get_user_followers(7).await?;
    /// if let Some(next) = page.next {
    ///     let second = client.get_user_followers(7).from(next).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn from(self, position: PagePosition) -> Self {
        Self(match position {
            PagePosition::Cursor(cursor) => self.0.set("cursor", cursor),
            PagePosition::Start(start) => self.0.set("start", start),
        })
    }

    /// Sets how long one attempt may take, its body included.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// use std::time::Duration;
    ///
    /// let page = client.get_user_followers(7).timeout(Duration::from_secs(2)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(self, timeout: Duration) -> Self {
        Self(self.0.timeout(timeout))
    }

    /// Sets how often a page may be asked for again, 0 to 10.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let page = client.get_user_followers(7).max_retries(5).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_retries(self, retries: u32) -> Self {
        Self(self.0.max_retries(retries))
    }

    /// Adds a header to those of the client.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let page = client.get_user_followers(7).header("x-trace", "7").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// Returns the pages, one after the other, each asked for when it is needed.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let mut pages = client.get_user_followers(7).pages();
    /// while let Some(page) = pages.next_page().await? {
    ///     println!("{} followers", page.items.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a page is asked for when it is awaited"]
    pub fn pages(self) -> Pager<R, M> {
        Pager { seen: Vec::new(), next: Some(self.0) }
    }
}

impl<R: Runtime, M: ModelData> PagedCall<R, M>
where
    Vec<M>: ModelData,
{
    /// Asks for the page, and returns it with everything that is known of the response.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let returned = client.get_user_followers(7).with_response().await?;
    /// println!("{} left", returned.response.rate_limit.remaining.unwrap_or_default());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Kind`].
    pub async fn with_response(self) -> Result<Answered<R, Page<M>>> {
        let (endpoint, client) = (self.0.endpoint, self.0.client.clone());
        let reply = self.0.reply().await?;
        let items = decode(&client, endpoint, &reply)?;
        let next = reply.next.as_ref().map(PageRef::to_rust).as_ref().map(PagePosition::from);
        Ok(Answered { data: Page { items, next }, response: meta(endpoint, *reply) })
    }
}

impl<R: Runtime, M: ModelData> IntoFuture for PagedCall<R, M>
where
    Vec<M>: ModelData,
{
    type Output = Result<Page<M>>;
    type IntoFuture = BoxFuture<Result<Page<M>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.with_response().await.map(|answered| answered.data) })
    }
}

/// The pages of a list, one after the other. See [`PagedCall`]; with the feature `stream` it becomes a `Stream` of pages
/// or of items.
pub struct Pager<R: Runtime, M> {
    next: Option<Call<R, Vec<M>>>,
    seen: Vec<PagePosition>,
}

impl<R: Runtime, M: ModelData> Pager<R, M>
where
    Vec<M>: ModelData,
{
    /// Asks for the next page; returns nothing after the last one. After an error, the same page is asked for again.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let mut pages = client.get_user_role_assignments(7).pages();
    /// let first = pages.next_page().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Kind`]. A server whose pages go in a circle is a [`Kind::Decode`].
    pub async fn next_page(&mut self) -> Result<Option<Page<M>>> {
        // It stays the next one until it has come.
        let Some(call) = self.next.clone() else { return Ok(None) };
        let endpoint = call.endpoint;
        let page = PagedCall(call.clone()).with_response().await?.data;
        self.next = None;
        if let Some(next) = page.next.clone() {
            if self.seen.contains(&next) {
                let text = "the server's pages go in a circle: reading on would never end";
                return Err(Error::of(Kind::Decode, endpoint.operation, text));
            }
            self.next = Some(PagedCall(call).from(next.clone()).0);
            self.seen.push(next);
        }
        Ok(Some(page))
    }

    /// Returns the first items, as many as `limit` says.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let first_hundred = client.get_user_followers(7).pages().collect(100).await?;
    /// # Ok(())
    /// # }
    /// ```
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
