//! `GET /v1/users/find`: cost 40, scope `users:read`.

use crate::call::Call;
use crate::client::Client;
use crate::endpoint::{Answer, Endpoint, Kind, Method, Param, Place, Reference, Scope};
use crate::models::{Described, User};
use crate::transport::World;

/// The operation.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "findUsersByName",
    method: Method::Get,
    path: "/v1/users/find",
    cost: 40,
    scope: Scope::UsersRead,
    params: &[
        Param { name: "term", wire: "term", place: Place::Query, kind: Kind::Text, required: true },
        Param {
            name: "searchByEmail",
            wire: "search_by_email",
            place: Place::Query,
            kind: Kind::Flag,
            required: false,
        },
    ],
    answer: Answer::List,
};

/// What the reference says of it.
pub static REFERENCE: Reference = Reference {
    summary: "Finds users by name, or by e-mail.",
    notes: "It answers whole users, not search items, and costs as much as a search: twice `getUsers`, twenty times `getUser`.",
    params: &[
        ("term", "What to look for; not blank."),
        ("searchByEmail", "Look only at e-mail addresses instead of names. Default: false."),
    ],
    data: User::SHAPE,
};

impl<W: World> Client<W> {
    /// Finds users by name, or by e-mail: `GET /v1/users/find`, cost 40.
    pub fn find_users_by_name(&self, term: &str, search_by_email: bool) -> Call<W, Vec<User>> {
        self.to(&ENDPOINT, vec![("term", term.into()), ("searchByEmail", search_by_email.into())])
    }
}
