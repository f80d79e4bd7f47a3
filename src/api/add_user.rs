//! `POST /v1/users`: cost 10, scope `admin`.

use super::{Answer, Endpoint, Kind, Method, Param, Place, Reference, Scope};
use crate::models::{Described, User};

/// The operation.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "addUser",
    method: Method::Post,
    path: "/v1/users",
    cost: 10,
    scope: Scope::Admin,
    params: &[
        Param { name: "email", wire: "email", place: Place::Body, kind: Kind::Email, required: true },
        Param { name: "access", wire: "access", place: Place::Body, kind: Kind::Access, required: false },
        Param {
            name: "active_flag",
            wire: "active_flag",
            place: Place::Body,
            kind: Kind::Boolean,
            required: false,
        },
    ],
    answer: Answer::One,
};

/// What the reference says of it.
pub static REFERENCE: Reference = Reference {
    summary: "Adds a user to the company.",
    notes: "It invites a person and may be billed as a seat, so it is sent a second time only when the first surely was not processed. An address that is already a user is, by the accounts of others, answered with that user and no error.",
    params: &[
        ("email", "The e-mail address to invite."),
        ("access", "The access to give, an entry per app. Default: `[{ app: \"sales\" }]`."),
        ("active_flag", "Whether the user is active. Default: true."),
    ],
    data: User::SHAPE,
};
