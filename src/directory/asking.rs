//! What a directory asks Pipedrive for: the list, and single users. Whatever becomes of a task, those who wait for it get a result.

use std::sync::Arc;

use super::listeners::Change;
use super::machine::{Step, asks_each};
use super::people::People;
use super::shared::Shared;
use super::{Asked, Directory, Entry};
use crate::error::{Error, Kind, Result};
use crate::models::User;
use crate::transport::Runtime;

impl<R: Runtime> Directory<R> {
    /// Waits, if what is there is too old. Begins a refresh, if it is time for one.
    pub(super) async fn ready(&self) -> Result<()> {
        loop {
            let (step, refreshing) = {
                let mut state = self.0.state.borrow_mut();
                let step = state.machine.look(self.now());
                if matches!(step, Step::GiveAndRefresh | Step::RefreshAndWait) {
                    state.refreshing = Some(Shared::new());
                }
                (step, state.refreshing.clone())
            };
            if matches!(step, Step::GiveAndRefresh | Step::RefreshAndWait) {
                self.refresh();
            }
            if matches!(step, Step::Give | Step::GiveAndRefresh) {
                return Ok(());
            }
            if let Some(refreshing) = refreshing {
                refreshing.await?;
            }
            // What was declared invalid meanwhile is asked for again; anything else is given, however soon it is too old.
            if self.0.state.borrow().machine.is_filled() {
                return Ok(());
            }
        }
    }

    /// Begins to ask for an id that is not known, if it is to be asked for.
    pub(super) fn start(&self, id: u64) -> Option<Asked> {
        let now = self.now();
        {
            let state = self.0.state.borrow();
            let missing = state.missing.get(&id).copied().unwrap_or(f64::NEG_INFINITY);
            if state.people.by_id(id).is_some() || state.machine.is_missing(now, missing, now) {
                return None;
            }
        }
        Some(self.ask(id))
    }

    /// Asks for a user, once for all who wait: those who are asked for at the same time may come with the list.
    pub(super) fn ask(&self, id: u64) -> Asked {
        let mut state = self.0.state.borrow_mut();
        if let Some(asked) = state.asked.get(&id) {
            return asked.clone();
        }
        let asked = Asked::new();
        state.asked.insert(id, asked.clone());
        state.batch.push((id, asked.clone()));
        let is_first = state.batch.len() == 1;
        drop(state);
        if is_first {
            let task = Batch(self.clone());
            (self.0.spawn)(Box::pin(async move { task.run().await }));
        }
        asked
    }

    async fn ask_each(&self, id: u64) -> Result<Option<Arc<Entry>>> {
        let asked_at = self.now();
        match self.0.client.get_user(id).await {
            Ok(user) if user.id != id => {
                let text = "the record has another id than the one that was asked for";
                Err(Error::of(Kind::Decode, "getUser", text))
            }
            Ok(mut user) => {
                let mut state = self.0.state.borrow_mut();
                state.catch_up(&mut user, asked_at);
                state.people.set(user);
                Ok(state.people.by_id(id).cloned())
            }
            Err(error) if error.kind() == Kind::NotFound => {
                let mut state = self.0.state.borrow_mut();
                state.missing.insert(id, asked_at);
                state.machine.on_missing();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Wakes those who wait for a user. Others may have begun to, for one who was declared invalid.
    fn settle(&self, id: u64, asked: &Asked, result: Result<Option<Arc<Entry>>>) {
        let mut state = self.0.state.borrow_mut();
        if state.asked.get(&id) == Some(asked) {
            state.asked.remove(&id);
        }
        drop(state);
        asked.settle(result);
    }

    /// Fills the directory. The machine has begun a refresh.
    fn refresh(&self) {
        let task = Refresh { directory: self.clone(), is_over: false };
        (self.0.spawn)(Box::pin(async move { task.run().await }));
    }

    /// Takes a list, or why there is none, and wakes those who wait for it.
    fn on_list(&self, asked_at: f64, result: Result<Vec<User>>) -> Change {
        let now = self.now();
        let (refreshing, change) = {
            let mut state = self.0.state.borrow_mut();
            let change = match result {
                Ok(users) => {
                    let mut people = People::new();
                    // Nobody can be asked for by an id that did not come.
                    for mut user in users.into_iter().filter(|user| user.id > 0) {
                        state.catch_up(&mut user, asked_at);
                        people.set(user);
                    }
                    state.people = people;
                    state.error = None;
                    state.missing.clear();
                    state.machine.on_filled(asked_at);
                    Change::Changed
                }
                Err(error) => {
                    state.error = Some(error.clone());
                    state.machine.on_failed(now);
                    Change::Failed(error)
                }
            };
            (state.refreshing.take(), change)
        };
        if let Some(refreshing) = refreshing {
            refreshing.settle(match &change {
                Change::Changed => Ok(()),
                Change::Failed(error) => Err(error.clone()),
            });
        }
        change
    }
}

/// What those who wait get where the executor dropped the task.
fn stopped(operation: &'static str) -> Error {
    Error::of(Kind::Connection, operation, "the task that asked was stopped before its end")
}

/// The task that asks for the list.
struct Refresh<R: Runtime> {
    directory: Directory<R>,
    is_over: bool,
}

impl<R: Runtime> Refresh<R> {
    async fn run(mut self) {
        let asked_at = self.directory.now();
        let result = self.directory.0.client.get_users().await;
        self.is_over = true;
        let change = self.directory.on_list(asked_at, result);
        self.directory.emit(&change);
    }
}

impl<R: Runtime> Drop for Refresh<R> {
    fn drop(&mut self) {
        if !self.is_over {
            let now = self.directory.now();
            self.directory.on_list(now, Err(stopped("getUsers")));
        }
    }
}

/// The task that asks for all ids that are asked for at the same time.
struct Batch<R: Runtime>(Directory<R>);

impl<R: Runtime> Batch<R> {
    async fn run(self) {
        let directory = &self.0;
        let all = std::mem::take(&mut directory.0.state.borrow_mut().batch);
        if asks_each(u32::try_from(all.len()).unwrap_or(u32::MAX)) {
            for (id, asked) in all {
                let task = Single { directory: directory.clone(), id, asked };
                (directory.0.spawn)(Box::pin(async move { task.run().await }));
            }
            return;
        }
        Listed { directory: directory.clone(), all }.run().await;
    }
}

impl<R: Runtime> Drop for Batch<R> {
    fn drop(&mut self) {
        let all = std::mem::take(&mut self.0.0.state.borrow_mut().batch);
        for (id, asked) in &all {
            self.0.settle(*id, asked, Err(stopped("getUser")));
        }
    }
}

/// The task that asks for one user.
struct Single<R: Runtime> {
    directory: Directory<R>,
    id: u64,
    asked: Asked,
}

impl<R: Runtime> Single<R> {
    async fn run(self) {
        let result = self.directory.ask_each(self.id).await;
        let is_changed = matches!(result, Ok(Some(_)));
        self.directory.settle(self.id, &self.asked, result);
        if is_changed {
            self.directory.emit(&Change::Changed);
        }
    }
}

impl<R: Runtime> Drop for Single<R> {
    /// They have their result where it came to its end.
    fn drop(&mut self) {
        self.directory.settle(self.id, &self.asked, Err(stopped("getUser")));
    }
}

/// So many ids that the list is cheaper.
struct Listed<R: Runtime> {
    directory: Directory<R>,
    all: Vec<(u64, Asked)>,
}

impl<R: Runtime> Listed<R> {
    async fn run(self) {
        let directory = &self.directory;
        let since = directory.now();
        let (is_first, refreshing) = {
            let mut state = directory.0.state.borrow_mut();
            let is_first = state.machine.begin();
            let refreshing = if is_first { Some(Shared::new()) } else { state.refreshing.clone() };
            state.refreshing.clone_from(&refreshing);
            (is_first, refreshing)
        };
        if is_first {
            directory.refresh();
        }
        let result = match refreshing {
            Some(refreshing) => refreshing.await,
            None => Ok(()),
        };
        for (id, asked) in &self.all {
            let found = result.clone().map(|()| directory.peek(*id));
            if matches!(found, Ok(None)) {
                directory.0.state.borrow_mut().missing.insert(*id, since);
            }
            directory.settle(*id, asked, found);
        }
    }
}

impl<R: Runtime> Drop for Listed<R> {
    fn drop(&mut self) {
        for (id, asked) in &self.all {
            self.directory.settle(*id, asked, Err(stopped("getUsers")));
        }
    }
}
