//! `GET /v1/users/{id}`: cost 2, scope `users:read`.

use super::{Answer, Endpoint, Method, Param, Reference, Scope};
use crate::models::{Described, User};

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
