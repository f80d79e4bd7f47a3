//! `GET /v1/users/{id}`: cost 2, scope `users:read`.

use crate::call::Call;
use crate::client::Client;
use crate::endpoint::{Answer, Endpoint, Method, Param, Reference, Scope};
use crate::models::{Described, User};
use crate::transport::World;

/// The operation.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUser",
    method: Method::Get,
    path: "/v1/users/{id}",
    cost: 2,
    scope: Scope::UsersRead,
    params: &[Param::ID],
    answer: Answer::One,
};

/// What the reference says of it.
pub static REFERENCE: Reference = Reference {
    summary: "Returns one user of the company.",
    notes: "Deactivated users stay readable.",
    params: &[("id", "The id of the user.")],
    data: User::SHAPE,
};

impl<W: World> Client<W> {
    /// Returns one user: `GET /v1/users/{id}`, cost 2.
    pub fn get_user(&self, id: u64) -> Call<W, User> {
        self.to(&ENDPOINT, vec![("id", id.into())])
    }
}
