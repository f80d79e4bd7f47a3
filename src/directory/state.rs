//! What a directory holds in memory, besides its listeners.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::machine::{Machine, is_news};
use super::news::News;
use super::people::{Entry, People, apply, modified_at};
use super::shared::Shared;
use crate::error::Error;
use crate::models::User;

/// A user who is asked for: all who wait get what comes.
pub(super) type Asked = Shared<Option<Arc<Entry>>>;

pub(super) struct State {
    pub(super) machine: Machine,
    pub(super) people: People,
    pub(super) error: Option<Error>,
    pub(super) refreshing: Option<Shared<()>>,
    pub(super) company_id: Option<u64>,
    /// Ids that are asked for, and those of them that are collected still.
    pub(super) asked: HashMap<u64, Asked>,
    pub(super) batch: Vec<(u64, Asked)>,
    /// When Pipedrive responded that an id does not exist.
    pub(super) missing: HashMap<u64, f64>,
    /// The entries that are not to be given as they are: whether they are given until they were asked for, and since when.
    pub(super) outdated: HashMap<u64, (bool, f64)>,
    /// The last news of each user, and when it came.
    pub(super) news: HashMap<u64, (News<Value>, f64)>,
}

/// What a lookup of one user finds in memory.
pub(super) enum Found {
    /// This is what the lookup returns.
    Given(Option<Arc<Entry>>),
    /// So is this, and the user is asked for behind.
    GivenAndAsked(Arc<Entry>),
    /// The user has to be asked for.
    Asked,
}

impl State {
    /// Writes the news into a record that came after it was asked for.
    pub(super) fn catch_up(&mut self, user: &mut User, asked_at: f64) {
        if self.outdated.get(&user.id).is_some_and(|(_, since)| asked_at >= *since) {
            self.outdated.remove(&user.id);
        }
        if let Some((news, since)) = self.news.get(&user.id)
            && *since > asked_at
            && is_news(news.at, f64::NEG_INFINITY, modified_at(Some(user)))
        {
            apply(user, news);
        }
    }
}
