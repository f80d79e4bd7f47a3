//! The vocabulary that `api/` and `models/` are declared in: endpoints, parameters, and the schemas of JSON values.

mod args;
mod endpoint;
mod member;
mod model;
mod page_ref;
mod param;
mod record;

#[macro_use]
mod declare;

pub(crate) use args::{Args, RustArgs};
pub use endpoint::{Endpoint, Method, Reference, ResponseKind, Scope};
pub(crate) use member::{FromJson, nullable, required};
pub(crate) use model::plain_name;
pub use model::{Extra, Field, HasSchema, Model, Presence, Schema};
pub use page_ref::PagePosition;
pub(crate) use page_ref::PageRef;
pub use param::{MAX_SAFE_INTEGER, Param, ParamKind, ParamLocation};
pub(crate) use param::{SHOWN_LENGTH, refusal};
pub(crate) use record::{Record, deserialize};
