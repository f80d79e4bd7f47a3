//! The OAuth server, as an app calls it.

use super::super::{Options, Response, Sandbox};
use super::*;

const NOW: f64 = 1_767_225_600_000.0;
const REDIRECT: &str = "http://127.0.0.1:8787/callback";

struct TestClient {
    sandbox: Sandbox,
    now_ms: f64,
}

impl TestClient {
    fn new(app: App) -> Self {
        Self::with(&Options { app, ..Options::default() })
    }

    fn with(options: &Options) -> Self {
        Self { sandbox: Sandbox::new(options).expect("valid options"), now_ms: NOW }
    }

    fn send(&mut self, method: &str, target: &str, authorization: &str, body: &str) -> Response {
        let headers = vec![
            ("authorization".to_owned(), authorization.to_owned()),
            ("host".to_owned(), "127.0.0.1:9".to_owned()),
        ];
        let request =
            Request { method: method.to_owned(), target: target.to_owned(), headers, body: body.to_owned() };
        self.sandbox.handle_ms(&request, self.now_ms)
    }

    fn code(&mut self, user: u64) -> String {
        let body = format!("redirect_uri={REDIRECT}&state=s%20t&user={user}&answer=allow");
        let response = self.send("POST", "/oauth/authorize", "", &body);
        let location = find(&response, "location").expect("a redirect").to_owned();
        assert!(response.status == 302 && location.ends_with("&state=s%20t"), "{location}");
        location.split_once("code=").and_then(|(_, rest)| rest.split_once('&')).expect("a code").0.to_owned()
    }

    fn token(&mut self, form: &str) -> (u16, serde_json::Value) {
        let response = self.send("POST", "/oauth/token", &basic(), form);
        (response.status, serde_json::from_str(&response.body).expect("JSON"))
    }

    fn exchange(&mut self, code: &str) -> (u16, serde_json::Value) {
        self.token(&format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}"))
    }

    fn me(&mut self, tokens: &serde_json::Value) -> (u16, u64) {
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().expect("a token"));
        let response = self.send("GET", "/api/v1/users/me", &bearer, "");
        let json: serde_json::Value = serde_json::from_str(&response.body).expect("JSON");
        (response.status, json["data"]["id"].as_u64().unwrap_or_default())
    }
}

fn basic() -> String {
    use base64ct::{Base64, Encoding};
    let App { client_id, client_secret, .. } = App::default();
    format!("Basic {}", Base64::encode_string(format!("{client_id}:{client_secret}").as_bytes()))
}

fn find<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[test]
fn consent_leads_to_a_working_access_token() {
    let mut client = TestClient::new(App::default());
    let App { client_id, .. } = App::default();
    let target = format!("/oauth/authorize?client_id={client_id}&redirect_uri={REDIRECT}&state=%3Cb%3E");
    let page = client.send("GET", &target, "", "");
    assert_eq!((page.status, find(&page, "content-type")), (200, Some(HTML)));
    assert!(page.body.contains("value=\"&lt;b&gt;\"") && !page.body.contains("<b>"), "{}", page.body);
    let code = client.code(2);
    let (status, tokens) = client.exchange(&code);
    assert_eq!(status, 200, "{tokens}");
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &3600.into()));
    assert_eq!(tokens["api_domain"], "http://127.0.0.1:9");
    assert_eq!(tokens["scope"], "base,users:read,admin");
    assert_eq!(client.me(&tokens), (200, 2));
    let counts = client.sandbox.oauth_counts();
    assert_eq!((counts.authorizations, counts.token_requests, counts.refreshes), (1, 1, 0));
}

#[test]
fn invalid_authorization_requests_show_a_page_and_do_not_redirect() {
    let mut client = TestClient::new(App { redirect_uri: Some(REDIRECT.to_owned()), ..App::default() });
    let App { client_id, .. } = App::default();
    for target in [
        "/oauth/authorize".to_owned(),
        format!("/oauth/authorize?client_id=other&redirect_uri={REDIRECT}"),
        format!("/oauth/authorize?client_id={client_id}&redirect_uri=http://127.0.0.1:8787/other"),
        format!("/oauth/authorize?client_id={client_id}&redirect_uri={REDIRECT}&scope="),
    ] {
        let page = client.send("GET", &target, "", "");
        assert_eq!((page.status, find(&page, "location")), (400, None), "{target}");
    }
    let denied = format!("redirect_uri={REDIRECT}&state=s&answer=deny");
    let denied = client.send("POST", "/oauth/authorize", "", &denied);
    assert_eq!(find(&denied, "location"), Some(format!("{REDIRECT}?error=user_denied&state=s").as_str()));
}

#[test]
fn code_can_be_used_once_within_five_minutes() {
    let mut client = TestClient::new(App::default());
    let (first, second) = (client.code(1), client.code(1));
    assert_eq!(client.exchange(&first).0, 200);
    let (status, body) = client.exchange(&first);
    assert_eq!((status, &body["error"]), (400, &"invalid_grant".into()), "{body}");
    client.now_ms += 300_001.0;
    assert_eq!(client.exchange(&second).0, 400);
    assert_eq!(client.exchange(&first).0, 400);
    let third = client.code(1);
    let other_redirect = format!("grant_type=authorization_code&code={third}&redirect_uri=http://127.0.0.1/");
    assert_eq!(client.token(&other_redirect).0, 400, "another redirect_uri");
}

#[test]
fn code_that_is_used_again_ends_its_tokens() {
    let mut client = TestClient::new(App::default());
    let code = client.code(2);
    let tokens = client.exchange(&code).1;
    let other = client.code(1);
    let other_tokens = client.exchange(&other).1;
    assert_eq!((client.me(&tokens), client.me(&other_tokens)), ((200, 2), (200, 1)));
    assert_eq!(client.exchange(&code).0, 400);
    assert_eq!((client.me(&tokens).0, client.me(&other_tokens).0), (401, 200));
    // A code of an earlier consent does not end a later one.
    let again = client.code(2);
    let tokens = client.exchange(&again).1;
    assert_eq!((client.exchange(&code).0, client.me(&tokens).0), (400, 200));
}

#[test]
fn marketplace_page_leads_to_the_consent_page_without_a_state_or_to_the_installation_url() {
    let mut client = TestClient::new(App::default());
    assert_eq!(client.send("GET", "/sandbox/marketplace", "", "").status, 400, "no callback URL is known");
    let evil = "/sandbox/marketplace?redirect_uri=http://evil.example/";
    assert_eq!(client.send("GET", evil, "", "").status, 400);
    let page = client.send("GET", &format!("/sandbox/marketplace?redirect_uri={REDIRECT}"), "", "");
    let (_, rest) = page.body.split_once("href=\"").expect("a link");
    let target = rest.split('"').next().expect("an end").replace("&amp;", "&");
    assert!(target.starts_with("/oauth/authorize?client_id=") && !target.contains("state"), "{target}");
    let consent = client.send("GET", &target, "", "");
    assert!(consent.status == 200 && !consent.body.contains("name=\"state\""), "{}", consent.body);
    let allowed =
        client.send("POST", "/oauth/authorize", "", &format!("redirect_uri={REDIRECT}&answer=allow"));
    let location = find(&allowed, "location").expect("a redirect");
    assert!(location.contains("?code=") && !location.contains("state"), "{location}");
    let installation_url = Some("http://127.0.0.1:8787/install".to_owned());
    let mut client = TestClient::new(App { installation_url, ..App::default() });
    let page = client.send("GET", "/sandbox/marketplace", "", "");
    assert!(page.body.contains("href=\"http://127.0.0.1:8787/install\""), "{}", page.body);
}

#[test]
fn tokens_expire_and_can_be_refreshed_and_revoked() {
    let mut client = TestClient::new(App::default());
    let code = client.code(1);
    let tokens = client.exchange(&code).1;
    client.now_ms += 3_599_000.0;
    assert_eq!(client.me(&tokens).0, 200);
    client.now_ms += 2_000.0;
    assert_eq!(client.me(&tokens).0, 401);
    let refresh =
        format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().expect("one"));
    let (status, renewed) = client.token(&refresh);
    assert_eq!(
        (status, &renewed["refresh_token"]),
        (200, &tokens["refresh_token"]),
        "the same refresh token"
    );
    assert_eq!(client.me(&renewed).0, 200);
    let expired = client.send("POST", "/sandbox/oauth/expire", "", "");
    assert_eq!((expired.status, client.me(&renewed).0), (200, 401));
    let renewed = client.token(&refresh).1;
    assert_eq!(client.send("POST", "/sandbox/oauth/uninstall?user=2", "", "").status, 200);
    assert_eq!(client.me(&renewed).0, 200, "another user's");
    let revoke = format!("token={}", tokens["refresh_token"].as_str().expect("one"));
    assert_eq!(client.send("POST", "/oauth/revoke", &basic(), &revoke).status, 200);
    assert_eq!((client.me(&renewed).0, client.token(&refresh).0), (401, 400));
    assert_eq!(client.send("POST", "/oauth/revoke", &basic(), "token=unknown").status, 200);
    let counts = client.send("GET", "/sandbox/oauth", "", "");
    assert_eq!(counts.body, r#"{"authorizations":0,"tokenRequests":4,"refreshes":3,"revocations":2}"#);
}

#[test]
fn refresh_token_can_rotate_and_lasts_sixty_days() {
    let mut client = TestClient::new(App { rotate: true, access_token_seconds: 60, ..App::default() });
    let code = client.code(1);
    let tokens = client.exchange(&code).1;
    assert_eq!(tokens["expires_in"], 60);
    let refresh = |tokens: &serde_json::Value| {
        format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().expect("one"))
    };
    let (status, renewed) = client.token(&refresh(&tokens));
    assert!(status == 200 && renewed["refresh_token"] != tokens["refresh_token"]);
    assert_eq!(client.token(&refresh(&tokens)).0, 400, "the previous token is invalid");
    client.now_ms += 59.0 * 86_400_000.0;
    let (status, renewed) = client.token(&refresh(&renewed));
    assert_eq!(status, 200);
    client.now_ms += 61.0 * 86_400_000.0;
    assert_eq!(client.token(&refresh(&renewed)).0, 400);
}

#[test]
fn token_endpoint_requires_the_client_credentials() {
    let mut client = TestClient::new(App::default());
    let code = client.code(1);
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}");
    for authorization in ["", "Basic bm9ib2R5OnNlY3JldA==", "Bearer token"] {
        let refused = client.send("POST", "/oauth/token", authorization, &form);
        assert_eq!((refused.status, find(&refused, "www-authenticate")), (401, Some("Basic")));
    }
    let App { client_id, client_secret, .. } = App::default();
    let in_body = format!("{form}&client_id={client_id}&client_secret={client_secret}");
    let response = client.send("POST", "/oauth/token", "", &in_body);
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(find(&response, "access-control-allow-origin"), Some("https://oauth.pipedrive.com"));
    assert_eq!(client.token("grant_type=password").1["error"], "unsupported_grant_type");
    assert_eq!(client.send("POST", "/oauth/token/", &basic(), &form).status, 404, "trailing slash");
}

#[test]
fn each_access_token_has_its_own_burst_limit_and_all_share_the_daily_budget() {
    let options = Options { burst: Some(1), daily: Some(6), ..Options::default() };
    let mut client = TestClient::with(&options);
    let tokens = [1, 2].map(|user| {
        let code = client.code(user);
        client.exchange(&code).1
    });
    assert_eq!([client.me(&tokens[0]).0, client.me(&tokens[1]).0], [200, 200]);
    assert_eq!([client.me(&tokens[0]).0, client.me(&tokens[1]).0], [429, 429], "the burst limit");
    client.now_ms += 2_000.0;
    assert_eq!([client.me(&tokens[0]).0, client.me(&tokens[1]).0], [200, 429], "the daily budget");
}

#[test]
fn api_domain_is_the_companys_unless_on_the_loopback() {
    let mut client = TestClient::new(App::default());
    let code = client.code(1);
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}");
    let response = client.send("POST", "https://oauth.pipedrive.com/oauth/token", &basic(), &form);
    let tokens: serde_json::Value = serde_json::from_str(&response.body).expect("JSON");
    let domain = tokens["api_domain"].as_str().expect("a text");
    assert!(domain.starts_with("https://") && domain.ends_with(".pipedrive.com"), "{domain}");
}

#[test]
fn access_token_has_the_scopes_of_the_app() {
    let mut client = TestClient::new(App { scopes: vec!["base".to_owned()], ..App::default() });
    let code = client.code(1);
    let tokens = client.exchange(&code).1;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().expect("a token"));
    assert_eq!(client.send("GET", "/api/v1/users", &bearer, "").status, 403);
    assert_eq!(client.me(&tokens).0, 200);
}
