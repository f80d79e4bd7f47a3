//! The credential of a call: asked for before each attempt, once for all who wait for it at the same time.

use std::cell::RefCell;

use crate::config::{Credential, Token, TokenProvider};
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
        let token = match self.token() {
            None => return Ok(None),
            Some(Token::Fixed(secret)) => secret.clone(),
            Some(Token::Provider(provider)) => self.ask(provider.as_ref(), endpoint).await?,
        };
        Ok(Some(self.signature(token)))
    }

    /// After a 401: the header to send the call once more with, if the token can be another one now.
    ///
    /// Many calls can be refused at once: the first to come asks for a new token, the others wait for that one or
    /// find that it is there already.
    pub(crate) async fn renew(
        &self,
        refused: &Secret,
        endpoint: &'static Endpoint,
    ) -> Result<Option<Signature>> {
        let Some(Token::Provider(provider)) = self.token() else { return Ok(None) };
        let newer = self.state.borrow().current.clone().filter(|current| current != refused);
        let token = match newer {
            Some(token) => token,
            None => self.ask(provider.as_ref(), endpoint).await?,
        };
        Ok(Some(self.signature(token)))
    }

    /// Whether the next token can be another one.
    pub(crate) fn is_renewable(&self) -> bool {
        matches!(self.token(), Some(Token::Provider(_)))
    }

    fn token(&self) -> Option<&Token> {
        match &self.credential {
            Credential::None => None,
            Credential::ApiToken(token) | Credential::AccessToken(token) => Some(token),
        }
    }

    fn signature(&self, token: Secret) -> Signature {
        let (name, prefix) = match self.credential {
            Credential::ApiToken(_) => ("x-api-token", ""),
            _ => ("authorization", "Bearer "),
        };
        Signature { name, value: [prefix, token.reveal()].concat(), token }
    }

    async fn ask(&self, provider: &dyn TokenProvider, endpoint: &'static Endpoint) -> Result<Secret> {
        let joined = self.state.borrow().asking.as_ref().and_then(Handle::join);
        let share = joined.unwrap_or_else(|| {
            let share = Shared::new(provider.token());
            self.state.borrow_mut().asking = Some(share.handle());
            share
        });
        match share.await {
            Ok(secret) => {
                self.state.borrow_mut().current = Some(secret.clone());
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
