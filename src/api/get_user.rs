//! `GET /v1/users/{id}`: cost 2, scope `users:read`.

use crate::client::Call;
use crate::client::Client;
use crate::schema::{ResponseKind, Endpoint, Method, Param, Reference, Scope};
use crate::models::{User};
use crate::schema::HasSchema;
use crate::transport::Runtime;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUser",
    method: Method::Get,
    path: "/v1/users/{id}",
    cost: 2,
    scope: Scope::UsersRead,
    params: &[Param::ID],
    response: ResponseKind::Object,
};

/// Its reference text.
pub static REFERENCE: Reference = Reference {
    summary: "Returns one user of the company.",
    notes: "Deactivated users stay readable.",
    params: &[("id", "The id of the user.")],
    data: User::SCHEMA,
};

impl<R: Runtime> Client<R> {
    /// Returns one user: `GET /v1/users/{id}`, cost 2.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let user = client.get_user(7).await?;
    /// println!("{} last logged in {:?}", user.name, user.last_login);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_user(&self, id: u64) -> Call<R, User> {
        self.to(&ENDPOINT, vec![("id", id.into())])
    }
}
