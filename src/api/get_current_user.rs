//! `GET /v1/users/me`: cost 2, scope `base`.

use crate::call::Call;
use crate::client::Client;
use crate::endpoint::{Answer, Endpoint, Method, Reference, Scope};
use crate::models::{CurrentUser, Described};
use crate::transport::World;

/// The operation.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getCurrentUser",
    method: Method::Get,
    path: "/v1/users/me",
    cost: 2,
    scope: Scope::Base,
    params: &[],
    answer: Answer::One,
};

/// What the reference says of it.
pub static REFERENCE: Reference = Reference {
    summary: "Returns the user whose token makes the call, with the company that the token is bound to.",
    notes: "The safe account key is company id + user id: `identityKey` makes it. Every app has the scope that this needs.",
    params: &[],
    data: CurrentUser::SHAPE,
};

impl<W: World> Client<W> {
    /// Returns the token's user with the company: `GET /v1/users/me`, cost 2.
    pub fn get_current_user(&self) -> Call<W, CurrentUser> {
        self.to(&ENDPOINT, Vec::new())
    }
}
