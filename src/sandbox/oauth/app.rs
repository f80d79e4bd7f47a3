//! The app that the sandbox knows.

use super::form::Form;
use crate::schema::Scope;

/// An app as Pipedrive's Developer Hub has it. What is not given is the sandbox's own.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct App {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
    /// The callback URL; any on the loopback or with https where there is none.
    pub redirect_uri: Option<String>,
    /// What users know it by.
    pub name: String,
    /// What it may do: `base`, `users:read`, `admin`.
    pub scopes: Vec<String>,
    /// Whether a new refresh token comes with each new access token, instead of the same.
    pub rotate: bool,
    /// How long an access token lasts.
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
    /// Says what is wrong with it, if anything is.
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

    pub(super) fn scopes(&self) -> &'static [Scope] {
        // Each goes with those before it: nobody reads users without knowing who they are.
        let named = |scope: &Scope| self.scopes.iter().any(|name| name == scope.as_str());
        SCOPES.get(..SCOPES.iter().rposition(named).map_or(0, |at| at + 1)).unwrap_or_default()
    }

    /// Whether users may be sent there with a code.
    pub(super) fn takes(&self, redirect_uri: &str) -> bool {
        match &self.redirect_uri {
            Some(registered) => registered == redirect_uri,
            None => ["http://127.0.0.1", "http://localhost", "https://"]
                .iter()
                .any(|start| redirect_uri.starts_with(start)),
        }
    }

    /// Whether a request is from the app: its credentials are in a header or in the body.
    pub(super) fn is_known(&self, authorization: Option<&str>, form: &Form) -> bool {
        authorization == Some(self.basic().as_str())
            || (form.get("client_id") == Some(&self.client_id)
                && form.get("client_secret") == Some(&self.client_secret))
    }

    /// The header by which it is known.
    pub(super) fn basic(&self) -> String {
        format!("Basic {}", base64([&self.client_id, ":", &self.client_secret].concat().as_bytes()))
    }
}

/// Bytes as base64, which the sandbox needs nowhere else.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |six: u32| LETTERS.get((six & 63) as usize).copied().map_or('=', char::from);
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for place in 0..4 {
            text.push(if place <= chunk.len() { letter(bits >> (18 - 6 * place)) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_rfc_4648_has_it() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn what_is_no_app_is_refused() {
        assert_eq!(App::default().check(), Ok(()));
        assert!(App { client_id: "a:b".to_owned(), ..App::default() }.check().is_err());
        assert!(App { scopes: vec!["deals:read".to_owned()], ..App::default() }.check().is_err());
        assert!(App { access_token_seconds: 0, ..App::default() }.check().is_err());
    }
}
