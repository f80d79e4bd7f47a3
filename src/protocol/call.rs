//! A caller's call around its request: the credential before it, and once more after a 401.

use crate::error::Kind;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CallEvent {
    /// The call begins.
    Begin,
    /// The credential is there.
    Credential,
    /// There is no credential: the error says why.
    NoCredential,
    /// The request failed.
    Failed(Kind),
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CallAction {
    /// Ask for the credential, within the time of an attempt.
    AskCredential,
    /// The same, and say which one was refused.
    RenewCredential,
    /// Send the request with the credential, or join an identical one.
    Exchange,
    /// The call is over, with the last result.
    Finish,
}

/// The state of a call.
#[derive(Debug)]
pub(crate) struct CallMachine {
    /// Whether the next credential can be another one.
    is_renewable: bool,
    is_renewed: bool,
}

impl CallMachine {
    /// A call whose credential comes from a function, if `is_renewable`.
    pub(crate) const fn new(is_renewable: bool) -> Self {
        Self { is_renewable, is_renewed: false }
    }

    pub(crate) fn step(&mut self, event: CallEvent) -> CallAction {
        match event {
            CallEvent::Begin => CallAction::AskCredential,
            CallEvent::Credential => CallAction::Exchange,
            CallEvent::Failed(Kind::Authentication) if self.is_renewable && !self.is_renewed => {
                self.is_renewed = true;
                CallAction::RenewCredential
            }
            CallEvent::NoCredential | CallEvent::Failed(_) => CallAction::Finish,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: CallEvent = CallEvent::Failed(Kind::Authentication);

    #[test]
    fn a_401_renews_the_credential_once() {
        let mut call = CallMachine::new(true);
        assert_eq!(call.step(CallEvent::Begin), CallAction::AskCredential);
        assert_eq!(call.step(CallEvent::Credential), CallAction::Exchange);
        assert_eq!(call.step(REFUSED), CallAction::RenewCredential);
        assert_eq!(call.step(CallEvent::Credential), CallAction::Exchange);
        assert_eq!(call.step(REFUSED), CallAction::Finish);
    }

    #[test]
    fn a_fixed_credential_is_not_renewed_and_other_failures_are_final() {
        let mut call = CallMachine::new(false);
        assert_eq!(call.step(REFUSED), CallAction::Finish);
        let mut call = CallMachine::new(true);
        assert_eq!(call.step(CallEvent::Failed(Kind::Server)), CallAction::Finish);
        assert_eq!(call.step(CallEvent::NoCredential), CallAction::Finish);
    }
}
