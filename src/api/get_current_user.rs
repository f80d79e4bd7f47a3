//! `GET /v1/users/me`: cost 2, scope `base`.

use crate::client::Call;
use crate::client::Client;
use crate::schema::{ResponseKind, Endpoint, Method, Reference, Scope};
use crate::models::{CurrentUser, };
use crate::schema::HasSchema;
use crate::transport::Runtime;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getCurrentUser",
    method: Method::Get,
    path: "/v1/users/me",
    cost: 2,
    scope: Scope::Base,
    params: &[],
    response: ResponseKind::Object,
};

/// Its reference text.
pub static REFERENCE: Reference = Reference {
    summary: "Returns the user whose token makes the call, with the company that the token is bound to.",
    notes: "The safe account key is company id + user id: `identityKey` makes it. Every app has the scope that this needs.",
    params: &[],
    data: CurrentUser::SCHEMA,
};

impl<R: Runtime> Client<R> {
    /// Returns the token's user with the company: `GET /v1/users/me`, cost 2.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let me = client.get_current_user().await?;
    /// println!("{} of {}", me.identity_key(), me.company_name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_current_user(&self) -> Call<R, CurrentUser> {
        self.to(&ENDPOINT, Vec::new())
    }
}
