//! `GET /v1/users/{id}/roleSettings`: cost 10, scope `users:read`.

use crate::client::Call;
use crate::client::Client;
use crate::schema::{ResponseKind, Endpoint, Method, Param, Reference, Scope};
use crate::models::{RoleSettings};
use crate::schema::HasSchema;
use crate::transport::Runtime;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUserRoleSettings",
    method: Method::Get,
    path: "/v1/users/{id}/roleSettings",
    cost: 10,
    scope: Scope::UsersRead,
    params: &[Param::ID],
    response: ResponseKind::Object,
};

/// Its reference text.
pub static REFERENCE: Reference = Reference {
    summary: "Returns what a user's role sees by default.",
    notes: "What the numbers mean depends on the plan, see `RoleSettings`.",
    params: &[("id", "The id of the user.")],
    data: RoleSettings::SCHEMA,
};

impl<R: Runtime> Client<R> {
    /// Returns what a user's role sees by default: `GET /v1/users/{id}/roleSettings`, cost 10.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let settings = client.get_user_role_settings(7).await?;
    /// println!("{:?}", settings.deal_default_visibility);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_user_role_settings(&self, id: u64) -> Call<R, RoleSettings> {
        self.to(&ENDPOINT, vec![("id", id.into())])
    }
}
