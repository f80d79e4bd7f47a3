//! The people of a company in memory: one `getUsers`, which costs 20, answers every question about names, ids and e-mails
//! until it is too old.
//!
//! What a lookup does is decided by a state machine without a clock (`machine`); the search (`index`) works on folded
//! text. The JavaScript directory, `pipedrive-users/directory`, is made of the same two.
//!
//! ```
//! # #[cfg(feature = "sandbox")] {
//! use pipedrive_users::config::Credential;
//! use pipedrive_users::directory::{Directory, DirectoryOptions};
//! use pipedrive_users::transport::SandboxWorld;
//! use pipedrive_users::{Client, Config};
//!
//! let world = SandboxWorld::default();
//! let credential = Credential::api_token(&world.tokens().api_token)?;
//! let client = Client::new(Config::new(credential), world.clone());
//! // With Tokio: |task| { tokio::spawn(task); }. In a page: wasm_bindgen_futures::spawn_local.
//! let directory = Directory::new(client.clone(), DirectoryOptions::default(), world.spawner());
//! let names = world.run(async {
//!     let mut names = Vec::new();
//!     for id in 1..=25 {
//!         names.push(directory.name_of(id).await?);
//!     }
//!     Ok::<_, pipedrive_users::Error>(names)
//! });
//! assert_eq!(names.ok_or("it never ends")??.len(), 25);
//! assert_eq!(client.usage().total().tokens_spent, 20);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod asking;
mod fold;
pub(crate) mod index;
mod listeners;
pub(crate) mod machine;
pub(crate) mod news;
mod options;
mod people;
mod shared;
mod state;
#[cfg(all(test, feature = "sandbox"))]
mod tests;
mod webhooks;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use fold::LETTERS;
pub use index::LONGEST_QUERY;
pub use listeners::{Change, Subscription};
pub use options::DirectoryOptions;
pub use people::{Entry, Status};

use listeners::Listeners;
use machine::Machine;
use people::People;
use state::{Asked, Found, State};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::platform::sync::{BoxFuture, Lock, SendOutsideWasm, SharedRef, SyncOutsideWasm};
use crate::transport::Runtime;

/// The people of a company. A directory belongs to one client, and so to one company. Cloning it is cheap and gives the same
/// directory.
pub struct Directory<R: Runtime>(SharedRef<Inner<R>>);

struct Inner<R: Runtime> {
    client: Client<R>,
    spawn: Box<dyn Spawn>,
    state: Lock<State>,
    listeners: Lock<Listeners>,
}

trait Spawn: Fn(BoxFuture<()>) + SendOutsideWasm + SyncOutsideWasm {}
impl<F: Fn(BoxFuture<()>) + SendOutsideWasm + SyncOutsideWasm> Spawn for F {}

impl<R: Runtime> std::fmt::Debug for Directory<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory")
            .field("people", &self.0.state.borrow().people.list().len())
            .finish_non_exhaustive()
    }
}

impl<R: Runtime> Clone for Directory<R> {
    fn clone(&self) -> Self {
        Self(SharedRef::clone(&self.0))
    }
}

impl<R: Runtime> Directory<R> {
    /// Makes a directory. `spawn` runs what continues in the background: `|task| { tokio::spawn(task); }`, or in a page
    /// `wasm_bindgen_futures::spawn_local`.
    ///
    /// ```
    /// use pipedrive_users::Client;
    /// use pipedrive_users::directory::{Directory, DirectoryOptions};
    /// # use pipedrive_users::transport::Runtime;
    /// # fn example<R: Runtime>(client: Client<R>, spawn_local: fn(pipedrive_users::transport::BoxFuture<()>)) {
    ///
    /// let directory = Directory::new(client, DirectoryOptions::default(), spawn_local);
    /// # }
    /// ```
    pub fn new(
        client: Client<R>,
        options: DirectoryOptions,
        spawn: impl Fn(BoxFuture<()>) + SendOutsideWasm + SyncOutsideWasm + 'static,
    ) -> Self {
        let milliseconds = |age: Duration| age.as_secs_f64() * 1_000.0;
        let max_age = milliseconds(options.max_age);
        let state = State {
            machine: Machine::new(max_age, milliseconds(options.stale).max(max_age)),
            people: People::new(),
            error: None,
            refreshing: None,
            company_id: None,
            asked: HashMap::new(),
            batch: Vec::new(),
            missing: HashMap::new(),
            outdated: HashMap::new(),
            news: HashMap::new(),
        };
        Self(SharedRef::new(Inner {
            client,
            spawn: Box::new(spawn),
            state: Lock::new(state),
            listeners: Lock::default(),
        }))
    }

    /// Returns the user with an id, or nothing if there is none.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// if let Some(entry) = directory.by_id(7).await? {
    ///     println!("{} {:?}", entry.user.name, entry.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn by_id(&self, id: u64) -> Result<Option<Arc<Entry>>> {
        let since = self.now();
        self.ready().await?;
        loop {
            match self.find(id, since) {
                Found::Given(entry) => return Ok(entry),
                Found::GivenAndAsked(entry) => {
                    drop(self.ask(id));
                    return Ok(Some(entry));
                }
                Found::Asked => {
                    let found = self.ask(id).await?;
                    // Unless it was declared invalid after it was asked for.
                    if found.is_none() || !matches!(self.find(id, since), Found::Asked) {
                        return Ok(found);
                    }
                }
            }
        }
    }

    /// What there is of a user.
    fn find(&self, id: u64, since: f64) -> Found {
        let state = self.0.state.borrow();
        let entry = state.people.by_id(id).cloned();
        match (entry, state.outdated.get(&id)) {
            (Some(entry), Some((true, _))) => Found::GivenAndAsked(entry),
            (Some(_), Some((false, _))) => Found::Asked,
            (None, _) => {
                let missing = state.missing.get(&id).copied().unwrap_or(f64::NEG_INFINITY);
                let is_missing = state.machine.is_missing(since, missing, self.now());
                if is_missing { Found::Given(None) } else { Found::Asked }
            }
            (entry, None) => Found::Given(entry),
        }
    }

    /// Returns the users with these ids, in the same order: nothing where an id does not exist.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// let owners = directory.by_ids(&[7, 8, 7]).await?;
    /// assert_eq!(owners.len(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn by_ids(&self, ids: &[u64]) -> Result<Vec<Option<Arc<Entry>>>> {
        self.ready().await?;
        // They are asked for together before the first is waited for.
        let asked: Vec<_> = ids.iter().map(|id| self.start(*id)).collect();
        let mut found = Vec::with_capacity(ids.len());
        for (id, asked) in ids.iter().zip(asked) {
            found.push(match asked {
                Some(asked) => asked.await?,
                None => self.by_id(*id).await?,
            });
        }
        Ok(found)
    }

    /// Returns the name of the user with an id, or nothing if there is none.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// let name = directory.name_of(7).await?.unwrap_or_else(|| "somebody who left".to_owned());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn name_of(&self, id: u64) -> Result<Option<String>> {
        Ok(self.by_id(id).await?.map(|entry| entry.user.name.clone()))
    }

    /// Returns the user with an e-mail address, whatever its case. One who is active comes before one who left.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// let id = directory.by_email("James.Bond@mi6.example").await?.map(|entry| entry.user.id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn by_email(&self, email: &str) -> Result<Option<Arc<Entry>>> {
        self.ready().await?;
        Ok(self.0.state.borrow_mut().people.by_email(email))
    }

    /// Returns the users in whose names or e-mails all words of a text are found, whatever case and accents. The best come
    /// first, and those who are not active last. Without a word it is everybody.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// for entry in directory.search("jurgen mul").await?.iter().take(10) {
    ///     println!("{} <{}>", entry.user.name, entry.user.email);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn search(&self, text: &str) -> Result<Vec<Arc<Entry>>> {
        self.ready().await?;
        Ok(self.0.state.borrow_mut().people.search(text))
    }

    /// Returns everybody, those who were deactivated or deleted too.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// use pipedrive_users::directory::Status;
    ///
    /// let left = directory.all().await?.iter().filter(|entry| entry.status != Status::Active).count();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn all(&self) -> Result<Vec<Arc<Entry>>> {
        self.ready().await?;
        Ok(self.entries())
    }

    /// Returns what is in memory, however old, and asks for nothing.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// println!("{} in memory", directory.entries().len());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.0.state.borrow().people.list().to_vec()
    }

    /// Returns a user who is in memory, however old that is, and asks for nothing.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// let name = directory.peek(7).map(|entry| entry.user.name.clone());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn peek(&self, id: u64) -> Option<Arc<Entry>> {
        self.0.state.borrow().people.by_id(id).cloned()
    }

    /// Why the last refresh failed; nothing once one succeeds.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// if let Some(error) = directory.error() {
    ///     eprintln!("names may be old: {error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        self.0.state.borrow().error.clone()
    }

    /// Makes the next lookup wait for a refresh.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// directory.invalidate();
    /// let everybody = directory.all().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn invalidate(&self) {
        let mut state = self.0.state.borrow_mut();
        state.missing.clear();
        state.machine.invalidate();
    }

    /// Makes the next lookup of one user wait for a refresh of that user.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// directory.invalidate_user(7);
    /// let name = directory.name_of(7).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn invalidate_user(&self, id: u64) {
        let now = self.now();
        let mut state = self.0.state.borrow_mut();
        state.missing.remove(&id);
        if state.people.by_id(id).is_some() {
            state.outdated.insert(id, (false, now));
        }
    }

    fn now(&self) -> f64 {
        self.0.client.wall()
    }
}
