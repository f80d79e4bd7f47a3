//! `POST /v1/users`: cost 10, scope `admin`.

use crate::call::Call;
use crate::client::Client;
use crate::endpoint::{Answer, Arg, Endpoint, Kind, Method, Param, Place, Reference, Scope};
use crate::models::{AccessApp, Described, User};
use crate::transport::World;

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

impl<W: World> Client<W> {
    /// Adds a user: `POST /v1/users`, cost 10. It invites a person and may be billed as a seat.
    pub fn add_user(&self, user: NewUser) -> Call<W, User> {
        let NewUser { email, access, active_flag } = user;
        let access = access.map(|entries| Arg::List(entries.into_iter().map(Arg::from).collect()));
        let access = access.unwrap_or(Arg::Absent);
        self.to(
            &ENDPOINT,
            vec![("email", email.into()), ("access", access), ("active_flag", active_flag.into())],
        )
    }
}

/// A user to add.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// The e-mail address to invite.
    pub email: String,
    /// The access to give, an entry per app; without it, Pipedrive gives access to sales.
    pub access: Option<Vec<NewAccess>>,
    /// Whether the user is active; without it, yes.
    pub active_flag: Option<bool>,
}

/// The access to one app, as a new user is given it.
#[derive(Clone, Debug)]
pub struct NewAccess {
    /// The app.
    pub app: AccessApp,
    /// Whether the user administers it.
    pub admin: Option<bool>,
    /// The id of a permission set.
    pub permission_set_id: Option<String>,
}

impl From<NewAccess> for Arg {
    fn from(access: NewAccess) -> Self {
        Self::Object(vec![
            ("app".to_owned(), access.app.as_str().into()),
            ("admin".to_owned(), access.admin.into()),
            ("permission_set_id".to_owned(), access.permission_set_id.into()),
        ])
    }
}
