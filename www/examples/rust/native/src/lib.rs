//! What the program does, over any runtime: tests give it the sandbox.

use anyhow::Result;
use futures_util::TryStreamExt;
use pipedrive_users::Client;
use pipedrive_users::models::AccessApp;
use pipedrive_users::transport::Runtime;

/// Who administers the sales app, by name.
pub async fn sales_admins<R: Runtime>(client: &Client<R>) -> Result<Vec<String>> {
    let users = client.get_users().await?;
    let admins = users.into_iter().filter(|user| user.active_flag && user.is_admin(&AccessApp::Sales));
    Ok(admins.map(|user| user.name).collect())
}

/// How many users follow a user, one page of 500 at a time; nobody where there is no such user.
pub async fn follower_count<R: Runtime>(client: &Client<R>, id: u64) -> Result<usize> {
    let followers = client.get_user_followers(id).limit(500).pages().items();
    match followers.try_fold(0, |count, _| async move { Ok(count + 1) }).await {
        Ok(count) => Ok(count),
        Err(error) if error.is_not_found() => Ok(0),
        Err(error) => Err(error.into()),
    }
}
