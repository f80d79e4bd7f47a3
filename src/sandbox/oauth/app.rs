//! The registered OAuth app.

use super::form::Form;
use crate::schema::Scope;

/// An OAuth app, as registered in Pipedrive's Developer Hub. When deserialized, missing members get their defaults and
/// unknown members are an error.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct App {
    /// The client id, without a colon. Default: `sandbox-app`.
    pub client_id: String,
    /// The client secret. Default: `sandbox-app-secret`.
    pub client_secret: String,
    /// The callback URL. Default: whatever lies on the loopback, or has https.
    pub redirect_uri: Option<String>,
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
            None => ["http://127.0.0.1", "http://localhost", "https://"]
                .iter()
                .any(|start| redirect_uri.starts_with(start)),
        }
    }

    /// Returns whether a request has the app's credentials, in the `authorization` header or in the body.
    pub(super) fn is_authenticated(&self, authorization: Option<&str>, form: &Form) -> bool {
        authorization == Some(self.basic_authorization().as_str())
            || (form.get("client_id") == Some(&self.client_id)
                && form.get("client_secret") == Some(&self.client_secret))
    }

    /// Returns the `authorization` header with the app's credentials.
    pub(super) fn basic_authorization(&self) -> String {
        format!("Basic {}", base64([&self.client_id, ":", &self.client_secret].concat().as_bytes()))
    }
}

/// Encodes bytes as base64.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |six: u32| LETTERS.get((six & 63) as usize).copied().map_or('=', char::from);
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            (0..3).fold(0, |bits, index| bits << 8 | u32::from(chunk.get(index).copied().unwrap_or(0)));
        for index in 0..4 {
            text.push(if index <= chunk.len() { letter(bits >> (18 - 6 * index)) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_matches_rfc_4648() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn invalid_apps_are_refused() {
        assert_eq!(App::default().check(), Ok(()));
        assert!(App { client_id: "a:b".to_owned(), ..App::default() }.check().is_err());
        assert!(App { scopes: vec!["deals:read".to_owned()], ..App::default() }.check().is_err());
        assert!(App { access_token_seconds: 0, ..App::default() }.check().is_err());
    }
}
