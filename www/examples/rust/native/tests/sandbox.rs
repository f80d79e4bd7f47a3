//! The program against the sandbox: no network, no waiting, and any failure on demand.

use pipedrive_users::config::Credential;
use pipedrive_users::error::Kind;
use pipedrive_users::transport::{SandboxWorld, Scripted};
use pipedrive_users::{Client, Config, Error};

fn client(world: &SandboxWorld) -> Client<SandboxWorld> {
    let token = Credential::api_token(&world.tokens().api_token).expect("a good token");
    Client::new(Config::new(token), world.clone())
}

#[tokio::test]
async fn admins_are_found() {
    let world = SandboxWorld::default();
    let admins = native::sales_admins(&client(&world)).await.expect("a response");
    assert!(!admins.is_empty() && admins.len() < 25, "{admins:?}");
}

#[tokio::test]
async fn followers_are_counted_and_an_unknown_user_has_none() {
    let world = SandboxWorld::default();
    assert_eq!(native::follower_count(&client(&world), 1).await.expect("a response"), 24);
    assert_eq!(native::follower_count(&client(&world), 999_999).await.expect("a response"), 0);
}

#[tokio::test]
async fn an_outage_is_an_error_of_its_kind() {
    let world = SandboxWorld::default();
    world.script(std::iter::repeat_n(Scripted::response(503, "{}"), 3));
    let error = native::sales_admins(&client(&world)).await.expect_err("three times 503");
    assert_eq!(error.downcast_ref::<Error>().map(Error::kind), Some(Kind::Server));
}
