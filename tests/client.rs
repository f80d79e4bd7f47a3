//! The client from Rust, against the sandbox, in a world where time passes only when everybody waits: no test sleeps.
#![cfg(all(feature = "sandbox", not(target_arch = "wasm32")))]

use std::time::Duration;

use pipedrive_users::api::add_user::{NewAccess, NewUser};
use pipedrive_users::config::Credential;
use pipedrive_users::error::Kind;
use pipedrive_users::models::AccessApp;
use pipedrive_users::sandbox::Options;
use pipedrive_users::transport::{SandboxWorld, Scripted};
use pipedrive_users::{Client, Config, Error};

fn world() -> SandboxWorld {
    SandboxWorld::new(&Options { users: 40, ..Options::default() }).expect("good options")
}

fn client(world: &SandboxWorld) -> Client<SandboxWorld> {
    let credential = Credential::api_token(&world.tokens().api_token).expect("a good token");
    Client::new(Config::new(credential), world.clone())
}

fn response(status: u16, body: &str) -> Scripted {
    Scripted::response(status, body)
}

#[test]
fn all_ten_operations() {
    let world = world();
    let client = client(&world);
    let result: Result<(), Error> = world
        .run(async {
            let me = client.get_current_user().await?;
            assert_eq!((me.id, me.company_domain.as_str()), (1, "casinoroyale"));
            assert_eq!(client.get_users().await?.len(), 40);
            let user = client.get_user(2).await?;
            assert_eq!(
                client.find_users_by_name(&user.email).search_by_email(true).await?,
                vec![user.clone()]
            );
            let page = client.get_user_followers(1).limit(15).await?;
            assert_eq!(page.items.len(), 15);
            assert_eq!(client.get_user_followers(1).limit(15).pages().collect(1000).await?.len(), 39);
            assert_eq!(client.get_user_permissions(1).await?.can_use_api, Some(true));
            assert_eq!(client.get_user_role_assignments(1).limit(2).pages().collect(4).await?.len(), 4);
            assert!(client.get_user_role_settings(1).await?.deal_default_visibility.is_some());
            let new = NewUser::new("q@mi6.example").access([NewAccess::new(AccessApp::Sales).admin(true)]);
            let added = client.add_user(new).await?;
            assert_eq!(added.access.as_deref().map(|access| access[0].admin), Some(true));
            assert!(!client.update_user(added.id, false).await?.active_flag);
            assert!(!client.get_user(added.id).await?.active_flag);
            Ok(())
        })
        .expect("it ends");
    result.expect("all have a response");
}

#[test]
fn the_credential_is_in_its_header_and_nowhere_else() {
    let world = world();
    let tokens = world.tokens();
    for (credential, name, value) in [
        (Credential::api_token(&tokens.api_token), "x-api-token", tokens.api_token.clone()),
        (
            Credential::access_token(&tokens.access_token),
            "authorization",
            format!("Bearer {}", tokens.access_token),
        ),
    ] {
        let client = Client::new(Config::new(credential.expect("a good token")), world.clone());
        world.run(async { client.get_user(1).await }).expect("it ends").expect("a response");
        let request = world.sent().pop().expect("a request");
        assert_eq!(request.url, "https://api.pipedrive.com/v1/users/1");
        let carrying: Vec<_> = request.headers.0.iter().filter(|(_, held)| *held == value).collect();
        assert_eq!(carrying, [&(name.to_owned(), value)]);
        assert!(!format!("{request:?}").contains(&tokens.api_token));
    }
}

#[test]
fn members_that_no_model_names_are_kept() {
    let world = world();
    let client = client(&world);
    let body = r#"{"success":true,"data":{"can_use_api":false,"can_fly":true,"can_use_import":true}}"#;
    world.script([response(200, body)]);
    let permissions =
        world.run(async { client.get_user_permissions(1).await }).expect("it ends").expect("a response");
    assert_eq!((permissions.can_use_api, permissions.extra.get("can_fly")), (Some(false), Some(&true)));
    let settings = r#"{"success":true,"data":{"deal_default_visibility":9,"new_thing":{"a":[1,null]}}}"#;
    world.script([response(200, settings)]);
    let settings =
        world.run(async { client.get_user_role_settings(1).await }).expect("it ends").expect("a response");
    assert_eq!(
        serde_json::to_string(&settings).expect("JSON"),
        r#"{"deal_default_visibility":9,"new_thing":{"a":[1,null]}}"#
    );
}

#[test]
fn data_is_returned_as_it_came_where_that_is_asked_for() {
    let world = world();
    let client = client(&world);
    world.script([response(200, r#"{"success":true,"data":{"id":"seven"}}"#)]);
    let raw = world.run(client.get_user(7).raw()).expect("it ends").expect("the data as it came");
    assert_eq!(raw, serde_json::json!({ "id": "seven" }));
}

#[test]
fn a_bad_parameter_or_option_sends_nothing() {
    let world = world();
    let client = client(&world);
    for call in [
        client.get_user(0),
        client.get_user(1 << 53),
        client.get_user(1).timeout(Duration::ZERO),
        client.get_user(1).header("a b", "c"),
    ] {
        let error = world.run(call.into_future()).expect("it ends").expect_err("it is refused");
        assert_eq!(error.kind(), Kind::Argument, "{error}");
    }
    assert!(world.sent().is_empty());
}
