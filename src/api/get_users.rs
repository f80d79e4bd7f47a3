//! `GET /v1/users`: cost 20, scope `users:read`.

use crate::client::Call;
use crate::client::Client;
use crate::schema::{ResponseKind, Endpoint, Method, Reference, Scope};
use crate::models::{User};
use crate::schema::HasSchema;
use crate::transport::Runtime;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUsers",
    method: Method::Get,
    path: "/v1/users",
    cost: 20,
    scope: Scope::UsersRead,
    params: &[],
    response: ResponseKind::List,
};

/// Its reference text.
pub static REFERENCE: Reference = Reference {
    summary: "Lists all users of the company.",
    notes: "The list always comes whole: the operation is never paged. It holds deactivated users (`active_flag: false`) and, as others report, deleted ones too: filter as you need.",
    params: &[],
    data: User::SCHEMA,
};

impl<R: Runtime> Client<R> {
    /// Lists all users of the company: `GET /v1/users`, cost 20.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// for user in client.get_users().await? {
    ///     println!("{} {}", user.id, user.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_users(&self) -> Call<R, Vec<User>> {
        self.to(&ENDPOINT, Vec::new())
    }
}
