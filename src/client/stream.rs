//! Lists as streams.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::call::ModelData;
use super::pages::{Page, Pager};
use crate::error::Result;
use crate::platform::sync::BoxFuture;
use crate::transport::Runtime;

/// A page that is being asked for, and the pages after it.
type NextPage<R, M> = BoxFuture<(Pager<R, M>, Result<Option<Page<M>>>)>;

/// The pages of a list as a `Stream`, which ends after the last page or after an error. [`Pager::stream`] makes it.
///
/// ```
/// # use pipedrive_users::{Client, Result, transport::Runtime};
/// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
/// use futures_util::TryStreamExt;
///
/// let mut pages = client.get_user_followers(7).pages().stream();
/// while let Some(page) = pages.try_next().await? {
///     println!("{} followers", page.items.len());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream asks for nothing before it is polled"]
pub struct PageStream<R: Runtime, M>(State<R, M>);

enum State<R: Runtime, M> {
    Ready(Pager<R, M>),
    Asked(NextPage<R, M>),
    Over,
}

/// The items of a list as a `Stream`, which ends after the last item or after an error. [`Pager::items`] makes it.
///
/// ```
/// # use pipedrive_users::{Client, Result, transport::Runtime};
/// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
/// use futures_util::TryStreamExt;
///
/// let ids: Vec<u64> = client.get_user_followers(7).pages().items().map_ok(|item| item.user_id).try_collect().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream asks for nothing before it is polled"]
pub struct ItemStream<R: Runtime, M> {
    pages: PageStream<R, M>,
    items: std::vec::IntoIter<M>,
}

impl<R: Runtime, M: ModelData> Pager<R, M>
where
    Vec<M>: ModelData,
{
    /// Returns the pages as a `Stream` of `Result<Page<M>>`.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// use futures_util::TryStreamExt;
    ///
    /// let pages = client.get_user_followers(7).pages().stream();
    /// let sizes: Vec<usize> = pages.map_ok(|page| page.items.len()).try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> PageStream<R, M> {
        PageStream(State::Ready(self))
    }

    /// Returns the items of all pages as a `Stream` of `Result<M>`; each page is asked for when it is needed.
    ///
    /// ```
    /// # #[cfg(feature = "sandbox")] {
    /// # use pipedrive_users::{Client, Config, config::Credential, transport::SandboxWorld};
    /// # let world = SandboxWorld::default();
    /// # let credential = Credential::api_token(&world.tokens().api_token)?;
    /// # let client = Client::new(Config::new(credential), world.clone());
    /// # world.run(async {
    /// use futures_util::TryStreamExt;
    ///
    /// let mut followers = client.get_user_followers(1).limit(10).pages().items();
    /// while let Some(follower) = followers.try_next().await? {
    ///     println!("{}", follower.user_id);
    /// }
    /// # Ok::<(), pipedrive_users::Error>(())
    /// # }).ok_or("it never ends")??;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn items(self) -> ItemStream<R, M> {
        ItemStream { pages: self.stream(), items: Vec::new().into_iter() }
    }
}

// Neither pins what it holds.
impl<R: Runtime, M> Unpin for PageStream<R, M> {}
impl<R: Runtime, M> Unpin for ItemStream<R, M> {}

impl<R: Runtime, M: ModelData> Stream for PageStream<R, M>
where
    Vec<M>: ModelData,
{
    type Item = Result<Page<M>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut asked: NextPage<R, M> = match std::mem::replace(&mut self.0, State::Over) {
            State::Ready(mut pager) => Box::pin(async move {
                let page = pager.next_page().await;
                (pager, page)
            }),
            State::Asked(asked) => asked,
            State::Over => return Poll::Ready(None),
        };
        let Poll::Ready((pager, page)) = asked.as_mut().poll(context) else {
            self.0 = State::Asked(asked);
            return Poll::Pending;
        };
        if matches!(page, Ok(Some(_))) {
            self.0 = State::Ready(pager);
        }
        Poll::Ready(page.transpose())
    }
}

impl<R: Runtime, M: ModelData> Stream for ItemStream<R, M>
where
    Vec<M>: ModelData,
{
    type Item = Result<M>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => self.items = page.items.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
