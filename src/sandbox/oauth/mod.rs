//! Pipedrive's OAuth server for one app: the consent of a user, tokens, and taking them back.
//!
//! Three requests that Pipedrive does not have are for tests, which need not wait an hour: `GET /sandbox/oauth` counts what was
//! asked for, `POST /sandbox/oauth/expire` lets all access tokens expire at once, and `POST /sandbox/oauth/uninstall?user=1`
//! ends a user's consent, as uninstalling the app does.

mod app;
mod consent;
mod form;
mod grants;

pub use app::App;

use form::Form;
use grants::Grants;

use super::auth::{Caller, Pass};
use super::company::{Company, cast::FOUNDER};
use super::limits::Burst;
use super::options::Window;
use super::random::Random;
use super::router::parts;
use super::time::Moment;
use super::{Request, answers::Headers, input::Query};

/// An answer without its common headers.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: String,
}

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

impl Answer {
    fn new(status: u16, kind: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type", kind.to_owned()), ("cache-control", "no-store".to_owned())],
            body,
        }
    }

    fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, JSON, body.to_string())
    }

    /// What the token endpoint says no with.
    fn refusal(error: &str, message: &str) -> Self {
        Self::json(400, &serde_json::json!({ "success": false, "message": message, "error": error }))
    }
}

/// What was asked for so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Authorizations that users were asked for.
    pub authorizations: u32,
    /// Requests at the token endpoint.
    pub token_requests: u32,
    /// Those of them that were for new tokens.
    pub refreshes: u32,
    /// Tokens that were taken back.
    pub revocations: u32,
}

/// The OAuth server.
#[derive(Debug)]
pub(super) struct OAuth {
    app: App,
    grants: Grants,
    asked: Asked,
    burst: u32,
    window: Window,
}

/// The burst limit of an OAuth token.
const USUAL_BURST: u32 = 400;

impl OAuth {
    pub(super) fn new(app: &App, burst: Option<u32>, window: Window, seed: u64) -> Self {
        Self {
            app: app.clone(),
            grants: Grants::new(Random::of(seed, "oauth")),
            asked: Asked::default(),
            burst: burst.unwrap_or(USUAL_BURST),
            window,
        }
    }

    pub(super) const fn asked(&self) -> Asked {
        self.asked
    }

    /// The answer to a request for the OAuth server; `None` where it is for the API.
    pub(super) fn answer(&mut self, company: &Company, request: &Request, now: Moment) -> Option<Answer> {
        let (host, path, query) = parts(&request.target);
        if !(path.starts_with("/oauth/") || path.starts_with("/sandbox/oauth")) {
            return None;
        }
        Some(match (request.method.as_str(), path) {
            ("GET", "/oauth/authorize") => self.consent(company, Query::new(query)),
            ("POST", "/oauth/authorize") => self.answered(&Form::read(&request.body), now),
            ("POST", "/oauth/token") => {
                let host = host.or_else(|| header(request, "host"));
                self.token(company, request, host, now)
            }
            ("POST", "/oauth/revoke") => self.revoke(request),
            ("GET", "/sandbox/oauth") => {
                Answer::new(200, JSON, serde_json::to_string(&self.asked).unwrap_or_default())
            }
            ("POST", "/sandbox/oauth/expire") => {
                self.grants.expire();
                Answer::json(200, &serde_json::json!({ "success": true }))
            }
            ("POST", "/sandbox/oauth/uninstall") => {
                let user = Query::new(query).get("user").and_then(|id| id.parse().ok());
                self.grants.uninstall(user.unwrap_or_default());
                Answer::json(200, &serde_json::json!({ "success": true }))
            }
            _ => Answer::json(404, &serde_json::json!({ "success": false, "error": "Not found" })),
        })
    }

    /// The pass of an access token, while it lasts.
    pub(super) fn open(&mut self, request: &Request, now: Moment) -> Option<&mut Pass> {
        let (scheme, token) = header(request, "authorization")?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        self.grants.pass(token.trim(), now)
    }

    /// Asks the user.
    fn consent(&mut self, company: &Company, query: Query<'_>) -> Answer {
        let [client, redirect, state, scope] =
            ["client_id", "redirect_uri", "state", "scope"].map(|name| query.get(name));
        if client.as_deref() != Some(&self.app.client_id) {
            return consent::problem("No app has this client_id.");
        }
        // What is sent elsewhere would bring the code to somebody else.
        let Some(redirect) = redirect.filter(|uri| self.app.takes(uri)) else {
            return consent::problem("The redirect_uri is not the one that the app is registered with.");
        };
        if scope.is_some_and(|scope| scope.is_empty()) {
            return consent::problem("The scope is empty. An app's scopes are fixed: leave it out.");
        }
        self.asked.authorizations += 1;
        consent::page(&self.app, company, &redirect, &state.unwrap_or_default())
    }

    /// The user has answered.
    fn answered(&mut self, form: &Form, now: Moment) -> Answer {
        let Some(redirect) = form.get("redirect_uri").filter(|uri| self.app.takes(uri)) else {
            return consent::problem("The redirect_uri is not the one that the app is registered with.");
        };
        let user_id = form.get("user").and_then(|id| id.parse::<u64>().ok()).unwrap_or(FOUNDER);
        let mut more = Form::default();
        if form.get("answer") == Some("allow") {
            more.push("code", &self.grants.code(user_id, redirect, now));
        } else {
            more.push("error", "user_denied");
        }
        more.push("state", form.get("state").unwrap_or_default());
        let separator = if redirect.contains('?') { '&' } else { '?' };
        let mut answer = Answer::new(302, HTML, String::new());
        answer.headers.push(("location", format!("{redirect}{separator}{}", more.write())));
        answer
    }

    /// Gives tokens for a code or a refresh token.
    fn token(&mut self, company: &Company, request: &Request, host: Option<&str>, now: Moment) -> Answer {
        self.asked.token_requests += 1;
        let form = Form::read(&request.body);
        if !self.app.is_known(header(request, "authorization"), &form) {
            return unknown_client();
        }
        let given = |name| form.get(name).unwrap_or_default();
        let granted = match given("grant_type") {
            "authorization_code" => {
                self.grants.exchange(given("code"), given("redirect_uri"), now).ok_or("code is invalid")
            }
            "refresh_token" => {
                self.asked.refreshes += 1;
                self.grants
                    .refresh(given("refresh_token"), self.app.rotate, now)
                    .ok_or("refresh_token is invalid")
            }
            _ => return Answer::refusal("unsupported_grant_type", "Unsupported grant type"),
        };
        let user_id = match granted {
            Ok(user_id) => user_id,
            Err(what) => return Answer::refusal("invalid_grant", &format!("Invalid grant: {what}")),
        };
        let scopes = self.app.scopes();
        let caller = Caller { user_id, is_admin: user_id == FOUNDER, scopes };
        let lasts = u64::from(self.app.access_token_seconds);
        let pass = Pass { caller, burst: Burst::new(self.burst, self.window) };
        let Some((access, refresh)) = self.grants.access(user_id, pass, now.later(lasts * 1000)) else {
            return Answer::refusal("invalid_grant", "Invalid grant: it was taken back");
        };
        let scope: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        Answer::json(
            200,
            &serde_json::json!({
                "access_token": access,
                "token_type": "Bearer",
                "refresh_token": refresh,
                "scope": scope.join(","),
                "expires_in": lasts,
                "api_domain": api_domain(company, host),
            }),
        )
    }

    /// Takes a token back; a refresh token takes all with it that came of it. What is unknown is no fault.
    fn revoke(&mut self, request: &Request) -> Answer {
        let form = Form::read(&request.body);
        if !self.app.is_known(header(request, "authorization"), &form) {
            return unknown_client();
        }
        self.asked.revocations += 1;
        self.grants.revoke(form.get("token").unwrap_or_default());
        Answer::json(200, &serde_json::json!({ "success": true }))
    }
}

fn unknown_client() -> Answer {
    let mut answer = Answer::json(
        401,
        &serde_json::json!({ "success": false, "message": "Invalid client: client is invalid", "error": "invalid_client" }),
    );
    answer.headers.push(("www-authenticate", "Basic".to_owned()));
    answer
}

/// Where the API of the company is: here, if it was asked on the loopback.
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

    struct Trial(Sandbox, f64);

    impl Trial {
        fn new(app: App) -> Self {
            Self(Sandbox::new(&Options { app, ..Options::default() }).expect("valid options"), NOW)
        }

        fn ask(&mut self, method: &str, target: &str, authorization: &str, body: &str) -> Response {
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
            self.0.handle(&request, self.1)
        }

        fn code(&mut self, user: u64) -> String {
            let body = format!("redirect_uri={REDIRECT}&state=s%20t&user={user}&answer=allow");
            let response = self.ask("POST", "/oauth/authorize", "", &body);
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
            let response = self.ask("POST", "/oauth/token", &basic(), form);
            (response.status, serde_json::from_str(&response.body).expect("JSON"))
        }

        fn exchange(&mut self, code: &str) -> (u16, serde_json::Value) {
            self.token(&format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}"))
        }

        fn me(&mut self, tokens: &serde_json::Value) -> (u16, u64) {
            let bearer = format!("Bearer {}", tokens["access_token"].as_str().expect("a token"));
            let response = self.ask("GET", "/api/v1/users/me", &bearer, "");
            let json: serde_json::Value = serde_json::from_str(&response.body).expect("JSON");
            (response.status, json["data"]["id"].as_u64().unwrap_or_default())
        }
    }

    fn basic() -> String {
        App::basic(&App::default())
    }

    fn find<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn from_the_consent_to_an_answer_of_the_api() {
        let mut trial = Trial::new(App::default());
        let App { client_id, .. } = App::default();
        let asked = format!("/oauth/authorize?client_id={client_id}&redirect_uri={REDIRECT}&state=%3Cb%3E");
        let page = trial.ask("GET", &asked, "", "");
        assert_eq!((page.status, find(&page, "content-type")), (200, Some(HTML)));
        assert!(page.body.contains("value=\"&lt;b&gt;\"") && !page.body.contains("<b>"), "{}", page.body);
        let code = trial.code(2);
        let (status, tokens) = trial.exchange(&code);
        assert_eq!(status, 200, "{tokens}");
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &3600.into()));
        assert_eq!(tokens["api_domain"], "http://127.0.0.1:9");
        assert_eq!(tokens["scope"], "base,users:read,admin");
        assert_eq!(trial.me(&tokens), (200, 2));
        let asked = trial.0.asked();
        assert_eq!((asked.authorizations, asked.token_requests, asked.refreshes), (1, 1, 0));
    }

    #[test]
    fn what_is_asked_wrongly_gets_a_page_and_no_redirect() {
        let mut trial = Trial::new(App { redirect_uri: Some(REDIRECT.to_owned()), ..App::default() });
        let App { client_id, .. } = App::default();
        for target in [
            "/oauth/authorize".to_owned(),
            format!("/oauth/authorize?client_id=other&redirect_uri={REDIRECT}"),
            format!("/oauth/authorize?client_id={client_id}&redirect_uri=http://127.0.0.1:8787/other"),
            format!("/oauth/authorize?client_id={client_id}&redirect_uri={REDIRECT}&scope="),
        ] {
            let page = trial.ask("GET", &target, "", "");
            assert_eq!((page.status, find(&page, "location")), (400, None), "{target}");
        }
        let denied = format!("redirect_uri={REDIRECT}&state=s&answer=deny");
        let denied = trial.ask("POST", "/oauth/authorize", "", &denied);
        assert_eq!(find(&denied, "location"), Some(format!("{REDIRECT}?error=user_denied&state=s").as_str()));
    }

    #[test]
    fn a_code_is_for_one_use_within_five_minutes() {
        let mut trial = Trial::new(App::default());
        let (first, second) = (trial.code(1), trial.code(1));
        assert_eq!(trial.exchange(&first).0, 200);
        let (status, body) = trial.exchange(&first);
        assert_eq!((status, &body["error"]), (400, &"invalid_grant".into()), "{body}");
        trial.1 += 300_001.0;
        assert_eq!(trial.exchange(&second).0, 400);
        let third = trial.code(1);
        let elsewhere = format!("grant_type=authorization_code&code={third}&redirect_uri=http://127.0.0.1/");
        assert_eq!(trial.token(&elsewhere).0, 400, "another redirect_uri");
    }

    #[test]
    fn tokens_expire_are_renewed_and_taken_back() {
        let mut trial = Trial::new(App::default());
        let code = trial.code(1);
        let tokens = trial.exchange(&code).1;
        trial.1 += 3_599_000.0;
        assert_eq!(trial.me(&tokens).0, 200);
        trial.1 += 2_000.0;
        assert_eq!(trial.me(&tokens).0, 401);
        let refresh = format!(
            "grant_type=refresh_token&refresh_token={}",
            tokens["refresh_token"].as_str().expect("one")
        );
        let (status, renewed) = trial.token(&refresh);
        assert_eq!(
            (status, &renewed["refresh_token"]),
            (200, &tokens["refresh_token"]),
            "the same comes back"
        );
        assert_eq!(trial.me(&renewed).0, 200);
        let expired = trial.ask("POST", "/sandbox/oauth/expire", "", "");
        assert_eq!((expired.status, trial.me(&renewed).0), (200, 401));
        let renewed = trial.token(&refresh).1;
        assert_eq!(trial.ask("POST", "/sandbox/oauth/uninstall?user=2", "", "").status, 200);
        assert_eq!(trial.me(&renewed).0, 200, "another user's");
        let revoke = format!("token={}", tokens["refresh_token"].as_str().expect("one"));
        assert_eq!(trial.ask("POST", "/oauth/revoke", &basic(), &revoke).status, 200);
        assert_eq!((trial.me(&renewed).0, trial.token(&refresh).0), (401, 400));
        assert_eq!(trial.ask("POST", "/oauth/revoke", &basic(), "token=unknown").status, 200);
        let counted = trial.ask("GET", "/sandbox/oauth", "", "");
        assert_eq!(counted.body, r#"{"authorizations":0,"tokenRequests":4,"refreshes":3,"revocations":2}"#);
    }

    #[test]
    fn a_refresh_token_can_rotate_and_is_good_for_sixty_days() {
        let mut trial = Trial::new(App { rotate: true, access_token_seconds: 60, ..App::default() });
        let code = trial.code(1);
        let tokens = trial.exchange(&code).1;
        assert_eq!(tokens["expires_in"], 60);
        let refresh = |tokens: &serde_json::Value| {
            format!(
                "grant_type=refresh_token&refresh_token={}",
                tokens["refresh_token"].as_str().expect("one")
            )
        };
        let (status, renewed) = trial.token(&refresh(&tokens));
        assert!(status == 200 && renewed["refresh_token"] != tokens["refresh_token"]);
        assert_eq!(trial.token(&refresh(&tokens)).0, 400, "the old one is gone");
        trial.1 += 59.0 * 86_400_000.0;
        let (status, renewed) = trial.token(&refresh(&renewed));
        assert_eq!(status, 200);
        trial.1 += 61.0 * 86_400_000.0;
        assert_eq!(trial.token(&refresh(&renewed)).0, 400);
    }

    #[test]
    fn only_the_app_itself_gets_tokens() {
        let mut trial = Trial::new(App::default());
        let code = trial.code(1);
        let form = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}");
        for authorization in ["", "Basic bm9ib2R5OnNlY3JldA==", "Bearer token"] {
            let refused = trial.ask("POST", "/oauth/token", authorization, &form);
            assert_eq!((refused.status, find(&refused, "www-authenticate")), (401, Some("Basic")));
        }
        let App { client_id, client_secret, .. } = App::default();
        let in_body = format!("{form}&client_id={client_id}&client_secret={client_secret}");
        let response = trial.ask("POST", "/oauth/token", "", &in_body);
        assert_eq!(response.status, 200, "{}", response.body);
        assert_eq!(find(&response, "access-control-allow-origin"), Some("https://oauth.pipedrive.com"));
        assert_eq!(trial.token("grant_type=password").1["error"], "unsupported_grant_type");
        assert_eq!(trial.ask("POST", "/oauth/token/", &basic(), &form).status, 404, "no slash at the end");
    }

    #[test]
    fn each_access_token_has_its_own_burst_limit_and_all_share_the_budget() {
        let options = Options { burst: Some(1), daily: Some(6), ..Options::default() };
        let mut trial = Trial(Sandbox::new(&options).expect("valid options"), NOW);
        let tokens = [1, 2].map(|user| {
            let code = trial.code(user);
            trial.exchange(&code).1
        });
        assert_eq!([trial.me(&tokens[0]).0, trial.me(&tokens[1]).0], [200, 200]);
        assert_eq!([trial.me(&tokens[0]).0, trial.me(&tokens[1]).0], [429, 429], "the burst limit");
        trial.1 += 2_000.0;
        assert_eq!([trial.me(&tokens[0]).0, trial.me(&tokens[1]).0], [200, 429], "the daily budget");
    }

    #[test]
    fn in_process_the_api_is_at_the_companys_host() {
        let mut trial = Trial::new(App::default());
        let code = trial.code(1);
        let form = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}");
        let response = trial.ask("POST", "https://oauth.pipedrive.com/oauth/token", &basic(), &form);
        let tokens: serde_json::Value = serde_json::from_str(&response.body).expect("JSON");
        let domain = tokens["api_domain"].as_str().expect("a text");
        assert!(domain.starts_with("https://") && domain.ends_with(".pipedrive.com"), "{domain}");
    }

    #[test]
    fn an_app_has_the_scopes_that_it_is_registered_with() {
        let mut trial = Trial::new(App { scopes: vec!["base".to_owned()], ..App::default() });
        let code = trial.code(1);
        let tokens = trial.exchange(&code).1;
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().expect("a token"));
        assert_eq!(trial.ask("GET", "/api/v1/users", &bearer, "").status, 403);
        assert_eq!(trial.me(&tokens).0, 200);
    }
}
