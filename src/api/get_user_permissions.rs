//! `GET /v1/users/{id}/permissions`: cost 10, scope `users:read`.

use crate::call::Call;
use crate::client::Client;
use crate::endpoint::{Answer, Endpoint, Method, Param, Reference, Scope};
use crate::models::{Described, UserPermissions};
use crate::transport::World;

/// The operation.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUserPermissions",
    method: Method::Get,
    path: "/v1/users/{id}/permissions",
    cost: 10,
    scope: Scope::UsersRead,
    params: &[Param::ID],
    answer: Answer::One,
};

/// What the reference says of it.
pub static REFERENCE: Reference = Reference {
    summary: "Returns what a user may do, a boolean per permission.",
    notes: "The list of permissions grows; one that is missing was not told.",
    params: &[("id", "The id of the user.")],
    data: UserPermissions::SHAPE,
};

impl<W: World> Client<W> {
    /// Returns what a user may do: `GET /v1/users/{id}/permissions`, cost 10.
    pub fn get_user_permissions(&self, id: u64) -> Call<W, UserPermissions> {
        self.to(&ENDPOINT, vec![("id", id.into())])
    }
}
