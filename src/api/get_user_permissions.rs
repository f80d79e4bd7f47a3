//! `GET /v1/users/{id}/permissions`: cost 10, scope `users:read`.

use crate::client::Call;
use crate::client::Client;
use crate::schema::{ResponseKind, Endpoint, Method, Param, Reference, Scope};
use crate::models::{UserPermissions};
use crate::schema::HasSchema;
use crate::transport::Runtime;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUserPermissions",
    method: Method::Get,
    path: "/v1/users/{id}/permissions",
    cost: 10,
    scope: Scope::UsersRead,
    params: &[Param::ID],
    response: ResponseKind::Object,
};

/// Its reference text.
pub static REFERENCE: Reference = Reference {
    summary: "Returns what a user may do, a boolean per permission.",
    notes: "The list of permissions grows; a missing one is unknown.",
    params: &[("id", "The id of the user.")],
    data: UserPermissions::SCHEMA,
};

impl<R: Runtime> Client<R> {
    /// Returns what a user may do: `GET /v1/users/{id}/permissions`, cost 10.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let permissions = client.get_user_permissions(7).await?;
    /// if permissions.can_use_api == Some(false) {
    ///     println!("no API for this user");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_user_permissions(&self, id: u64) -> Call<R, UserPermissions> {
        self.to(&ENDPOINT, vec![("id", id.into())])
    }
}
