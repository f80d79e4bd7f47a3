//! Authentication and authorization of API calls.

use super::{
    limits::{Burst, Window},
    random::Random,
    responses::ApiError,
};
use crate::schema::Scope;

/// The tokens that every sandbox accepts. They are not valid anywhere else.
///
/// ```
/// use pipedrive_users::sandbox::Sandbox;
///
/// let sandbox = Sandbox::default();
/// assert_ne!(sandbox.tokens().api_token, sandbox.tokens().access_token);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// The API token of user 1, an admin: 40 hexadecimal digits for `x-api-token`.
    pub api_token: String,
    /// An OAuth access token of user 1 with all scopes, for `Authorization: Bearer`.
    pub access_token: String,
    /// The API token of user 2, who is not an admin.
    pub non_admin_token: String,
    /// An OAuth access token of user 1 with only the scope `base`.
    pub base_token: String,
}

/// The user who makes a call, and the scopes of their token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) user_id: u64,
    pub(super) is_admin: bool,
    /// The scopes of the OAuth token. An API token is not restricted by scopes and gets all of them.
    pub(super) scopes: &'static [Scope],
}

impl Caller {
    /// Checks whether the user has the permission behind a scope, regardless of the scopes of the token.
    pub(super) fn check_permission(self, scope: Scope) -> Result<(), ApiError> {
        if scope == Scope::Admin && !self.is_admin { Err(ApiError::Forbidden) } else { Ok(()) }
    }
}

/// The state of a token: its user, its scopes and its own burst limit.
#[derive(Debug)]
pub(super) struct TokenRecord {
    pub(super) caller: Caller,
    pub(super) burst: Burst,
}

impl TokenRecord {
    /// Checks whether the token has a scope.
    pub(super) fn check_scope(&self, scope: Scope) -> Result<(), ApiError> {
        if self.caller.scopes.contains(&scope) { Ok(()) } else { Err(ApiError::ScopeMismatch) }
    }
}

const ALL_SCOPES: &[Scope] = &[Scope::Base, Scope::UsersRead, Scope::Admin];
const BASE_SCOPE: &[Scope] = &[Scope::Base];

/// The tokens that exist from the start, without an OAuth authorization.
#[derive(Debug)]
pub(super) struct FixedTokens {
    tokens: Tokens,
    api: TokenRecord,
    access: TokenRecord,
    non_admin: TokenRecord,
    base: TokenRecord,
}

impl FixedTokens {
    pub(super) fn new(burst: Option<u32>, window: Window) -> Self {
        // They do not depend on the seed, so that the npm package knows them before its WebAssembly module is loaded.
        let mut random = Random::new(7, "tokens");
        let record = |user_id, scopes, default_burst| TokenRecord {
            caller: Caller { user_id, is_admin: user_id == 1, scopes },
            burst: Burst::new(burst.unwrap_or(default_burst), window),
        };
        Self {
            tokens: Tokens {
                api_token: random.hex(40),
                access_token: format!("v1u:{}", random.hex(96)),
                non_admin_token: random.hex(40),
                base_token: format!("v1u:{}", random.hex(96)),
            },
            api: record(1, ALL_SCOPES, 100),
            access: record(1, ALL_SCOPES, 400),
            non_admin: record(2, ALL_SCOPES, 100),
            base: record(1, BASE_SCOPE, 400),
        }
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Returns the state of the token of a request. An API token is accepted in `x-api-token` and, as Pipedrive still
    /// does, as `api_token` in the query; an access token only in `authorization`.
    pub(super) fn find(
        &mut self,
        headers: &[(String, String)],
        in_query: Option<&str>,
    ) -> Option<&mut TokenRecord> {
        let value_of = |name: &str| {
            let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim())
        };
        if let Some(token) = value_of("x-api-token").or(in_query) {
            return match token {
                _ if token == self.tokens.api_token => Some(&mut self.api),
                _ if token == self.tokens.non_admin_token => Some(&mut self.non_admin),
                _ => None,
            };
        }
        let (scheme, token) = value_of("authorization")?.split_once(' ')?;
        match token.trim() {
            _ if !scheme.eq_ignore_ascii_case("bearer") => None,
            token if token == self.tokens.access_token => Some(&mut self.access),
            token if token == self.tokens.base_token => Some(&mut self.base),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(fixed: &mut FixedTokens, name: &str, value: &str) -> Option<Caller> {
        fixed.find(&[(name.to_owned(), value.to_owned())], None).map(|record| record.caller)
    }

    #[test]
    fn tokens_have_pipedrives_format() {
        let fixed = FixedTokens::new(None, Window::Rolling);
        let tokens = fixed.tokens();
        assert!(tokens.api_token.len() == 40 && tokens.non_admin_token.len() == 40);
        assert!(tokens.access_token.starts_with("v1u:") && tokens.base_token.starts_with("v1u:"));
    }

    #[test]
    fn each_token_identifies_its_user_and_only_in_its_own_header() {
        let mut fixed = FixedTokens::new(None, Window::Rolling);
        let tokens = fixed.tokens().clone();
        let bearer = |token: &str| format!("bearer {token}");
        let user = |caller: Option<Caller>| caller.map(|caller| (caller.user_id, caller.scopes.len()));
        assert_eq!(user(caller(&mut fixed, "X-Api-Token", &tokens.api_token)), Some((1, 3)));
        assert_eq!(user(caller(&mut fixed, "x-api-token", &tokens.non_admin_token)), Some((2, 3)));
        assert_eq!(user(caller(&mut fixed, "Authorization", &bearer(&tokens.access_token))), Some((1, 3)));
        assert_eq!(user(caller(&mut fixed, "authorization", &bearer(&tokens.base_token))), Some((1, 1)));
        assert_eq!(user(caller(&mut fixed, "authorization", &bearer(&tokens.api_token))), None);
        assert_eq!(user(caller(&mut fixed, "x-api-token", &tokens.access_token)), None);
        assert_eq!(user(caller(&mut fixed, "authorization", &tokens.access_token)), None);
    }

    #[test]
    fn only_an_admin_has_the_admin_permission() {
        let mut fixed = FixedTokens::new(None, Window::Rolling);
        let tokens = fixed.tokens().clone();
        let admin = caller(&mut fixed, "x-api-token", &tokens.api_token).expect("known");
        let other = caller(&mut fixed, "x-api-token", &tokens.non_admin_token).expect("known");
        assert_eq!(admin.check_permission(Scope::Admin), Ok(()));
        assert_eq!(other.check_permission(Scope::Admin), Err(ApiError::Forbidden));
        assert_eq!(other.check_permission(Scope::UsersRead), Ok(()));
    }
}
