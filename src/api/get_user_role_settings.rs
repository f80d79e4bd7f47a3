//! `GET /v1/users/{id}/roleSettings`: cost 10, scope `users:read`.

use crate::call::Call;
use crate::client::Client;
use crate::endpoint::{Answer, Endpoint, Method, Param, Reference, Scope};
use crate::models::{Described, RoleSettings};
use crate::transport::World;

/// The operation.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUserRoleSettings",
    method: Method::Get,
    path: "/v1/users/{id}/roleSettings",
    cost: 10,
    scope: Scope::UsersRead,
    params: &[Param::ID],
    answer: Answer::One,
};

/// What the reference says of it.
pub static REFERENCE: Reference = Reference {
    summary: "Returns what a user's role sees by default.",
    notes: "What the numbers mean depends on the plan, see `RoleSettings`.",
    params: &[("id", "The id of the user.")],
    data: RoleSettings::SHAPE,
};

impl<W: World> Client<W> {
    /// Returns what a user's role sees by default: `GET /v1/users/{id}/roleSettings`, cost 10.
    pub fn get_user_role_settings(&self, id: u64) -> Call<W, RoleSettings> {
        self.to(&ENDPOINT, vec![("id", id.into())])
    }
}
