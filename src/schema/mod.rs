//! The vocabulary that `api/` and `models/` are declared in: endpoints, parameters, and the schemas of JSON values.

mod arg;
mod endpoint;
mod model;
mod page_ref;
mod param;

#[macro_use]
mod declare;

pub use arg::Arg;
pub use endpoint::{Endpoint, Method, Reference, ResponseKind, Scope};
pub(crate) use model::plain_name;
pub use model::{Extra, Field, HasSchema, Model, Presence, Schema};
pub use page_ref::PageRef;
pub use param::{MAX_SAFE_INTEGER, Param, ParamKind, ParamLocation};
