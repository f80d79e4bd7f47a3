//! The registered OAuth app.

use base64ct::{Base64, Encoding};

use super::super::input::percent_decode;
use super::form::Form;
use crate::schema::Scope;

/// An OAuth app, as registered in Pipedrive's Developer Hub. When deserialized, missing members get their defaults and
/// unknown members are an error.
///
/// ```
/// use pipedrive_users::sandbox::App;
///
/// assert_eq!(App::default().client_id, "sandbox-app");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct App {
    /// The client id, without a colon. Default: `sandbox-app`.
    pub client_id: String,
    /// The client secret. Default: `sandbox-app-secret`.
    pub client_secret: String,
    /// The callback URL. Default: whatever lies on the loopback, or has https.
    pub redirect_uri: Option<String>,
    /// The installation URL: where the Marketplace sends a user who installs the app. Default: none, so that the
    /// Marketplace shows the consent page itself, and the callback has no `state`.
    pub installation_url: Option<String>,
    /// The name on the consent page. Default: `Casino Royale Panel`.
    pub name: String,
    /// The scopes: `base`, `users:read`, `admin`. Default: all of them.
    pub scopes: Vec<String>,
    /// Whether each refresh returns a new refresh token and invalidates the previous one. Default: no.
    pub rotate: bool,
    /// Lifetime of an access token in seconds, from 1. Default: 3600.
    pub access_token_seconds: u32,
}

impl Default for App {
    fn default() -> Self {
        Self {
            client_id: "sandbox-app".to_owned(),
            client_secret: "sandbox-app-secret".to_owned(),
            redirect_uri: None,
            installation_url: None,
            name: "Casino Royale Panel".to_owned(),
            scopes: vec!["base".to_owned(), "users:read".to_owned(), "admin".to_owned()],
            rotate: false,
            access_token_seconds: 3600,
        }
    }
}

static SCOPES: [Scope; 3] = [Scope::Base, Scope::UsersRead, Scope::Admin];

impl App {
    /// Returns an error message if a member is invalid.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.client_id.is_empty() || self.client_id.contains(':') || self.client_secret.is_empty() {
            return Err("app must have a clientId without a colon and a clientSecret".to_owned());
        }
        if let Some(unknown) =
            self.scopes.iter().find(|name| SCOPES.iter().all(|scope| scope.as_str() != *name))
        {
            return Err(format!("app.scopes takes base, users:read and admin, got {unknown}"));
        }
        if self.installation_url.as_deref().is_some_and(|url| !is_redirect_uri(url)) {
            return Err("app.installationUrl must be a URL with https, or http on the loopback".to_owned());
        }
        if self.access_token_seconds == 0 {
            return Err("app.accessTokenSeconds must be an integer from 1, got 0".to_owned());
        }
        Ok(())
    }

    /// Returns the scopes of its access tokens.
    pub(super) fn scopes(&self) -> &'static [Scope] {
        // A scope includes the ones before it in the list.
        let is_registered = |scope: &Scope| self.scopes.iter().any(|name| name == scope.as_str());
        SCOPES.get(..SCOPES.iter().rposition(is_registered).map_or(0, |index| index + 1)).unwrap_or_default()
    }

    /// Returns whether a redirect URI is allowed.
    pub(super) fn accepts_redirect(&self, redirect_uri: &str) -> bool {
        match &self.redirect_uri {
            Some(registered) => registered == redirect_uri,
            None => is_redirect_uri(redirect_uri),
        }
    }

    /// Returns whether a request has the app's credentials, in the `authorization` header or in the body.
    pub(super) fn is_authenticated(&self, authorization: Option<&str>, form: &Form) -> bool {
        authorization.is_some_and(|value| is_basic(value, &self.client_id, &self.client_secret))
            || (form.get("client_id") == Some(&self.client_id)
                && form.get("client_secret") == Some(&self.client_secret))
    }

    /// Returns the URL to which the Marketplace sends a user who installs the app, and whether it is the app's own:
    /// without an installation URL it is the consent page, and the app learns nothing before the callback.
    pub(super) fn installation_target(&self, redirect_uri: Option<&str>) -> Option<(String, bool)> {
        if let Some(url) = &self.installation_url {
            return Some((url.clone(), true));
        }
        let redirect_uri = self.redirect_uri.as_deref().or(redirect_uri)?;
        let mut query = Form::default();
        query.push("client_id", &self.client_id);
        query.push("redirect_uri", redirect_uri);
        self.accepts_redirect(redirect_uri).then(|| (format!("/oauth/authorize?{}", query.encode()), false))
    }
}

/// Returns whether a redirect URI is one that an app may register: https, or http on exactly the loopback, without
/// credentials, a fragment, or a character that a URL cannot have.
fn is_redirect_uri(uri: &str) -> bool {
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) || uri.contains(['#', '\\']) {
        return false;
    }
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, port.parse::<u16>().ok()),
        _ => (authority, Some(0)),
    };
    let is_loopback = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
    !host.is_empty()
        && !host.contains('@')
        && port.is_some()
        && (scheme == "https" || (scheme == "http" && is_loopback))
}

/// Returns whether Basic credentials are these: each is form-encoded (RFC 6749, 2.3.1), or, as many clients send them,
/// as it is.
fn is_basic(authorization: &str, id: &str, secret: &str) -> bool {
    let Some((scheme, encoded)) = authorization.split_once(' ') else { return false };
    let decoded = Base64::decode_vec(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((user, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
        return false;
    };
    let is_same = |found: &str, expected: &str| found == expected || percent_decode(found) == expected;
    scheme.eq_ignore_ascii_case("basic") && is_same(user, id) && is_same(password, secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uri_is_https_or_exactly_the_loopback() {
        for uri in [
            "https://app.example/callback?x=1",
            "http://127.0.0.1:8787/callback",
            "http://localhost",
            "http://[::1]:80/",
        ] {
            assert!(is_redirect_uri(uri), "{uri}");
        }
        for uri in [
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "http://127.0.0.1:8787@evil.example/",
            "http://app.example/",
            "https://user:password@app.example/",
            "https://app.example/#fragment",
            "https://app.example/\r\nx: y",
            "https://",
            "https://app.example:port/",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!is_redirect_uri(uri), "{uri:?}");
        }
    }

    #[test]
    fn basic_credentials_are_taken_form_encoded_and_as_they_are() {
        let basic = |text: &str| format!("basic {}", Base64::encode_string(text.as_bytes()));
        for text in ["sandbox-app:a secret", "sandbox%2Dapp:a+secret", "sandbox-app:a%20secret"] {
            assert!(is_basic(&basic(text), "sandbox-app", "a secret"), "{text}");
        }
        for text in ["sandbox-app:another", "sandbox-app", ":a secret", "sandbox%252Dapp:a secret"] {
            assert!(!is_basic(&basic(text), "sandbox-app", "a secret"), "{text}");
        }
        assert!(!is_basic("Basic !", "sandbox-app", "a secret"));
        assert!(!is_basic("Bearer sandbox-app", "sandbox-app", "a secret"));
    }

    #[test]
    fn invalid_apps_are_refused() {
        assert_eq!(App::default().check(), Ok(()));
        assert!(App { client_id: "a:b".to_owned(), ..App::default() }.check().is_err());
        assert!(App { scopes: vec!["deals:read".to_owned()], ..App::default() }.check().is_err());
        let installation_url = Some("http://app.example/install".to_owned());
        assert!(App { installation_url, ..App::default() }.check().is_err());
        assert!(App { access_token_seconds: 0, ..App::default() }.check().is_err());
    }
}
