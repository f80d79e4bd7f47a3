//! A user, as most operations answer it.

use serde::{Deserialize, Serialize};

use super::Access;
use crate::schema::{HasSchema, Schema};

/// The members that `User` and `CurrentUser` share, with room for more after them.
macro_rules! user_model {
    ($(#[doc = $doc:literal])+ pub struct $name:ident { $($more:tt)* }) => {
        model! {
            $(#[doc = $doc])+
            pub struct $name {
                /// The user id, unique in the company.
                required id: u64,
                /// The name that the user shows to others.
                required name: String,
                /// The default currency, an ISO 4217 code such as `EUR`.
                required default_currency: String,
                /// The date and number format, such as `et_EE`. It is **not** the language of the user: that is
                /// `language` of the current user.
                required locale: String,
                /// The number of the interface language (1 is English). Pipedrive publishes no table of these numbers.
                required lang: u64,
                /// The e-mail address. It can change: never use it as a key.
                required email: String,
                /// The phone number as free text, or null when none was given.
                nullable phone: String,
                /// Whether the user has accepted the invitation. Missing in records seen in 2023 and 2025.
                optional activated: bool,
                /// The last login, UTC, `YYYY-MM-DD HH:MM:SS`. A user who was invited and never logged in has null or
                /// the zero date `0000-00-00 00:00:00`, though the contract says neither. `parseTimestamp` reads all three.
                nullable last_login: String,
                /// When the record was made, UTC, `YYYY-MM-DD HH:MM:SS`.
                required created: String,
                /// When the record was last changed, UTC, `YYYY-MM-DD HH:MM:SS`, or null.
                nullable modified: String,
                /// Whether the user founded the company account.
                required has_created_company: bool,
                /// What the user may use, an entry per app. An app that is not in the list means "not an admin there",
                /// see `isAdmin`. Missing in records from before August 2022.
                optional access: Vec<Access>,
                /// Whether the user is active. Deactivated users stay in lists and stay readable.
                required active_flag: bool,
                /// The IANA name of the time zone, such as `Europe/Berlin`.
                required timezone_name: String,
                /// The offset of the time zone, such as `+03:00`. It can disagree with daylight saving time, and was
                /// missing in a record of 2017.
                optional timezone_offset: String,
                /// The id of the user's role.
                required role_id: u64,
                /// The URL of the user's picture, or null.
                nullable icon_url: String,
                /// Whether this is the user whose token made the call.
                required is_you: bool,
                /// Whether the user was deleted from the company. Missing in records from before 2022.
                optional is_deleted: bool,
                /// Whether the user is an admin, as 0 or 1. Announced as removed in February 2023 and still sent since:
                /// prefer `isAdmin`, which reads `access`.
                optional is_admin: NumericFlag,
                /// How the user signed up. Announced as removed in February 2023 and still sent since; may be empty.
                optional_nullable signup_flow_variation: String,
                $($more)*
            }
        }
    };
}

user_model! {
    /// A user: a person with access to a Pipedrive company.
    ///
    /// A person may belong to several companies and has one user record in each. The e-mail is not a stable
    /// identity: the safe account key is company id + user id, see `identityKey`.
    pub struct User {}
}

/// A flag that the API has sent both as `0`/`1` and as a boolean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NumericFlag {
    /// `true` or `false`.
    Boolean(bool),
    /// `0` or `1`.
    Number(u8),
}

impl NumericFlag {
    /// The flag, whichever way it was sent.
    #[must_use]
    pub const fn is_set(self) -> bool {
        matches!(self, Self::Boolean(true) | Self::Number(1..))
    }
}

impl HasSchema for NumericFlag {
    const SCHEMA: Schema = Schema::NumericFlag;
}
