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
use super::limits::{Burst, Window};
use super::random::Random;
use super::responses::{Headers, JSON};
use super::router::split_target;
use super::time::Timestamp;
use super::{Request, input::Query};

/// A response without the headers that all OAuth responses share.
pub(super) struct OAuthResponse {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: String,
}

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
///
/// ```
/// use pipedrive_users::sandbox::OAuthCounts;
///
/// assert_eq!(OAuthCounts::default().authorizations, 0);
/// ```
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
mod tests;
