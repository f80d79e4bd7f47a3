//! `GET /v1/users`: cost 20, scope `users:read`.

use crate::call::Call;
use crate::client::Client;
use crate::endpoint::{Answer, Endpoint, Method, Reference, Scope};
use crate::models::{Described, User};
use crate::transport::World;

/// The operation.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUsers",
    method: Method::Get,
    path: "/v1/users",
    cost: 20,
    scope: Scope::UsersRead,
    params: &[],
    answer: Answer::List,
};

/// What the reference says of it.
pub static REFERENCE: Reference = Reference {
    summary: "Lists all users of the company.",
    notes: "The list always comes whole: the operation is never paged. It holds deactivated users (`active_flag: false`) and, by the accounts of others, deleted ones too: filter as you need.",
    params: &[],
    data: User::SHAPE,
};

impl<W: World> Client<W> {
    /// Lists all users of the company: `GET /v1/users`, cost 20.
    pub fn get_users(&self) -> Call<W, Vec<User>> {
        self.to(&ENDPOINT, Vec::new())
    }
}
