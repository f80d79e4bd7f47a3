//! `PUT /v1/users/{id}`: cost 10, scope `admin`.

use crate::call::Call;
use crate::client::Client;
use crate::endpoint::{Answer, Endpoint, Kind, Method, Param, Place, Reference, Scope};
use crate::models::{Described, User};
use crate::transport::World;

/// The operation.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "updateUser",
    method: Method::Put,
    path: "/v1/users/{id}",
    cost: 10,
    scope: Scope::Admin,
    params: &[
        Param::ID,
        Param {
            name: "active_flag",
            wire: "active_flag",
            place: Place::Body,
            kind: Kind::Boolean,
            required: true,
        },
    ],
    answer: Answer::One,
};

/// What the reference says of it.
pub static REFERENCE: Reference = Reference {
    summary: "Activates or deactivates a user.",
    notes: "Nothing else of a user can be changed through the API.",
    params: &[("id", "The id of the user."), ("active_flag", "Whether the user is active.")],
    data: User::SHAPE,
};

impl<W: World> Client<W> {
    /// Activates or deactivates a user: `PUT /v1/users/{id}`, cost 10.
    pub fn update_user(&self, id: u64, active_flag: bool) -> Call<W, User> {
        self.to(&ENDPOINT, vec![("id", id.into()), ("active_flag", active_flag.into())])
    }
}
