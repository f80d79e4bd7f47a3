//! The people of a company: by id, by e-mail, and by what is searched for.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::fold::{fold, fold_email};
use super::index::{Index, LONGEST_QUERY};
use super::news::{News, parse_time};
use crate::models::User;

/// Whether a user can log in.
///
/// ```
/// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
/// use pipedrive_users::directory::Status;
///
/// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
/// let active = directory.all().await?.iter().filter(|entry| entry.status == Status::Active).count();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The user can.
    Active,
    /// The user was deactivated.
    Deactivated,
    /// The user was deleted.
    Deleted,
}

/// A user of the company, as every caller may know them.
///
/// ```
/// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
/// use pipedrive_users::directory::Status;
///
/// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
/// let entry = directory.by_id(7).await?;
/// let label = match entry.as_deref() {
///     Some(entry) if entry.status == Status::Active => entry.user.name.clone(),
///     Some(entry) => format!("{} (left)", entry.user.name),
///     None => "unknown".to_owned(),
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The record. Its `is_you`, which depends on the caller, is always false.
    pub user: User,
    /// Whether the user can log in.
    pub status: Status,
}

impl Entry {
    fn new(mut user: User) -> Self {
        user.is_you = false;
        let status = match (user.is_deleted, user.active_flag) {
            (Some(true), _) => Status::Deleted,
            (_, true) => Status::Active,
            (_, false) => Status::Deactivated,
        };
        Self { user, status }
    }
}

/// When a record was last changed, in milliseconds since 1970; long ago if that is unknown.
pub(super) fn modified_at(user: Option<&User>) -> f64 {
    user.and_then(|user| parse_time(user.modified.as_ref()?)).unwrap_or(f64::NEG_INFINITY)
}

/// Writes what became known of a user into the record.
pub(super) fn apply(user: &mut User, news: &News<Value>) {
    for (name, value) in &news.members {
        user.unfit.remove(*name);
        let text = || value.as_str().map(str::to_owned);
        match (*name, text()) {
            ("phone", text) => user.phone = text,
            ("last_login", text) => user.last_login = text,
            ("modified", text) => user.modified = text,
            ("icon_url", text) => user.icon_url = text,
            ("active_flag", _) => user.active_flag = value.as_bool().unwrap_or(user.active_flag),
            ("name", Some(text)) => user.name = text,
            ("email", Some(text)) => user.email = text,
            ("default_currency", Some(text)) => user.default_currency = text,
            ("locale", Some(text)) => user.locale = text,
            ("timezone_name", Some(text)) => user.timezone_name = text,
            ("created", Some(text)) => user.created = text,
            _ => {}
        }
    }
    if news.is_deleted {
        user.active_flag = false;
        user.is_deleted = Some(true);
    }
}

pub(super) struct People {
    /// In Pipedrive's order.
    list: Vec<Arc<Entry>>,
    by_id: HashMap<u64, usize>,
    by_email: HashMap<String, Arc<Entry>>,
    index: Index,
    is_indexed: bool,
}

impl People {
    pub(super) fn new() -> Self {
        Self {
            list: Vec::new(),
            by_id: HashMap::new(),
            by_email: HashMap::new(),
            index: Index::new(),
            is_indexed: false,
        }
    }

    pub(super) fn list(&self) -> &[Arc<Entry>] {
        &self.list
    }

    pub(super) fn by_id(&self, id: u64) -> Option<&Arc<Entry>> {
        self.list.get(*self.by_id.get(&id)?)
    }

    /// Adds a user, or replaces the one with the same id.
    pub(super) fn set(&mut self, user: User) {
        self.is_indexed = false;
        let id = user.id;
        let entry = Arc::new(Entry::new(user));
        if let Some(known) = self.by_id.get(&id).and_then(|index| self.list.get_mut(*index)) {
            *known = entry;
        } else {
            self.by_id.insert(id, self.list.len());
            self.list.push(entry);
        }
    }

    pub(super) fn by_email(&mut self, email: &str) -> Option<Arc<Entry>> {
        self.index();
        self.by_email.get(&fold_email(email)).cloned()
    }

    pub(super) fn search(&mut self, text: &str) -> Vec<Arc<Entry>> {
        self.index();
        let query: Vec<_> = fold(text).chars().map(u32::from).collect();
        if query.len() > LONGEST_QUERY {
            return Vec::new();
        }
        self.index.query().iter_mut().zip(&query).for_each(|(room, letter)| *room = *letter);
        let count = self.index.search(query.len());
        let lines = self.index.found().iter().take(count);
        lines.filter_map(|line| self.list.get(usize::try_from(*line).ok()?)).cloned().collect()
    }

    fn index(&mut self) {
        if self.is_indexed {
            return;
        }
        self.is_indexed = true;
        self.by_email.clear();
        let mut text = String::new();
        for entry in &self.list {
            let User { name, email, .. } = &entry.user;
            text.push(if entry.status == Status::Active { '0' } else { '1' });
            text.push_str(&fold(name));
            text.push('\t');
            text.push_str(&fold(email));
            text.push('\n');
            // An address can be given to somebody else when its owner leaves.
            let of_email = self.by_email.entry(fold_email(email)).or_insert_with(|| Arc::clone(entry));
            if of_email.status != Status::Active {
                *of_email = Arc::clone(entry);
            }
        }
        let letters = text.chars().count();
        let room = self.index.text(letters, self.list.len());
        room.iter_mut().zip(text.chars()).for_each(|(room, letter)| *room = letter.into());
    }
}
