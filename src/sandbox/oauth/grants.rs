//! What users have granted: codes, refresh tokens, and the access tokens that came of them.

use super::super::auth::Pass;
use super::super::random::Random;
use super::super::time::Moment;

const CODE_MS: u64 = 5 * 60_000;
const REFRESH_MS: u64 = 60 * 86_400_000;

#[derive(Debug)]
struct Code {
    text: String,
    user_id: u64,
    redirect_uri: String,
    until: Moment,
}

/// The consent of one user: the app has one refresh token for each.
#[derive(Debug)]
struct Consent {
    user_id: u64,
    refresh_token: String,
    until: Moment,
}

#[derive(Debug)]
struct Access {
    token: String,
    user_id: u64,
    pass: Pass,
    until: Moment,
}

#[derive(Debug)]
pub(super) struct Grants {
    random: Random,
    codes: Vec<Code>,
    consents: Vec<Consent>,
    accesses: Vec<Access>,
}

impl Grants {
    pub(super) const fn new(random: Random) -> Self {
        Self { random, codes: Vec::new(), consents: Vec::new(), accesses: Vec::new() }
    }

    /// A code for a user who said yes.
    pub(super) fn code(&mut self, user_id: u64, redirect_uri: &str, now: Moment) -> String {
        let text = self.random.hex(40);
        let until = now.later(CODE_MS);
        self.codes.push(Code { text: text.clone(), user_id, redirect_uri: redirect_uri.to_owned(), until });
        text
    }

    /// A code is for one use: gives whose it is.
    pub(super) fn exchange(&mut self, code: &str, redirect_uri: &str, now: Moment) -> Option<u64> {
        self.codes.retain(|code| code.until > now);
        let at =
            self.codes.iter().position(|known| known.text == code && known.redirect_uri == redirect_uri)?;
        let Code { user_id, .. } = self.codes.remove(at);
        self.consents.retain(|consent| consent.user_id != user_id);
        let refresh_token = self.refresh_token();
        self.consents.push(Consent { user_id, refresh_token, until: now.later(REFRESH_MS) });
        Some(user_id)
    }

    /// A refresh token is good for another sixty days each time: gives whose it is.
    pub(super) fn refresh(&mut self, token: &str, rotate: bool, now: Moment) -> Option<u64> {
        let next = self.refresh_token();
        let consent =
            self.consents.iter_mut().find(|consent| consent.refresh_token == token && consent.until > now)?;
        consent.until = now.later(REFRESH_MS);
        if rotate {
            consent.refresh_token = next;
        }
        Some(consent.user_id)
    }

    /// A new access token of a user, and the refresh token that goes with it.
    pub(super) fn access(&mut self, user_id: u64, pass: Pass, until: Moment) -> Option<(String, String)> {
        let token = format!("v1u:{}", self.random.hex(96));
        self.accesses.push(Access { token: token.clone(), user_id, pass, until });
        let consent = self.consents.iter().find(|consent| consent.user_id == user_id)?;
        Some((token, consent.refresh_token.clone()))
    }

    pub(super) fn pass(&mut self, token: &str, now: Moment) -> Option<&mut Pass> {
        self.accesses.retain(|access| access.until > now);
        self.accesses.iter_mut().find(|access| access.token == token).map(|access| &mut access.pass)
    }

    /// All access tokens are over.
    pub(super) fn expire(&mut self) {
        self.accesses.clear();
    }

    pub(super) fn revoke(&mut self, token: &str) {
        self.accesses.retain(|access| access.token != token);
        if let Some(consent) = self.consents.iter().find(|consent| consent.refresh_token == token) {
            self.uninstall(consent.user_id);
        }
    }

    /// A user's consent is over, and all that came of it.
    pub(super) fn uninstall(&mut self, user_id: u64) {
        self.consents.retain(|consent| consent.user_id != user_id);
        self.accesses.retain(|access| access.user_id != user_id);
    }

    fn refresh_token(&mut self) -> String {
        format!("1:1:{}", self.random.hex(40))
    }
}
