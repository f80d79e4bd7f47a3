//! What the API returns. A model is declared once, here; Rust callers get the struct, and the TypeScript
//! declarations, the drift check and the sandbox's records are made from the same declaration.
//!
//! A record is made of any JSON: see the members `extra` and `unfit` of each.

mod access;
mod follower;
mod helpers;
mod role_assignment;
mod role_settings;
#[macro_use]
mod user;
mod current_user;
mod user_permissions;

pub use access::{Access, AccessApp};
pub use current_user::{CurrentUser, Language};
pub use follower::Follower;
pub use helpers::parse_timestamp;
pub use role_assignment::RoleAssignment;
pub use role_settings::{RoleSettings, Visibility};
pub use user::{NumericFlag, User};
pub use user_permissions::UserPermissions;

use crate::schema::Model;

/// Every model, in the order in which the reference shows them.
pub static MODELS: [&Model; 8] = [
    &User::MODEL,
    &Access::MODEL,
    &CurrentUser::MODEL,
    &Language::MODEL,
    &Follower::MODEL,
    &UserPermissions::MODEL,
    &RoleAssignment::MODEL,
    &RoleSettings::MODEL,
];
