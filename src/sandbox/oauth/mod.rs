//! Pipedrive's OAuth server for one app: consent, tokens and revocation.
//!
//! `GET /sandbox/marketplace?redirect_uri=…` is the app's page in the Marketplace, with an "Install" button that leads to
//! the app's installation URL, or else to the consent page, without a `state`.
//!
//! Three requests exist only for tests: `GET /sandbox/oauth` returns the number of OAuth requests so far,
//! `POST /sandbox/oauth/expire` expires all access tokens, and `POST /sandbox/oauth/uninstall?user=1` ends a user's
//! consent, as uninstalling the app does.

mod app;
mod consent;
mod form;
mod grants;

pub use app::App;

use form::Form;
use grants::Grants;

use super::auth::{Caller, TokenRecord};
use super::company::{Company, sample_users::FOUNDER};
use super::limits::Burst;
use super::options::Window;
use super::random::Random;
use super::router::split_target;
use super::time::Timestamp;
use super::{Request, input::Query, responses::Headers};

/// A response without the headers that all OAuth responses share.
pub(super) struct OAuthResponse {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: String,
}

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

impl OAuthResponse {
    fn new(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![
                ("content-type", content_type.to_owned()),
                ("cache-control", "no-store".to_owned()),
            ],
            body,
        }
    }

    fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, JSON, body.to_string())
    }

    /// An error of the token endpoint.
    fn error(error: &str, message: &str) -> Self {
        Self::json(400, &serde_json::json!({ "success": false, "message": message, "error": error }))
    }
}

/// The number of OAuth requests so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OAuthCounts {
    /// Consent pages shown.
    pub authorizations: u32,
    /// Requests to the token endpoint.
    pub token_requests: u32,
    /// Those of them with a refresh token.
    pub refreshes: u32,
    /// Requests to the revocation endpoint with valid client credentials.
    pub revocations: u32,
}

/// The OAuth server.
#[derive(Debug)]
pub(super) struct OAuth {
    app: App,
    grants: Grants,
    counts: OAuthCounts,
    burst: u32,
    window: Window,
}

/// The burst limit of an access token.
const DEFAULT_BURST: u32 = 400;

impl OAuth {
    pub(super) fn new(app: &App, burst: Option<u32>, window: Window, seed: u64) -> Self {
        Self {
            app: app.clone(),
            grants: Grants::new(Random::new(seed, "oauth")),
            counts: OAuthCounts::default(),
            burst: burst.unwrap_or(DEFAULT_BURST),
            window,
        }
    }

    pub(super) const fn counts(&self) -> OAuthCounts {
        self.counts
    }

    /// Handles a request to the OAuth server; returns `None` for a request to the API.
    pub(super) fn handle(
        &mut self,
        company: &Company,
        request: &Request,
        now: Timestamp,
    ) -> Option<OAuthResponse> {
        let (host, path, query) = split_target(&request.target);
        if !(path.starts_with("/oauth/") || path.starts_with("/sandbox/")) {
            return None;
        }
        Some(match (request.method.as_str(), path) {
            ("GET", "/oauth/authorize") => self.authorize(company, Query::new(query)),
            ("POST", "/oauth/authorize") => self.finish_authorization(&Form::parse(&request.body), now),
            ("POST", "/oauth/token") => {
                let host = host.or_else(|| header(request, "host"));
                self.token(company, request, host, now)
            }
            ("POST", "/oauth/revoke") => self.revoke(request),
            ("GET", "/sandbox/marketplace") => self.marketplace(Query::new(query)),
            ("GET", "/sandbox/oauth") => {
                OAuthResponse::new(200, JSON, serde_json::to_string(&self.counts).unwrap_or_default())
            }
            ("POST", "/sandbox/oauth/expire") => {
                self.grants.expire_access_tokens();
                OAuthResponse::json(200, &serde_json::json!({ "success": true }))
            }
            ("POST", "/sandbox/oauth/uninstall") => {
                let user = Query::new(query).get("user").and_then(|id| id.parse().ok());
                self.grants.uninstall(user.unwrap_or_default());
                OAuthResponse::json(200, &serde_json::json!({ "success": true }))
            }
            _ => OAuthResponse::json(404, &serde_json::json!({ "success": false, "error": "Not found" })),
        })
    }

    /// Returns the state of the access token in the `authorization` header.
    pub(super) fn find_token(&mut self, request: &Request, now: Timestamp) -> Option<&mut TokenRecord> {
        let (scheme, token) = header(request, "authorization")?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        self.grants.find_access_token(token.trim(), now)
    }

    /// Shows the app's page in the Marketplace.
    fn marketplace(&self, query: Query<'_>) -> OAuthResponse {
        let redirect = query.get("redirect_uri");
        match self.app.installation_target(redirect.as_deref()) {
            Some((target, is_own_url)) => consent::marketplace_page(&self.app, &target, is_own_url),
            None => {
                consent::error_page("The app has no callback URL: register one, or name it in redirect_uri.")
            }
        }
    }

    /// Shows the consent page.
    fn authorize(&mut self, company: &Company, query: Query<'_>) -> OAuthResponse {
        let [client, redirect, state, scope] =
            ["client_id", "redirect_uri", "state", "scope"].map(|name| query.get(name));
        if client.as_deref() != Some(&self.app.client_id) {
            return consent::error_page("No app has this client_id.");
        }
        // Any other URI could belong to someone else, who would receive the code.
        let Some(redirect) = redirect.filter(|uri| self.app.accepts_redirect(uri)) else {
            return consent::error_page("The redirect_uri is not the one that the app is registered with.");
        };
        if scope.is_some_and(|scope| scope.is_empty()) {
            return consent::error_page("The scope is empty. An app's scopes are fixed: leave it out.");
        }
        self.counts.authorizations += 1;
        consent::page(&self.app, company, &redirect, state.as_deref().filter(|state| !state.is_empty()))
    }

    /// Handles the submitted consent page: redirects with a code, or with an error if access was denied.
    fn finish_authorization(&mut self, form: &Form, now: Timestamp) -> OAuthResponse {
        let Some(redirect) = form.get("redirect_uri").filter(|uri| self.app.accepts_redirect(uri)) else {
            return consent::error_page("The redirect_uri is not the one that the app is registered with.");
        };
        let user_id = form.get("user").and_then(|id| id.parse::<u64>().ok()).unwrap_or(FOUNDER);
        let mut params = Form::default();
        if form.get("answer") == Some("allow") {
            params.push("code", &self.grants.issue_code(user_id, redirect, now));
        } else {
            params.push("error", "user_denied");
        }
        // Only a state that the app sent comes back.
        if let Some(state) = form.get("state").filter(|state| !state.is_empty()) {
            params.push("state", state);
        }
        let separator = if redirect.contains('?') { '&' } else { '?' };
        let mut response = OAuthResponse::new(302, HTML, String::new());
        response.headers.push(("location", format!("{redirect}{separator}{}", params.encode())));
        response
    }

    /// Exchanges a code or a refresh token for tokens.
    fn token(
        &mut self,
        company: &Company,
        request: &Request,
        host: Option<&str>,
        now: Timestamp,
    ) -> OAuthResponse {
        self.counts.token_requests += 1;
        let form = Form::parse(&request.body);
        if !self.app.is_authenticated(header(request, "authorization"), &form) {
            return invalid_client();
        }
        let field = |name| form.get(name).unwrap_or_default();
        let granted = match field("grant_type") {
            "authorization_code" => {
                self.grants.redeem_code(field("code"), field("redirect_uri"), now).ok_or("code is invalid")
            }
            "refresh_token" => {
                self.counts.refreshes += 1;
                self.grants
                    .refresh(field("refresh_token"), self.app.rotate, now)
                    .ok_or("refresh_token is invalid")
            }
            _ => return OAuthResponse::error("unsupported_grant_type", "Unsupported grant type"),
        };
        let user_id = match granted {
            Ok(user_id) => user_id,
            Err(reason) => return OAuthResponse::error("invalid_grant", &format!("Invalid grant: {reason}")),
        };
        let scopes = self.app.scopes();
        let caller = Caller { user_id, is_admin: user_id == FOUNDER, scopes };
        let lifetime = u64::from(self.app.access_token_seconds);
        let record = TokenRecord { caller, burst: Burst::new(self.burst, self.window) };
        let Some((access, refresh)) =
            self.grants.issue_access_token(user_id, record, now.plus_ms(lifetime * 1000))
        else {
            return OAuthResponse::error("invalid_grant", "Invalid grant: it was taken back");
        };
        let scope: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        OAuthResponse::json(
            200,
            &serde_json::json!({
                "access_token": access,
                "token_type": "Bearer",
                "refresh_token": refresh,
                "scope": scope.join(","),
                "expires_in": lifetime,
                "api_domain": api_domain(company, host),
            }),
        )
    }

    /// Revokes a token. An unknown token is not an error.
    fn revoke(&mut self, request: &Request) -> OAuthResponse {
        let form = Form::parse(&request.body);
        if !self.app.is_authenticated(header(request, "authorization"), &form) {
            return invalid_client();
        }
        self.counts.revocations += 1;
        self.grants.revoke(form.get("token").unwrap_or_default());
        OAuthResponse::json(200, &serde_json::json!({ "success": true }))
    }
}

fn invalid_client() -> OAuthResponse {
    let mut response = OAuthResponse::json(
        401,
        &serde_json::json!({ "success": false, "message": "Invalid client: client is invalid", "error": "invalid_client" }),
    );
    response.headers.push(("www-authenticate", "Basic".to_owned()));
    response
}

/// Returns the base URL of the company's API: this server if the request came to the loopback.
fn api_domain(company: &Company, host: Option<&str>) -> String {
    let name = |host: &str| host.split(':').next().map(str::to_owned);
    match host {
        Some(host) if matches!(name(host).as_deref(), Some("127.0.0.1" | "localhost")) => {
            format!("http://{host}")
        }
        _ => {
            let domain = company.current_user(FOUNDER).map(|user| user.company_domain);
            format!("https://{}.pipedrive.com", domain.unwrap_or_default())
        }
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
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
            let request = Request {
                method: method.to_owned(),
                target: target.to_owned(),
                headers,
                body: body.to_owned(),
            };
            self.sandbox.handle(&request, self.now_ms)
        }

        fn code(&mut self, user: u64) -> String {
            let body = format!("redirect_uri={REDIRECT}&state=s%20t&user={user}&answer=allow");
            let response = self.send("POST", "/oauth/authorize", "", &body);
            let location = find(&response, "location").expect("a redirect").to_owned();
            assert!(response.status == 302 && location.ends_with("&state=s%20t"), "{location}");
            location
                .split_once("code=")
                .and_then(|(_, rest)| rest.split_once('&'))
                .expect("a code")
                .0
                .to_owned()
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
        let other_redirect =
            format!("grant_type=authorization_code&code={third}&redirect_uri=http://127.0.0.1/");
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
        assert_eq!(
            client.send("GET", "/sandbox/marketplace", "", "").status,
            400,
            "no callback URL is known"
        );
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
        let refresh = format!(
            "grant_type=refresh_token&refresh_token={}",
            tokens["refresh_token"].as_str().expect("one")
        );
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
            format!(
                "grant_type=refresh_token&refresh_token={}",
                tokens["refresh_token"].as_str().expect("one")
            )
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
}
