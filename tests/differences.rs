//! A difference in a record fails no call: whatever becomes of the members of a response, every typed call returns records, and
//! what does not fit them is in their `unfit`, as it came.
#![cfg(all(feature = "sandbox", not(target_arch = "wasm32")))]

use std::future::IntoFuture;
use std::sync::LazyLock;

use pipedrive_users::api::add_user::NewUser;
use pipedrive_users::api::{ENDPOINTS, REFERENCE};
use pipedrive_users::config::Credential;
use pipedrive_users::models::{
    AccessApp, CurrentUser, Follower, RoleAssignment, RoleSettings, User, UserPermissions,
};
use pipedrive_users::transport::{SandboxWorld, Scripted};
use pipedrive_users::{Client, Config, Error, Result};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

fn client(world: &SandboxWorld) -> Client<SandboxWorld> {
    let credential = Credential::api_token(&world.tokens().api_token).expect("a good token");
    Client::new(Config::new(credential), world.clone())
}

/// The operations that the calls of a test make.
const OPERATIONS: [&str; 10] = [
    "getUsers",
    "findUsersByName",
    "getCurrentUser",
    "getUser",
    "getUserFollowers",
    "getUserPermissions",
    "getUserRoleAssignments",
    "getUserRoleSettings",
    "addUser",
    "updateUser",
];

/// Makes the call of an operation, and returns the JSON of its records.
async fn typed(client: &Client<SandboxWorld>, operation: &str) -> Result<Value> {
    fn json<M: Serialize>(records: M) -> Value {
        serde_json::to_value(records).expect("a record is JSON")
    }
    Ok(match operation {
        "getUsers" => json(client.get_users().await?),
        "findUsersByName" => json(client.find_users_by_name("a").await?),
        "getCurrentUser" => json(client.get_current_user().await?),
        "getUser" => json(client.get_user(2).await?),
        "getUserFollowers" => json(client.get_user_followers(1).limit(3).await?.items),
        "getUserPermissions" => json(client.get_user_permissions(1).await?),
        "getUserRoleAssignments" => json(client.get_user_role_assignments(1).limit(3).await?.items),
        "getUserRoleSettings" => json(client.get_user_role_settings(1).await?),
        "addUser" => json(client.add_user(NewUser::new("q@mi6.example")).await?),
        "updateUser" => json(client.update_user(2, true).await?),
        other => panic!("no call for {other}"),
    })
}

/// The `data` of a good response of each operation.
static EXAMPLES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let world = SandboxWorld::default();
    let client = client(&world);
    let calls = OPERATIONS.iter().map(|operation| {
        world.run(typed(&client, operation)).expect("it ends").unwrap_or_else(|error| panic!("{error}"))
    });
    calls.collect()
});

/// What is done to one value somewhere in a response.
#[derive(Clone, Debug)]
enum Change {
    Replace(Value),
    Remove,
    Add(String, Value),
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<u8>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(7.0)),
        Just(json!(1e300)),
        "[a-z0-9 \u{0}é]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,6}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => any_value().prop_map(Change::Replace),
        1 => Just(Change::Remove),
        1 => ("[a-z_]{1,6}", any_value()).prop_map(|(name, value)| Change::Add(name, value)),
    ]
}

/// Walks down from a value as the numbers say, and makes the change there; the value itself stays of its kind.
fn change(value: &mut Value, path: &[usize], what: &Change) {
    let (Some(step), is_last) = (path.first(), path.len() == 1) else { return };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let index = step % items.len();
            match what {
                Change::Replace(other) if is_last => items[index] = other.clone(),
                Change::Remove if is_last => drop(items.remove(index)),
                Change::Add(_, other) if is_last => items.insert(index, other.clone()),
                _ => change(&mut items[index], &path[1..], what),
            }
        }
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(step % members.len()).expect("a name").clone();
            match what {
                Change::Replace(other) if is_last => drop(members.insert(name, other.clone())),
                Change::Remove if is_last => drop(members.remove(&name)),
                Change::Add(name, other) if is_last => drop(members.insert(name.clone(), other.clone())),
                _ => change(&mut members[&name], &path[1..], what),
            }
        }
        _ => {}
    }
}

/// Whether records are what came. A member may be missing in one and null in the other, and whole numbers have several forms.
fn is_same(came: &Value, made: &Value) -> bool {
    match (came, made) {
        (Value::Object(came), Value::Object(made)) => {
            let both = |one: &Map<String, Value>, other: &Map<String, Value>| {
                one.iter().all(|(name, value)| is_same(value, other.get(name).unwrap_or(&Value::Null)))
            };
            both(came, made) && both(made, came)
        }
        (Value::Array(came), Value::Array(made)) => {
            came.len() == made.len() && came.iter().zip(made).all(|(came, made)| is_same(came, made))
        }
        (Value::Number(came), Value::Number(made)) => came == made || came.as_f64() == made.as_f64(),
        _ => came == made,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_difference_below_data_fails_no_call_and_loses_nothing(
        operation in 0..OPERATIONS.len(),
        changes in prop::collection::vec((prop::collection::vec(any::<usize>(), 1..5), any_change()), 1..6),
    ) {
        let mut data = EXAMPLES[operation].clone();
        for (path, what) in &changes {
            change(&mut data, path, what);
        }
        let body = json!({ "success": true, "data": data }).to_string();
        let world = SandboxWorld::default();
        world.script([Scripted::response(200, &body)]);
        let made = world.run(typed(&client(&world), OPERATIONS[operation])).expect("it ends");
        prop_assert!(made.is_ok(), "{:?} of {body}", made);
        let made = made.unwrap_or_default();
        prop_assert!(is_same(&data, &made), "came: {data}\nmade: {made}");
    }

    #[test]
    fn a_record_is_made_of_any_json_and_becomes_it_again(value in any_value()) {
        fn again<M: serde::de::DeserializeOwned + Serialize>(value: &Value) -> Value {
            let record: M = serde_json::from_value(value.clone()).expect("a record");
            serde_json::to_value(record).expect("JSON")
        }
        for made in [
            again::<User>(&value),
            again::<CurrentUser>(&value),
            again::<Follower>(&value),
            again::<RoleAssignment>(&value),
            again::<RoleSettings>(&value),
            again::<UserPermissions>(&value),
        ] {
            prop_assert!(is_same(&value, &made), "came: {value}\nmade: {made}");
        }
    }
}

#[test]
fn every_operation_has_an_example_here() {
    let operations: Vec<_> = ENDPOINTS.iter().map(|endpoint| endpoint.operation).collect();
    assert_eq!(operations, OPERATIONS);
    assert_eq!(REFERENCE.len(), EXAMPLES.len());
}

/// The one user that a response with this record brings.
fn user(record: &Value) -> Result<User, Error> {
    let world = SandboxWorld::default();
    world.script([Scripted::response(200, &json!({ "success": true, "data": record }).to_string())]);
    world.run(client(&world).get_user(2).into_future()).expect("it ends")
}

#[test]
fn what_does_not_fit_is_empty_and_at_hand() {
    let good = &EXAMPLES[3];
    let with = |name: &str, value: Value| {
        let mut record = good.clone();
        record[name] = value;
        user(&record).expect("a user")
    };
    assert!(user(good).expect("a user").unfit.is_empty());
    for value in [json!("seven"), json!(-7), json!(1.5), json!(1e300), json!(null), json!([7]), json!(true)] {
        let user = with("id", value.clone());
        assert_eq!((user.id, user.unfit.get("id")), (0, Some(&value)));
        assert_eq!(user.name, good["name"], "the rest is as it came");
    }
    assert_eq!(with("id", json!(7.0)).id, 7);
    let user_ = with("phone", json!({ "country": 372 }));
    assert_eq!((user_.phone, user_.unfit["phone"]["country"].as_u64()), (None, Some(372)));
    let user_ = with("active_flag", json!(1));
    assert_eq!((user_.active_flag, user_.unfit.get("active_flag")), (false, Some(&json!(1))));
    let user_ = with("is_admin", json!(300));
    assert_eq!((user_.is_admin, user_.unfit.get("is_admin")), (None, Some(&json!(300))));

    let user_ =
        with("access", json!([7, { "app": "quantum_crm", "admin": "yes", "permission_set_id": "a" }]));
    let access = user_.access.expect("a list of two");
    assert_eq!((access.len(), access[0].unfit.get("")), (2, Some(&json!(7))));
    assert_eq!(access[1].app, AccessApp::Other("quantum_crm".to_owned()));
    assert_eq!((access[1].admin, access[1].unfit.get("admin")), (false, Some(&json!("yes"))));
    assert!(user_.unfit.is_empty());

    let mut record = good.clone();
    record.as_object_mut().expect("an object").remove("name");
    let user_ = user(&record).expect("a user");
    assert_eq!((user_.name.as_str(), user_.unfit.get("name")), ("", Some(&Value::Null)));
}

#[test]
fn a_record_of_another_kind_is_one_of_the_list() {
    let world = SandboxWorld::default();
    let body = json!({ "success": true, "data": [EXAMPLES[3], null, "text", [1], { "id": 9 }] });
    world.script([Scripted::response(200, &body.to_string())]);
    let users = world.run(client(&world).get_users().into_future()).expect("it ends").expect("a list");
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    assert_eq!(ids, [2, 0, 0, 0, 9]);
    assert_eq!(users[2].unfit, [(String::new(), json!("text"))].into());
    assert_eq!(users[1].unfit.get(""), Some(&Value::Null));
    assert_eq!(users[4].unfit.get("email"), Some(&Value::Null));
}

#[test]
fn a_permission_that_is_no_boolean_is_kept_beside_the_others() {
    let world = SandboxWorld::default();
    let data = json!({ "can_use_api": "sometimes", "can_fly": true, "can_swim": 3 });
    world.script([Scripted::response(200, &json!({ "success": true, "data": data }).to_string())]);
    let call = client(&world).get_user_permissions(1);
    let permissions = world.run(call.into_future()).expect("it ends").expect("permissions");
    assert_eq!((permissions.can_use_api, permissions.extra.get("can_fly")), (None, Some(&true)));
    assert_eq!(
        permissions.unfit,
        [("can_use_api".to_owned(), json!("sometimes")), ("can_swim".to_owned(), json!(3))].into()
    );
}

#[test]
fn data_of_another_kind_is_a_decode_error_that_keeps_the_response() {
    for (operation, example) in OPERATIONS.iter().zip(&*EXAMPLES) {
        let other = if example.is_array() { json!({ "a": 1 }) } else { json!([1]) };
        let body = json!({ "success": true, "data": other }).to_string();
        let world = SandboxWorld::default();
        world.script([Scripted::response(200, &body)]);
        let error = world.run(typed(&client(&world), operation)).expect("it ends").expect_err("another kind");
        assert!(error.is_decode(), "{operation}: {error}");
        assert_eq!(error.body(), Some(body.as_str()));
    }
}
