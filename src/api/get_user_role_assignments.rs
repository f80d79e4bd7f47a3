//! `GET /v1/users/{id}/roleAssignments`: cost 10, scope `users:read`.

use super::{Answer, Endpoint, Kind, Method, Param, Place, Reference, Scope, params::MAX_SAFE_INTEGER};
use crate::models::{Described, RoleAssignment};

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
