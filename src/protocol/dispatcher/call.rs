//! A call of the dispatcher.

use super::Credential;
use super::step::{CallId, CredentialSource, Step};
use crate::error::{Failure, Thrown, check_credential};
use crate::limits::Ticket;
use crate::platform::sync::SharedRef;
use crate::protocol::call::{CallEvent, CallMachine};
use crate::protocol::event::EventKind;
use crate::protocol::exchange::Emitted;
use crate::protocol::outcome::{DetailsOf, Outcome, Reply, render};
use crate::protocol::signed::Signed;
use crate::text::{Message, Text};
use crate::transport::Transport;

/// What a call waits for.
pub(super) enum Phase {
    Begin,
    /// Its credential, until this time.
    Credential(f64),
    /// A request.
    Exchange(Ticket),
}

pub(super) struct Call<R: Transport> {
    pub(super) id: CallId,
    pub(super) signed: Signed<R::Text>,
    pub(super) source: CredentialSource<R::Text>,
    pub(super) is_identity_known: bool,
    pub(super) machine: CallMachine,
    pub(super) phase: Phase,
    /// What the credential function returned.
    pub(super) credential: Option<Credential<R>>,
    /// For one that shares another's request: how many steps the request had made, and when it is looked at again.
    pub(super) watch: (u32, f64),
    pub(super) attempts: u32,
    pub(super) error: Option<SharedRef<DetailsOf<R>>>,
    pub(super) reply: Option<Box<Reply<R>>>,
}

impl<R: Transport> Call<R> {
    pub(super) fn sign(&mut self, credential: Option<R::Text>, refused: Option<R::Text>) {
        self.signed.credential = credential;
        self.signed.refused = refused;
    }

    /// There is no credential.
    pub(super) fn fail(&mut self, failure: &Failure, cause: Option<R::Thrown>) -> CallEvent {
        let note = (self.attempts == 0).then(|| R::Text::new("; nothing was sent"));
        let outcome = Outcome::<R> { cause, ..Outcome::default() };
        self.error = Some(render(&self.signed, failure, &outcome, None, note.as_ref()));
        CallEvent::NoCredential
    }

    pub(super) fn emit(&self, kind: EventKind, text: Option<R::Text>) -> Step<R> {
        Step::Emit(self.signed.endpoint, Emitted::beside(kind), text)
    }
}

/// The credential that the function returned, if it can be sent.
pub(super) fn checked<T: Text, C: Thrown<Text = T>>(credential: Result<T, C>) -> Result<T, C> {
    let credential = credential?;
    match check_credential(&credential) {
        Ok(()) => Ok(credential),
        Err(lack) => Err(C::new(&Message::new("the token that it returned ").ascii(lack).build())),
    }
}
