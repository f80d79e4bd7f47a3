//! `GET /v1/users/find`: cost 40, scope `users:read`.

use crate::client::Call;
use crate::client::Client;
use crate::schema::{ResponseKind, Endpoint, ParamKind, Method, Param, ParamLocation, Reference, Scope};
use crate::models::{User};
use crate::schema::HasSchema;
use crate::transport::Runtime;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "findUsersByName",
    method: Method::Get,
    path: "/v1/users/find",
    cost: 40,
    scope: Scope::UsersRead,
    params: &[
        Param { name: "term", wire: "term", location: ParamLocation::Query, kind: ParamKind::Text, required: true },
        Param {
            name: "searchByEmail",
            wire: "search_by_email",
            location: ParamLocation::Query,
            kind: ParamKind::NumericBoolean,
            required: false,
        },
    ],
    response: ResponseKind::List,
};

/// Its reference text.
pub static REFERENCE: Reference = Reference {
    summary: "Finds users by name, or by e-mail.",
    notes: "It returns whole users, not search items, and costs as much as a search: twice `getUsers`, twenty times `getUser`.",
    params: &[
        ("term", "What to look for; not blank."),
        ("searchByEmail", "Look only at e-mail addresses instead of names. Default: false."),
    ],
    data: User::SCHEMA,
};

/// The operation, whose calls have the option [`search_by_email`](Call::search_by_email).
///
/// ```
/// # use pipedrive_users::{Client, Result, transport::Runtime};
/// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
/// let found = client.find_users_by_name("bond@mi6.example").search_by_email(true).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FindUsersByName;

impl<R: Runtime> Client<R> {
    /// Finds users by name, or by e-mail: `GET /v1/users/find`, cost 40.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let bonds = client.find_users_by_name("bond").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn find_users_by_name(&self, term: &str) -> Call<R, Vec<User>, FindUsersByName> {
        self.to(&ENDPOINT, vec![("term", term.into())])
    }
}

impl<R: Runtime> Call<R, Vec<User>, FindUsersByName> {
    /// Looks only at e-mail addresses instead of names.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// let found = client.find_users_by_name("bond@mi6").search_by_email(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn search_by_email(self, only_emails: bool) -> Self {
        self.set("searchByEmail", only_emails)
    }
}
