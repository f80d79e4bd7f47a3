//! News that a webhook brings: they are in the directory at once.

use serde_json::Value;

use super::listeners::Change;
use super::machine::is_news;
use super::people::{apply, modified_at};
use super::{Directory, news};
use crate::error::Result;
use crate::transport::Runtime;

impl<R: Runtime> Directory<R> {
    /// Takes the body of one of Pipedrive's webhooks for users: the members that it carries at once, and the rest is asked for
    /// when it is needed. Returns whether it changed anything: a webhook of another company, a malformed one, and one that is
    /// older than what is known, does not. Check its Basic authentication before.
    ///
    /// ```
    /// # use pipedrive_users::{Result, directory::Directory, transport::Runtime};
    /// # async fn example<R: Runtime>(directory: Directory<R>) -> Result<()> {
    /// let body = r#"{ "meta": { "version": "2.0", "entity": "deal" }, "data": {} }"#;
    /// assert!(!directory.merge_webhook(body).await?, "it is about no user");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Kind`](crate::error::Kind): the first webhook asks once which company it is.
    pub async fn merge_webhook(&self, body: &str) -> Result<bool> {
        let Some(news) = serde_json::from_str(body).ok().and_then(|body| news::read::<Value>(&body)) else {
            return Ok(false);
        };
        if news.company_id != self.company_id().await? {
            return Ok(false);
        }
        let id = news.id;
        let since = self.now();
        let is_known = {
            let mut state = self.0.state.borrow_mut();
            let current = state.people.by_id(id).map(|entry| entry.user.clone());
            let last = state.news.get(&id).map_or(f64::NEG_INFINITY, |(news, _)| news.at);
            if !is_news(news.at, last, modified_at(current.as_ref())) {
                return Ok(false);
            }
            state.missing.remove(&id);
            let is_known = current.is_some();
            if let Some(mut user) = current {
                apply(&mut user, &news);
                state.people.set(user);
                state.outdated.insert(id, (true, since));
            }
            state.news.insert(id, (news, since));
            is_known || state.people.list().is_empty()
        };
        if is_known {
            self.emit(&Change::Changed);
        } else {
            self.ask(id).await?;
        }
        Ok(true)
    }

    /// The company of the client: nothing that a caller says is as certain.
    async fn company_id(&self) -> Result<u64> {
        if let Some(id) = self.0.state.borrow().company_id {
            return Ok(id);
        }
        let id = self.0.client.get_current_user().await?.company_id;
        self.0.state.borrow_mut().company_id = Some(id);
        Ok(id)
    }
}
