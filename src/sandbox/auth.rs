//! Who may call: the tokens, what each of them may do, and the header that brings them.

use super::{answers::Fault, limits::Burst, options::Window, random::Random};
use crate::endpoint::Scope;

/// The tokens that the sandbox accepts. They are worth nothing anywhere else.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// The API token of user 1, an admin: 40 hexadecimal digits for `x-api-token`.
    pub api_token: String,
    /// An OAuth access token of user 1 with all scopes, for `Authorization: Bearer`.
    pub access_token: String,
    /// The API token of user 2, who is not an admin.
    pub non_admin_token: String,
    /// An OAuth access token of user 1 with the scope `base` and no other.
    pub base_token: String,
}

/// Whose call it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) user_id: u64,
    pub(super) is_admin: bool,
    /// What the OAuth app may do; an API token has no scopes: it may do what its user may.
    pub(super) scopes: &'static [Scope],
}

impl Caller {
    /// Whether the user may do what the scope stands for, whatever the token allows.
    pub(super) fn check_right(self, scope: Scope) -> Result<(), Fault> {
        if scope == Scope::Admin && !self.is_admin { Err(Fault::Forbidden) } else { Ok(()) }
    }
}

/// A token with its holder and its own burst limit.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) caller: Caller,
    pub(super) burst: Burst,
}

impl Pass {
    pub(super) fn check_scope(&self, scope: Scope) -> Result<(), Fault> {
        if self.caller.scopes.contains(&scope) { Ok(()) } else { Err(Fault::ScopeMismatch) }
    }
}

const ALL: &[Scope] = &[Scope::Base, Scope::UsersRead, Scope::Admin];
const ONLY_BASE: &[Scope] = &[Scope::Base];

/// Lets in who brings one of the tokens.
#[derive(Debug)]
pub(super) struct Gate {
    tokens: Tokens,
    api: Pass,
    access: Pass,
    non_admin: Pass,
    base: Pass,
}

impl Gate {
    pub(super) fn new(burst: Option<u32>, window: Window) -> Self {
        // The same for every company, so that the npm package knows them before its module is loaded.
        let mut random = Random::of(7, "tokens");
        let pass = |user_id, scopes, usual_burst| Pass {
            caller: Caller { user_id, is_admin: user_id == 1, scopes },
            burst: Burst::new(burst.unwrap_or(usual_burst), window),
        };
        Self {
            tokens: Tokens {
                api_token: random.hex(40),
                access_token: format!("v1u:{}", random.hex(96)),
                non_admin_token: random.hex(40),
                base_token: format!("v1u:{}", random.hex(96)),
            },
            api: pass(1, ALL, 100),
            access: pass(1, ALL, 400),
            non_admin: pass(2, ALL, 100),
            base: pass(1, ONLY_BASE, 400),
        }
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The pass that belongs to the token in the headers. An API token is no bearer token and the reverse; the
    /// query is not looked at, because a token in it ends up in logs.
    pub(super) fn open(&mut self, headers: &[(String, String)]) -> Option<&mut Pass> {
        let value_of = |name: &str| {
            let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim())
        };
        if let Some(token) = value_of("x-api-token") {
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

    fn caller(gate: &mut Gate, name: &str, value: &str) -> Option<Caller> {
        gate.open(&[(name.to_owned(), value.to_owned())]).map(|pass| pass.caller)
    }

    #[test]
    fn tokens_look_like_pipedrives() {
        let gate = Gate::new(None, Window::Rolling);
        let tokens = gate.tokens();
        assert!(tokens.api_token.len() == 40 && tokens.non_admin_token.len() == 40);
        assert!(tokens.access_token.starts_with("v1u:") && tokens.base_token.starts_with("v1u:"));
    }

    #[test]
    fn each_token_is_its_users_and_only_in_its_own_header() {
        let mut gate = Gate::new(None, Window::Rolling);
        let tokens = gate.tokens().clone();
        let bearer = |token: &str| format!("bearer {token}");
        let user = |caller: Option<Caller>| caller.map(|caller| (caller.user_id, caller.scopes.len()));
        assert_eq!(user(caller(&mut gate, "X-Api-Token", &tokens.api_token)), Some((1, 3)));
        assert_eq!(user(caller(&mut gate, "x-api-token", &tokens.non_admin_token)), Some((2, 3)));
        assert_eq!(user(caller(&mut gate, "Authorization", &bearer(&tokens.access_token))), Some((1, 3)));
        assert_eq!(user(caller(&mut gate, "authorization", &bearer(&tokens.base_token))), Some((1, 1)));
        assert_eq!(user(caller(&mut gate, "authorization", &bearer(&tokens.api_token))), None);
        assert_eq!(user(caller(&mut gate, "x-api-token", &tokens.access_token)), None);
        assert_eq!(user(caller(&mut gate, "authorization", &tokens.access_token)), None);
    }

    #[test]
    fn only_an_admin_administers() {
        let mut gate = Gate::new(None, Window::Rolling);
        let tokens = gate.tokens().clone();
        let admin = caller(&mut gate, "x-api-token", &tokens.api_token).expect("known");
        let other = caller(&mut gate, "x-api-token", &tokens.non_admin_token).expect("known");
        assert_eq!(admin.check_right(Scope::Admin), Ok(()));
        assert_eq!(other.check_right(Scope::Admin), Err(Fault::Forbidden));
        assert_eq!(other.check_right(Scope::UsersRead), Ok(()));
    }
}
