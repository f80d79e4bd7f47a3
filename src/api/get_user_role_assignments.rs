//! `GET /v1/users/{id}/roleAssignments`: cost 10, scope `users:read`.

use crate::call::PagedCall;
use crate::client::Client;
use crate::endpoint::{Answer, Endpoint, Kind, MAX_SAFE_INTEGER, Method, Param, Place, Reference, Scope};
use crate::models::{Described, RoleAssignment};
use crate::transport::World;

/// The operation.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUserRoleAssignments",
    method: Method::Get,
    path: "/v1/users/{id}/roleAssignments",
    cost: 10,
    scope: Scope::UsersRead,
    params: &[
        Param::ID,
        Param {
            name: "start",
            wire: "start",
            place: Place::Query,
            kind: Kind::Integer { min: 0, max: MAX_SAFE_INTEGER },
            required: false,
        },
        Param {
            name: "limit",
            wire: "limit",
            place: Place::Query,
            kind: Kind::Integer { min: 1, max: MAX_SAFE_INTEGER },
            required: false,
        },
    ],
    answer: Answer::OffsetPage,
};

/// What the reference says of it.
pub static REFERENCE: Reference = Reference {
    summary: "Lists the roles that a user has, page by page.",
    notes: "",
    params: &[
        ("id", "The id of the user."),
        ("start", "How many items to pass over. Default: 0."),
        ("limit", "Items in a page, from 1. Default: 100; Pipedrive documents at most 500."),
    ],
    data: RoleAssignment::SHAPE,
};

impl<W: World> Client<W> {
    /// Lists the roles of a user, so many in a page: `GET /v1/users/{id}/roleAssignments`, cost 10 a page.
    pub fn get_user_role_assignments(
        &self,
        id: u64,
        start: Option<u64>,
        limit: Option<u32>,
    ) -> PagedCall<W, RoleAssignment> {
        PagedCall(
            self.to(&ENDPOINT, vec![("id", id.into()), ("start", start.into()), ("limit", limit.into())]),
        )
    }
}
