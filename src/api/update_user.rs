//! `PUT /v1/users/{id}`: cost 10, scope `admin`.

use crate::client::Call;
use crate::client::Client;
use crate::schema::{ResponseKind, Endpoint, ParamKind, Method, Param, ParamLocation, Reference, Scope};
use crate::models::{User};
use crate::schema::HasSchema;
use crate::transport::Runtime;

/// The endpoint.
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
            location: ParamLocation::Body,
            kind: ParamKind::Boolean,
            required: true,
        },
    ],
    response: ResponseKind::Object,
};

/// Its reference text.
pub static REFERENCE: Reference = Reference {
    summary: "Activates or deactivates a user.",
    notes: "Nothing else of a user can be changed through the API.",
    params: &[("id", "The id of the user."), ("active_flag", "Whether the user is active.")],
    data: User::SCHEMA,
};

impl<R: Runtime> Client<R> {
    /// Activates or deactivates a user: `PUT /v1/users/{id}`, cost 10.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let user = client.update_user(7, false).await?;
    /// assert!(!user.active_flag);
    /// # Ok(())
    /// # }
    /// ```
    pub fn update_user(&self, id: u64, active_flag: bool) -> Call<R, User> {
        self.to(&ENDPOINT, vec![("id", id.into()), ("active_flag", active_flag.into())])
    }
}
