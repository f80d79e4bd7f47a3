//! Authorization codes, refresh tokens and access tokens.

use super::super::auth::TokenRecord;
use super::super::random::Random;
use super::super::time::Timestamp;

const CODE_LIFETIME_MS: u64 = 5 * 60_000;
const REFRESH_TOKEN_LIFETIME_MS: u64 = 60 * 86_400_000;

#[derive(Debug)]
struct AuthorizationCode {
    code: String,
    user_id: u64,
    redirect_uri: String,
    expires_at: Timestamp,
    is_redeemed: bool,
}

/// The consent of one user, with its only refresh token.
#[derive(Debug)]
struct Consent {
    user_id: u64,
    /// The code that it was redeemed with.
    code: String,
    refresh_token: String,
    expires_at: Timestamp,
}

#[derive(Debug)]
struct AccessToken {
    token: String,
    user_id: u64,
    record: TokenRecord,
    expires_at: Timestamp,
}

/// All that users have granted to the app and that has not expired.
#[derive(Debug)]
pub(super) struct Grants {
    random: Random,
    codes: Vec<AuthorizationCode>,
    consents: Vec<Consent>,
    access_tokens: Vec<AccessToken>,
}

impl Grants {
    pub(super) const fn new(random: Random) -> Self {
        Self { random, codes: Vec::new(), consents: Vec::new(), access_tokens: Vec::new() }
    }

    /// Returns a new authorization code of a user who granted access.
    pub(super) fn issue_code(&mut self, user_id: u64, redirect_uri: &str, now: Timestamp) -> String {
        let code = self.random.hex(40);
        let expires_at = now.plus_ms(CODE_LIFETIME_MS);
        self.codes.push(AuthorizationCode {
            code: code.clone(),
            user_id,
            redirect_uri: redirect_uri.to_owned(),
            expires_at,
            is_redeemed: false,
        });
        code
    }

    /// Redeems a code, which can be used once, and returns its user. It replaces the user's earlier consent. A code that
    /// is used again ends the tokens that it was redeemed for, as OAuth recommends (RFC 6749, 4.1.2).
    pub(super) fn redeem_code(&mut self, code: &str, redirect_uri: &str, now: Timestamp) -> Option<u64> {
        self.codes.retain(|known| known.expires_at > now);
        let found = self.codes.iter_mut().find(|known| known.code == code);
        let found = found.filter(|known| known.redirect_uri == redirect_uri)?;
        let user_id = found.user_id;
        if found.is_redeemed {
            if self.consents.iter().any(|consent| consent.code == code) {
                self.uninstall(user_id);
            }
            return None;
        }
        found.is_redeemed = true;
        self.consents.retain(|consent| consent.user_id != user_id);
        let refresh_token = self.new_refresh_token();
        self.consents.push(Consent {
            user_id,
            code: code.to_owned(),
            refresh_token,
            expires_at: now.plus_ms(REFRESH_TOKEN_LIFETIME_MS),
        });
        Some(user_id)
    }

    /// Uses a refresh token, which extends its lifetime, and returns its user.
    pub(super) fn refresh(&mut self, token: &str, rotate: bool, now: Timestamp) -> Option<u64> {
        let next = self.new_refresh_token();
        let consent = self
            .consents
            .iter_mut()
            .find(|consent| consent.refresh_token == token && consent.expires_at > now)?;
        consent.expires_at = now.plus_ms(REFRESH_TOKEN_LIFETIME_MS);
        if rotate {
            consent.refresh_token = next;
        }
        Some(consent.user_id)
    }

    /// Returns a new access token of a user, and their refresh token.
    pub(super) fn issue_access_token(
        &mut self,
        user_id: u64,
        record: TokenRecord,
        expires_at: Timestamp,
    ) -> Option<(String, String)> {
        let token = format!("v1u:{}", self.random.hex(96));
        self.access_tokens.push(AccessToken { token: token.clone(), user_id, record, expires_at });
        let consent = self.consents.iter().find(|consent| consent.user_id == user_id)?;
        Some((token, consent.refresh_token.clone()))
    }

    /// Returns the state of an access token that has not expired.
    pub(super) fn find_access_token(&mut self, token: &str, now: Timestamp) -> Option<&mut TokenRecord> {
        self.access_tokens.retain(|access| access.expires_at > now);
        self.access_tokens.iter_mut().find(|access| access.token == token).map(|access| &mut access.record)
    }

    /// Expires all access tokens.
    pub(super) fn expire_access_tokens(&mut self) {
        self.access_tokens.clear();
    }

    /// Revokes an access token, or a refresh token together with the consent it belongs to.
    pub(super) fn revoke(&mut self, token: &str) {
        self.access_tokens.retain(|access| access.token != token);
        if let Some(consent) = self.consents.iter().find(|consent| consent.refresh_token == token) {
            self.uninstall(consent.user_id);
        }
    }

    /// Ends a user's consent and revokes all their tokens.
    pub(super) fn uninstall(&mut self, user_id: u64) {
        self.consents.retain(|consent| consent.user_id != user_id);
        self.access_tokens.retain(|access| access.user_id != user_id);
    }

    fn new_refresh_token(&mut self) -> String {
        format!("1:1:{}", self.random.hex(40))
    }
}
