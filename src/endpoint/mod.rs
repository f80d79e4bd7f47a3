//! What an operation is, as data: the words that the files of `src/api` are written in.

mod arg;
mod param;

pub use arg::Arg;
pub use param::{Kind, MAX_SAFE_INTEGER, Param, Place};

use crate::models::Shape;

/// One operation of the API: all that a call needs to know before it is sent.
#[derive(Debug)]
pub struct Endpoint {
    /// Pipedrive's own operation id, such as `getUser`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path on `api.pipedrive.com`, such as `/v1/users/{id}`.
    pub path: &'static str,
    /// The tokens that one call takes out of the company's daily budget.
    pub cost: u32,
    /// The OAuth scope that the operation needs.
    pub scope: Scope,
    /// What it takes.
    pub params: &'static [Param],
    /// What it answers.
    pub answer: Answer,
}

/// What limits, budgets and retries need to know of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) cost: u32,
    pub(crate) is_idempotent: bool,
}

impl Endpoint {
    pub(crate) fn terms(&self) -> Terms {
        Terms { cost: self.cost, is_idempotent: self.method.is_idempotent() }
    }
}

/// The words about an operation, for the declarations and the documentation.
#[derive(Debug)]
pub struct Reference {
    /// What it does, one sentence.
    pub summary: &'static str,
    /// What is surprising about it, in Markdown; may be empty.
    pub notes: &'static str,
    /// What each parameter is, in the order of [`Endpoint::params`].
    pub params: &'static [(&'static str, &'static str)],
    /// The `data` of one answer, or one item of it where the answer is a list.
    pub data: Shape,
}

/// An HTTP method that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Adds.
    Post,
    /// Replaces: the same call twice is the same as once.
    Put,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// Whether sending the same request twice does the same as sending it once.
    #[must_use]
    pub const fn is_idempotent(self) -> bool {
        matches!(self, Self::Get | Self::Put)
    }
}

/// An OAuth scope, as chosen in Pipedrive's Developer Hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every app has it.
    Base,
    /// Reading users.
    UsersRead,
    /// Administering the account.
    Admin,
}

impl Scope {
    /// Pipedrive's name of the scope.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::UsersRead => "users:read",
            Self::Admin => "admin",
        }
    }
}

/// The form of an answer's `data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One object.
    One,
    /// The whole list at once; a null stands for an empty one.
    List,
    /// A page of a list, with the cursor of the next page in `additional_data.next_cursor`.
    CursorPage,
    /// A page of a list, with its place in `additional_data.pagination`.
    OffsetPage,
}

impl Answer {
    /// Whether `data` is a list.
    #[must_use]
    pub const fn is_list(self) -> bool {
        !matches!(self, Self::One)
    }

    /// Whether the list comes in pages.
    #[must_use]
    pub const fn is_paged(self) -> bool {
        matches!(self, Self::CursorPage | Self::OffsetPage)
    }
}
