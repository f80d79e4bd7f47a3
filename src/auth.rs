//! The credential of a call: asked for before each attempt, once for all who wait for it at the same time.

use std::cell::RefCell;

use crate::config::{Credential, Token};
use crate::endpoint::Endpoint;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::shared::{Handle, Shared};
use crate::transport::Cause;

/// The credential of a client.
pub(crate) struct Auth {
    credential: Credential,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// The token that the provider gave last.
    current: Option<Secret>,
    /// The question to the provider that is on its way.
    asking: Option<Handle<Result<Secret, Cause>>>,
}

/// The token of one attempt, in its header.
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) token: Secret,
}

impl Auth {
    pub(crate) fn new(credential: Credential) -> Self {
        Self { credential, state: RefCell::default() }
    }

    /// The header for the next attempt; none where the server at the base URL adds it.
    pub(crate) async fn sign(&self, endpoint: &'static Endpoint) -> Result<Option<Signature>> {
        let (name, prefix, token) = match &self.credential {
            Credential::None => return Ok(None),
            Credential::ApiToken(token) => ("x-api-token", "", token),
            Credential::AccessToken(token) => ("authorization", "Bearer ", token),
        };
        let secret = match token {
            Token::Fixed(secret) => secret.clone(),
            Token::Provider(_) => self.ask(endpoint).await?,
        };
        Ok(Some(Signature { name, value: [prefix, secret.reveal()].concat(), token: secret }))
    }

    /// After a 401: whether the call may be sent once more, with a token that was given after it was refused.
    ///
    /// Many calls can be refused at once: the first to come asks for a new token, the others wait for that one or
    /// find that it is there already.
    pub(crate) async fn renew(&self, refused: &Secret, endpoint: &'static Endpoint) -> Result<bool> {
        let (Credential::ApiToken(token) | Credential::AccessToken(token)) = &self.credential else {
            return Ok(false);
        };
        if matches!(token, Token::Fixed(_)) {
            return Ok(false);
        }
        let is_current = self.state.borrow().current.as_ref() == Some(refused);
        if is_current {
            self.ask(endpoint).await?;
        }
        Ok(true)
    }

    /// The token that the provider gave last, for the attempt after a renewal.
    pub(crate) fn current(&self) -> Option<Signature> {
        let (name, prefix) = match &self.credential {
            Credential::None => return None,
            Credential::ApiToken(_) => ("x-api-token", ""),
            Credential::AccessToken(_) => ("authorization", "Bearer "),
        };
        let token = self.state.borrow().current.clone()?;
        Some(Signature { name, value: [prefix, token.reveal()].concat(), token })
    }

    async fn ask(&self, endpoint: &'static Endpoint) -> Result<Secret> {
        let joined = self.state.borrow().asking.as_ref().and_then(Handle::join);
        let share = joined.or_else(|| {
            let (Credential::ApiToken(Token::Provider(provider))
            | Credential::AccessToken(Token::Provider(provider))) = &self.credential
            else {
                return None;
            };
            let share = Shared::new(provider.token());
            self.state.borrow_mut().asking = Some(share.handle());
            Some(share)
        });
        let Some(share) = share else {
            return Err(Error::new(Kind::Authentication, endpoint.operation, &["there is no credential"]));
        };
        let answer = share.await;
        let mut state = self.state.borrow_mut();
        match answer {
            Ok(secret) => {
                state.current = Some(secret.clone());
                Ok(secret)
            }
            Err(cause) => {
                let text = ["the credential function failed: ", &cause.text];
                Err(Error::new(Kind::Authentication, endpoint.operation, &text)
                    .with(|details| details.cause = Some(cause)))
            }
        }
    }
}
