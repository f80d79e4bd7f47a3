//! `GET /v1/users/{id}/roleAssignments`: cost 10, scope `users:read`.

use crate::client::PagedCall;
use crate::client::Client;
use crate::schema::{ResponseKind, Endpoint, ParamKind, MAX_SAFE_INTEGER, Method, Param, ParamLocation, Reference, Scope};
use crate::models::{RoleAssignment};
use crate::schema::HasSchema;
use crate::transport::Runtime;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "getUserRoleAssignments",
    method: Method::Get,
    path: "/v1/users/{id}/roleAssignments",
    cost: 10,
    scope: Scope::UsersRead,
    params: &[
        Param::ID,
        Param {
            name: "start",
            wire: "start",
            location: ParamLocation::Query,
            kind: ParamKind::Integer { min: 0, max: MAX_SAFE_INTEGER },
            required: false,
        },
        Param {
            name: "limit",
            wire: "limit",
            location: ParamLocation::Query,
            kind: ParamKind::Integer { min: 1, max: MAX_SAFE_INTEGER },
            required: false,
        },
    ],
    response: ResponseKind::OffsetPage,
};

/// Its reference text.
pub static REFERENCE: Reference = Reference {
    summary: "Lists the roles that a user has, page by page.",
    notes: "",
    params: &[
        ("id", "The id of the user."),
        ("start", "How many items to pass over. Default: 0."),
        ("limit", "Items in a page, from 1. Default: 100; Pipedrive documents at most 500."),
    ],
    data: RoleAssignment::SCHEMA,
};

impl<R: Runtime> Client<R> {
    /// Lists the roles of a user, page by page: `GET /v1/users/{id}/roleAssignments`, cost 10 a page.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let page = client.get_user_role_assignments(7).await?;
    /// println!("{} roles", page.items.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_user_role_assignments(&self, id: u64) -> PagedCall<R, RoleAssignment> {
        PagedCall(self.to(&ENDPOINT, vec![("id", id.into())]))
    }
}

impl<R: Runtime> PagedCall<R, RoleAssignment> {
    /// Passes over so many items.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let page = client.get_user_role_assignments(7).start(100).limit(50).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self, items: u64) -> Self {
        Self(self.0.set("start", items))
    }
}
