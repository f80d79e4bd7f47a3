//! The function and the test of the crate's front page.

use pipedrive_users::config::Credential;
use pipedrive_users::transport::{Runtime, SandboxWorld};
use pipedrive_users::{Client, Config, Result};

/// The names of the users who can sign in.
pub async fn active_names<R: Runtime>(client: &Client<R>) -> Result<Vec<String>> {
    let users = client.get_users().await?;
    Ok(users.into_iter().filter(|user| user.active_flag).map(|user| user.name).collect())
}

#[tokio::test]
async fn only_active_users_are_named() {
    let world = SandboxWorld::default();
    let credential = Credential::api_token(&world.tokens().api_token).expect("a token");
    let client = Client::new(Config::new(credential), world.clone());
    assert_eq!(active_names(&client).await.expect("a response").len(), 23);
}
