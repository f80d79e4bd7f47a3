//! Who is called when something happens to a directory.

use super::Directory;
use crate::error::Error;
use crate::platform::sync::{SendOutsideWasm, SharedRef, SyncOutsideWasm};
use crate::transport::Runtime;

/// What happened to a directory.
///
/// ```
/// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
/// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
/// use pipedrive_users::directory::Change;
///
/// let subscription = directory.subscribe(|change| match change {
///     Change::Changed => println!("show it again"),
///     Change::Failed(error) => eprintln!("{error}"),
/// });
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub enum Change {
    /// What is in memory changed.
    Changed,
    /// A refresh failed; what was there is still there.
    Failed(Error),
}

pub(super) trait Listen: Fn(&Change) + SendOutsideWasm + SyncOutsideWasm {}
impl<F: Fn(&Change) + SendOutsideWasm + SyncOutsideWasm> Listen for F {}

/// The listeners and their numbers.
pub(super) type Listeners = Vec<(u64, SharedRef<dyn Listen>)>;
/// A listener, until it is dropped.
///
/// ```
/// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
/// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
/// let subscription = directory.subscribe(|change| println!("{change:?}"));
/// drop(subscription); // It is called no more.
/// # Ok(())
/// # }
/// ```
#[must_use = "the listener is called until this is dropped"]
pub struct Subscription<R: Runtime> {
    directory: Directory<R>,
    id: u64,
}

impl<R: Runtime> Drop for Subscription<R> {
    fn drop(&mut self) {
        self.directory.0.listeners.borrow_mut().retain(|(id, _)| *id != self.id);
    }
}

impl<R: Runtime> Directory<R> {
    /// Calls a listener whenever what is in memory changes, or a refresh fails.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// use pipedrive_users::directory::Change;
    ///
    /// let subscription = directory.subscribe(|change| {
    ///     if let Change::Failed(error) = change {
    ///         eprintln!("the last refresh failed: {error}");
    ///     }
    /// });
    /// drop(subscription);
    /// # Ok(())
    /// # }
    /// ```
    pub fn subscribe(
        &self,
        listener: impl Fn(&Change) + SendOutsideWasm + SyncOutsideWasm + 'static,
    ) -> Subscription<R> {
        let mut listeners = self.0.listeners.borrow_mut();
        let id = listeners.last().map_or(0, |(id, _)| id + 1);
        listeners.push((id, SharedRef::new(listener)));
        Subscription { directory: self.clone(), id }
    }

    /// Calls every listener. It is the last thing that is done: one that panics keeps nobody waiting.
    pub(super) fn emit(&self, change: &Change) {
        let listeners: Vec<_> =
            self.0.listeners.borrow().iter().map(|(_, listener)| SharedRef::clone(listener)).collect();
        for listener in listeners {
            listener(change);
        }
    }
}
