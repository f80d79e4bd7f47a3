//! The directory over the sandbox, in virtual time.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::*;
use crate::client::config::{Config, Credential};
use crate::transport::{Clock, SandboxWorld, Scripted};

const SECOND: Duration = Duration::from_secs(1);

fn open(options: DirectoryOptions) -> (SandboxWorld, Client<SandboxWorld>, Directory<SandboxWorld>) {
    let world = SandboxWorld::default();
    let credential = Credential::api_token(&world.tokens().api_token).expect("a token");
    let config = Config::builder().credential(credential).max_retries(0).build().expect("a configuration");
    let client = Client::new(config, world.clone());
    let directory = Directory::new(client.clone(), options, world.spawner());
    (world, client, directory)
}

fn spent(client: &Client<SandboxWorld>) -> u32 {
    u32::try_from(client.usage().total().tokens_spent).expect("few")
}

#[test]
fn a_thousand_lookups_cost_one_list() {
    let (world, client, directory) = open(DirectoryOptions::default());
    world
        .run(async {
            let together: Vec<_> = (0..500).map(|index| directory.by_id(1 + index % 25)).collect();
            for found in join_all(together).await {
                assert!(!found.expect("a list").expect("somebody").user.is_you);
            }
            for index in 0..500 {
                let entry = directory.by_id(1 + index % 25).await.expect("a list").expect("somebody");
                let email = entry.user.email.to_uppercase();
                assert_eq!(directory.by_email(&email).await.expect("a list"), Some(entry.clone()));
                let found = directory.search(&entry.user.name).await.expect("a list");
                assert!(found.contains(&entry), "{}", entry.user.name);
            }
        })
        .expect("an end");
    assert_eq!(spent(&client), 20);
    let status = |id| directory.peek(id).map(|entry| entry.status);
    assert_eq!(
        [status(1), status(4), status(5)],
        [Some(Status::Active), Some(Status::Deactivated), Some(Status::Deleted)]
    );
}

#[test]
fn what_is_stale_is_given_while_one_refresh_runs_behind() {
    let (world, client, directory) = open(DirectoryOptions { max_age: SECOND, stale: 10 * SECOND });
    world
        .run(async {
            let first = directory.by_id(1).await.expect("a list");
            world.sleep(2 * SECOND).await;
            let before = world.now();
            let both = join_all([directory.by_id(1), directory.by_id(1)]).await;
            assert_eq!(world.now(), before, "at once");
            assert!(both.iter().all(|entry| entry.as_ref().is_ok_and(|entry| *entry == first)));
            world.sleep(SECOND / 10).await;
            assert_eq!(spent(&client), 40);
            world.sleep(20 * SECOND).await;
            let before = world.now();
            for entry in join_all((0..10).map(|_| directory.by_id(2))).await {
                assert!(entry.expect("a list").is_some());
            }
            assert!(world.now() > before, "it waited");
            assert_eq!(spent(&client), 60);
        })
        .expect("an end");
}

#[test]
fn a_failing_refresh_leaves_what_is_there() {
    let (world, _, directory) = open(DirectoryOptions { max_age: SECOND, stale: 10 * SECOND });
    let fail = || {
        world.script([Scripted::response(500, "{}")]);
    };
    let failures = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&failures);
    let _subscription = directory.subscribe(move |change| {
        counted.fetch_add(u32::from(matches!(change, Change::Failed(_))), Ordering::Relaxed);
    });
    world
        .run(async {
            directory.all().await.expect("a list");
            world.sleep(2 * SECOND).await;
            fail();
            assert!(directory.by_id(1).await.expect("the old list").is_some());
            world.sleep(SECOND / 10).await;
            assert_eq!(directory.error().map(|error| error.kind()), Some(Kind::Server));
            world.sleep(20 * SECOND).await;
            fail();
            let error = directory.by_id(1).await.expect_err("too old");
            assert_eq!((error.kind(), directory.entries().len()), (Kind::Server, 25));
            assert!(directory.by_id(1).await.expect("a list").is_some());
            assert!(directory.error().is_none());
        })
        .expect("an end");
    assert_eq!(failures.load(Ordering::Relaxed), 2);
}

#[test]
fn unknown_ids_are_asked_for_the_cheaper_way() {
    let (world, client, directory) = open(DirectoryOptions::default());
    world
        .run(async {
            assert_eq!(directory.by_id(99).await.expect("a list"), None);
            assert_eq!(spent(&client), 20, "the list that was asked for then does not have it");
            world.sleep(SECOND).await;
            let none = directory.by_ids(&[97, 1, 98, 97]).await.expect("an answer");
            assert_eq!(none.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false, false]);
            assert_eq!(spent(&client), 24);
            directory.by_ids(&[97, 98]).await.expect("an answer");
            assert_eq!(spent(&client), 24, "remembered");
            let many: Vec<u64> = (100..110).collect();
            directory.by_ids(&many).await.expect("an answer");
            assert_eq!(spent(&client), 44, "ten cost as much as the list");
        })
        .expect("an end");
}

#[test]
fn what_is_declared_invalid_is_asked_for_again() {
    let (world, client, directory) = open(DirectoryOptions::default());
    world
        .run(async {
            directory.all().await.expect("a list");
            directory.invalidate_user(2);
            directory.by_ids(&[1, 2, 2]).await.expect("an answer");
            directory.by_id(2).await.expect("an answer");
            assert_eq!(spent(&client), 22);
            directory.invalidate();
            directory.by_id(1).await.expect("a list");
            assert_eq!(spent(&client), 42);
        })
        .expect("an end");
}

#[test]
fn webhooks_are_merged_in_order_and_only_from_this_company() {
    let (world, client, directory) = open(DirectoryOptions::default());
    world
        .run(async {
            directory.all().await.expect("a list");
            let company = client.get_current_user().await.expect("me").company_id;
            let body = |company: u64, at: f64, name: &str| -> String {
                let data = json!({ "id": "2", "name": name, "active_flag": false });
                let meta = json!({
                    "action": "change", "entity": "user", "entity_id": "2", "version": "2.0",
                    "company_id": company.to_string(), "timestamp": at,
                });
                Value::to_string(&json!({ "data": data, "meta": meta, "previous": null }))
            };
            let now = world.wall().as_ms();
            assert!(directory.merge_webhook(&body(company, now, "Vesper")).await.expect("merged"));
            let entry = directory.peek(2).expect("somebody");
            assert_eq!((entry.user.name.as_str(), entry.status), ("Vesper", Status::Deactivated));
            let refused = [
                body(company, now, "replayed"),
                body(company, now - 1.0, "late"),
                body(company + 1, now + 1.0, "of another company"),
                String::from("{"),
            ];
            for refused in refused {
                assert!(!directory.merge_webhook(&refused).await.expect("ignored"), "{refused}");
            }
            assert_eq!(directory.search("vesper").await.expect("a list").len(), 1);
            let before = spent(&client);
            // The rest is asked for behind.
            assert_eq!(directory.name_of(2).await.expect("a name").as_deref(), Some("Vesper"));
            world.sleep(SECOND / 10).await;
            assert_eq!(spent(&client), before + 2);
            assert_eq!(directory.peek(2).expect("somebody").status, Status::Active);
        })
        .expect("an end");
}
