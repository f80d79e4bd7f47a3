//! What an endpoint is, as data.

use super::{Param, Schema};

/// One operation of the API: everything that is known before it is called.
///
/// ```
/// use pipedrive_users::api::ENDPOINTS;
///
/// for endpoint in ENDPOINTS {
///     println!("{} {} costs {}", endpoint.method.as_str(), endpoint.path, endpoint.cost);
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Endpoint {
    /// Pipedrive's own operation id, such as `getUser`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path on `api.pipedrive.com`, such as `/v1/users/{id}`.
    pub path: &'static str,
    /// Cost units (Pipedrive calls them tokens) that one call takes from the company's daily budget.
    pub cost: u32,
    /// The OAuth scope that the operation needs.
    pub scope: Scope,
    /// Its parameters.
    pub params: &'static [Param],
    /// The form of the response's `data`.
    pub response: ResponseKind,
}

impl Endpoint {
    /// Whether its path names a user.
    pub(crate) fn has_path_id(&self) -> bool {
        self.path.bytes().any(|byte| byte == b'{')
    }
}

/// The reference text of an endpoint. It stands apart from [`Endpoint`] so that no documentation is shipped in the
/// npm module.
///
/// ```
/// use pipedrive_users::api::get_user;
///
/// assert_eq!(get_user::REFERENCE.params[0].0, "id");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Reference {
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// What is surprising about it, in Markdown; may be empty.
    pub notes: &'static str,
    /// The name and the description of each parameter, in the order of [`Endpoint::params`].
    pub params: &'static [(&'static str, &'static str)],
    /// The schema of `data`, or of one item where the response is a list.
    pub data: Schema,
}

/// An HTTP method that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Replaces. Sending the same request twice has the effect of sending it once.
    Put,
    /// Removes. Sending the same request twice has the effect of sending it once.
    Delete,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Get, Self::Post, Self::Put, Self::Delete];

    /// The method's name on the wire.
    ///
    /// ```
    /// assert_eq!(pipedrive_users::schema::Method::Put.as_str(), "PUT");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Whether sending the same request twice has the effect of sending it once.
    ///
    /// ```
    /// use pipedrive_users::schema::Method;
    ///
    /// assert!(Method::Put.is_idempotent() && !Method::Post.is_idempotent());
    /// ```
    #[must_use]
    pub const fn is_idempotent(self) -> bool {
        !matches!(self, Self::Post)
    }
}

/// An OAuth scope, as chosen in Pipedrive's Developer Hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every app has it.
    Base,
    /// Read users.
    UsersRead,
    /// Administer the account.
    Admin,
}

impl Scope {
    /// Pipedrive's name of the scope.
    ///
    /// ```
    /// assert_eq!(pipedrive_users::schema::Scope::UsersRead.as_str(), "users:read");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::UsersRead => "users:read",
            Self::Admin => "admin",
        }
    }
}

/// The form of a response's `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    /// One object.
    Object,
    /// The whole list at once; null stands for an empty one.
    List,
    /// A page of a list, with the cursor of the next page in `additional_data.next_cursor`.
    CursorPage,
    /// A page of a list, with its offset in `additional_data.pagination`.
    OffsetPage,
}

impl ResponseKind {
    /// Whether `data` is a list.
    ///
    /// ```
    /// assert!(pipedrive_users::api::get_users::ENDPOINT.response.is_list());
    /// ```
    #[must_use]
    pub const fn is_list(self) -> bool {
        !matches!(self, Self::Object)
    }

    /// Whether the list comes in pages.
    ///
    /// ```
    /// assert!(pipedrive_users::api::get_user_followers::ENDPOINT.response.is_paged());
    /// ```
    #[must_use]
    pub const fn is_paged(self) -> bool {
        self.page_param().is_some()
    }

    /// The parameter that says where a page begins.
    ///
    /// ```
    /// use pipedrive_users::api::{get_user, get_user_followers};
    ///
    /// assert_eq!(get_user_followers::ENDPOINT.response.page_param(), Some("cursor"));
    /// assert_eq!(get_user::ENDPOINT.response.page_param(), None);
    /// ```
    #[must_use]
    pub const fn page_param(self) -> Option<&'static str> {
        match self {
            Self::CursorPage => Some("cursor"),
            Self::OffsetPage => Some("start"),
            Self::Object | Self::List => None,
        }
    }
}
