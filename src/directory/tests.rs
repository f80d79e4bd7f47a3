//! The directory over the sandbox, in virtual time.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::*;
use crate::client::config::{Config, Credential};
use crate::error::Kind;
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
fn ages_of_nothing_cost_a_list_for_each_question_and_end() {
    let (world, client, directory) =
        open(DirectoryOptions { max_age: Duration::ZERO, stale: Duration::ZERO });
    world
        .run(async {
            for cost in [20, 40] {
                let together = [directory.by_id(1), directory.by_id(2)];
                for found in join_all(together).await {
                    assert!(found.expect("a list").is_some());
                }
                assert_eq!(spent(&client), cost);
            }
        })
        .expect("an end");
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
            let none = directory.by_ids(&[97, 1, 98, 97]).await.expect("a result");
            assert_eq!(none.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false, false]);
            assert_eq!(spent(&client), 24);
            directory.by_ids(&[97, 98]).await.expect("a result");
            assert_eq!(spent(&client), 24, "remembered");
            let many: Vec<u64> = (100..110).collect();
            directory.by_ids(&many).await.expect("a result");
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
            directory.by_ids(&[1, 2, 2]).await.expect("a result");
            directory.by_id(2).await.expect("a result");
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

#[test]
fn ids_that_do_not_exist_cost_no_more_than_a_list_however_many_they_are() {
    let (world, client, directory) = open(DirectoryOptions { max_age: 60 * SECOND, stale: 600 * SECOND });
    world
        .run(async {
            directory.all().await.expect("a list");
            world.sleep(SECOND).await;
            for id in 1_000..1_500 {
                assert_eq!(directory.by_id(id).await.expect("a result"), None);
                world.sleep(SECOND / 100).await;
            }
            assert_eq!(spent(&client), 20 + 20);
            assert_eq!(directory.by_ids(&[1, 2_000, 2_001]).await.expect("a result")[1], None);
            assert_eq!(spent(&client), 40);
            world.sleep(60 * SECOND).await;
            directory.all().await.expect("a list");
            world.sleep(SECOND).await;
            directory.by_id(3_000).await.expect("a result");
            assert_eq!(spent(&client), 40 + 20 + 2, "another list, other ids");
        })
        .expect("an end");
}

#[test]
fn records_without_their_id_are_left_out_and_others_have_no_names_to_search() {
    let (world, _, directory) = open(DirectoryOptions::default());
    let body =
        json!({ "success": true, "data": [null, [], { "id": "7" }, { "id": 8, "name": 7, "email": null }] });
    let other = json!({ "success": true, "data": { "id": 8, "name": "Ann" } });
    world.script([Scripted::response(200, &body.to_string()), Scripted::response(200, &other.to_string())]);
    world
        .run(async {
            let all = directory.all().await.expect("a list");
            assert_eq!(all.iter().map(|entry| entry.user.id).collect::<Vec<_>>(), [8]);
            assert_eq!(all[0].user.unfit["name"], 7);
            world.sleep(SECOND).await;
            let error = directory.by_id(9).await.expect_err("the record of another");
            assert_eq!(
                (error.kind(), directory.peek(8).expect("she").user.name.as_str()),
                (Kind::Decode, "")
            );
        })
        .expect("an end");
}

#[test]
fn what_was_asked_for_before_it_was_declared_invalid_is_not_given_after() {
    let (world, client, directory) = open(DirectoryOptions::default());
    world.set_latency(SECOND);
    world
        .run(async {
            directory.all().await.expect("a list");
            directory.invalidate_user(2);
            let (first, second) = futures_util::future::join(directory.by_id(2), async {
                world.sleep(SECOND / 2).await;
                directory.invalidate_user(2);
                let since = world.now();
                directory.by_id(2).await.expect("a result");
                world.now().saturating_sub(since)
            })
            .await;
            first.expect("a result");
            assert!(second >= SECOND, "it waited for a request of its own: {second:?}");
            assert_eq!(spent(&client), 24);
        })
        .expect("an end");
}

#[tokio::test]
async fn a_listener_that_panics_keeps_nobody_waiting() {
    let (_, client, _) = open(DirectoryOptions::default());
    let directory = Directory::new(client, DirectoryOptions::default(), |task| {
        tokio::spawn(task);
    });
    let calls = SharedRef::new(AtomicU32::new(0));
    let count = SharedRef::clone(&calls);
    let panics = directory.subscribe(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        panic!("on purpose");
    });
    assert_eq!(directory.all().await.expect("a list").len(), 25);
    directory.invalidate_user(2);
    assert!(directory.by_id(2).await.expect("a result").is_some());
    directory.invalidate();
    assert!(directory.by_id(3).await.expect("a result").is_some());
    tokio::task::yield_now().await;
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    drop(panics);
}

#[test]
fn an_executor_that_drops_its_tasks_fails_those_who_wait() {
    let (world, client, _) = open(DirectoryOptions::default());
    let directory = Directory::new(client.clone(), DirectoryOptions::default(), drop);
    for _ in 0..2 {
        let result = world.run(directory.all()).expect("an end");
        assert!(result.expect_err("nobody asked").is_connection());
    }
    assert!(directory.error().is_some() && spent(&client) == 0);
    // The list comes, and then the executor is gone.
    let tasks = SharedRef::new(Lock::new(1));
    let spawner = world.spawner();
    let directory = Directory::new(client, DirectoryOptions::default(), move |task| {
        let mut left = tasks.borrow_mut();
        if *left > 0 {
            *left -= 1;
            spawner(task);
        }
    });
    world
        .run(async {
            directory.all().await.expect("a list");
            world.sleep(SECOND).await;
            for ids in [vec![99], (100..120).collect()] {
                let error = directory.by_ids(&ids).await.expect_err("nobody asked");
                assert!(error.is_connection(), "{error}");
            }
            assert!(directory.name_of(1).await.expect("in memory").is_some());
        })
        .expect("an end");
}
