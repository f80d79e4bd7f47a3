//! The webhooks that report changed users, as version 2 of Pipedrive's has them.

use base64ct::{Base64, Encoding};
use serde_json::{Map, Value, json};

use super::Request;
use super::company::Company;
use super::options::Options;
use super::random::Random;
use super::time::Timestamp;
use crate::models::User;

/// A webhook of the company, and what it still has to send.
#[derive(Debug)]
pub(super) struct Webhook {
    url: String,
    authorization: Option<String>,
    correlation_ids: Random,
    due: Vec<Request>,
}

impl Webhook {
    pub(super) fn new(options: &Options) -> Option<Self> {
        let credentials = options.webhook_username.as_ref().zip(options.webhook_password.as_ref());
        Some(Self {
            url: options.webhook_url.clone()?,
            authorization: credentials.map(|(username, password)| {
                format!("Basic {}", Base64::encode_string(format!("{username}:{password}").as_bytes()))
            }),
            correlation_ids: Random::new(options.seed, "webhooks"),
            due: Vec::new(),
        })
    }

    /// Takes down that a user was added or changed.
    pub(super) fn on_change(
        &mut self,
        company: &Company,
        before: Option<&User>,
        after: &User,
        caller: u64,
        now: Timestamp,
    ) {
        let data = record(after);
        let mut previous = before.map(record);
        if let Some(previous) = &mut previous {
            // What has not changed is not in it.
            previous.retain(|name, value| data.get(name) != Some(value));
            if previous.is_empty() {
                return;
            }
        }
        let id = after.id.to_string();
        let body = json!({
            "data": data,
            "previous": previous,
            "meta": {
                "action": if before.is_some() { "change" } else { "create" },
                "entity": "user",
                "entity_id": id,
                // Of users, Pipedrive sends no id of the event here.
                "id": id,
                "company_id": company.id().to_string(),
                "correlation_id": self.correlation_ids.uuid(),
                "is_bulk_edit": false,
                "timestamp": now.format_ms(),
                "type": "general",
                "user_id": caller.to_string(),
                "version": "2.0",
                "webhook_id": "1",
                "webhook_owner_id": "1",
                "change_source": "api",
                "attempt": 1,
                "host": "casinoroyale.pipedrive.com",
            },
        });
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("user-agent".to_owned(), "Pipedrive Webhooks".to_owned()),
        ];
        headers.extend(self.authorization.clone().map(|value| ("authorization".to_owned(), value)));
        self.due.push(Request {
            method: "POST".to_owned(),
            target: self.url.clone(),
            headers,
            body: body.to_string(),
        });
    }

    pub(super) fn take(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.due)
    }
}

/// A user as webhooks have it: fewer members than the API's record, and some in another form.
fn record(user: &User) -> Map<String, Value> {
    let record = json!({
        "id": user.id.to_string(),
        "name": user.name,
        "default_currency": user.default_currency,
        "email": user.email,
        "phone": user.phone,
        "locale": user.locale,
        "lang": user.locale.replace('_', "-"),
        "active_flag": user.active_flag,
        // Of one who never logged in it is null.
        "last_login": user.last_login.as_ref().filter(|login| !login.starts_with("0000")),
        "timezone_name": user.timezone_name,
        "icon_url": user.icon_url,
        "created": user.created,
        "modified": user.modified,
        "access": null,
    });
    match record {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Request, Sandbox};
    use super::*;
    use crate::directory::news;

    const NOW: crate::Timestamp = crate::Timestamp::from_unix_millis(1_795_348_800_123);

    fn call(sandbox: &mut Sandbox, method: &str, target: &str, body: &str) {
        let token = sandbox.tokens().api_token.clone();
        let request = Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("x-api-token".to_owned(), token)],
            body: body.to_owned(),
        };
        assert_eq!(sandbox.handle(&request, NOW).status, 200);
    }

    fn options() -> Options {
        Options {
            webhook_url: Some("https://app.example/users".to_owned()),
            webhook_username: Some("pipedrive".to_owned()),
            webhook_password: Some("secret".to_owned()),
            ..Options::default()
        }
    }

    #[test]
    fn changes_are_reported_and_nothing_else() {
        let mut sandbox = Sandbox::new(&options()).expect("options");
        call(&mut sandbox, "GET", "/v1/users", "");
        call(&mut sandbox, "PUT", "/v1/users/2", r#"{"active_flag":false}"#);
        call(&mut sandbox, "POST", "/v1/users", r#"{"email":"new@casinoroyale.example"}"#);
        // One who exists is left unchanged.
        call(&mut sandbox, "POST", "/v1/users", r#"{"email":"new@casinoroyale.example"}"#);
        let [change, create] = &sandbox.take_webhooks()[..] else { panic!("two") };
        assert!(sandbox.take_webhooks().is_empty());
        assert_eq!((change.method.as_str(), change.target.as_str()), ("POST", "https://app.example/users"));
        let authorization = ("authorization".to_owned(), "Basic cGlwZWRyaXZlOnNlY3JldA==".to_owned());
        assert!(change.headers.contains(&authorization));
        let body: Value = serde_json::from_str(&change.body).expect("JSON");
        assert_eq!(body["data"]["id"], "2");
        assert_eq!(body["previous"]["active_flag"], true);
        assert_eq!(body["previous"].get("name"), None);
        assert_eq!(body["meta"]["timestamp"], "2026-11-22T12:00:00.123Z");
        let reported = news::read(&body).expect("news");
        assert_eq!((reported.id, reported.at, reported.is_deleted), (2, NOW.as_ms(), false));
        let body: Value = serde_json::from_str(&create.body).expect("JSON");
        assert_eq!((&body["meta"]["action"], &body["previous"]), (&json!("create"), &Value::Null));
        assert_eq!(body["data"]["last_login"], Value::Null);
        assert_eq!(news::read(&body).expect("news").id, 26);
    }

    #[test]
    fn none_without_a_url_and_no_half_credentials() {
        let mut sandbox = Sandbox::default();
        call(&mut sandbox, "PUT", "/v1/users/2", r#"{"active_flag":false}"#);
        assert!(sandbox.take_webhooks().is_empty());
        for (url, username, password) in
            [(Some("ftp://app.example"), None, None), (None, Some("a"), None), (None, Some("a:b"), Some("c"))]
        {
            let own = |text: Option<&str>| text.map(str::to_owned);
            let options = Options {
                webhook_url: own(url),
                webhook_username: own(username),
                webhook_password: own(password),
                ..Options::default()
            };
            assert!(Sandbox::new(&options).is_err(), "{options:?}");
        }
    }
}
