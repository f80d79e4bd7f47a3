//! `GET /api/v2/users/{id}/followers`: cost 10, scope `users:read`.

use crate::client::PagedCall;
use crate::client::Client;
use crate::schema::{ResponseKind, Endpoint, ParamKind, Method, Param, ParamLocation, Reference, Scope};
use crate::models::{Follower};
use crate::schema::HasSchema;
use crate::transport::Runtime;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUserFollowers",
    method: Method::Get,
    path: "/api/v2/users/{id}/followers",
    cost: 10,
    scope: Scope::UsersRead,
    params: &[
        Param::ID,
        Param {
            name: "limit",
            wire: "limit",
            location: ParamLocation::Query,
            kind: ParamKind::Integer { min: 1, max: 500 },
            required: false,
        },
        Param { name: "cursor", wire: "cursor", location: ParamLocation::Query, kind: ParamKind::Text, required: false },
    ],
    response: ResponseKind::CursorPage,
};

/// Its reference text.
pub static REFERENCE: Reference = Reference {
    summary: "Lists who follows a user, page by page.",
    notes: "Each page costs the same, whatever its size: ask for 500 at a time where you need them all.",
    params: &[
        ("id", "The id of the user."),
        ("limit", "Items in a page, 1 to 500. Default: 100."),
        ("cursor", "Where to continue: the `nextCursor` of the page before. Opaque."),
    ],
    data: Follower::SCHEMA,
};

impl<R: Runtime> Client<R> {
    /// Lists who follows a user, page by page: `GET /api/v2/users/{id}/followers`, cost 10 a page of at most 500.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let followers = client.get_user_followers(7).limit(500).pages().collect(1_000).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_user_followers(&self, id: u64) -> PagedCall<R, Follower> {
        PagedCall(self.to(&ENDPOINT, vec![("id", id.into())]))
    }
}

impl<R: Runtime> PagedCall<R, Follower> {
    /// Begins at a cursor.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let page = client.get_user_followers(7).cursor("eyJhY3Rpdml0eSI6MjJ9").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cursor(self, cursor: &str) -> Self {
        Self(self.0.set("cursor", cursor))
    }
}
