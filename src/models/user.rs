//! The user record that most operations return.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Access;
use crate::schema::{FromJson, HasSchema, Schema};

/// Declares a model with the members that `User` and `CurrentUser` share, followed by further ones.
macro_rules! user_model {
    ($(#[doc = $doc:literal])+ pub struct $name:ident { $($more:tt)* }) => {
        model! {
            $(#[doc = $doc])+
            pub struct $name {
                /// The user id, unique in the company.
                required id: u64,
                /// The display name.
                required name: String,
                /// The default currency, an ISO 4217 code such as `EUR`.
                required default_currency: String,
                /// The date and number format, such as `et_EE`. It is **not** the language of the user, which is
                /// `language` of the current user.
                required locale: String,
                /// The id of the interface language (1 is English). Pipedrive does not document these ids.
                required lang: u64,
                /// The e-mail address. It can change: do not use it as a key.
                required email: String,
                /// The phone number as free text, or null.
                nullable phone: String,
                /// Whether the user has accepted the invitation. Missing in records seen in 2023 and 2025.
                optional activated: bool,
                /// The last login, UTC, `YYYY-MM-DD HH:MM:SS`. For a user who has never logged in it is null or the zero
                /// date `0000-00-00 00:00:00`, neither of which is documented. [`parse_timestamp`](crate::models::parse_timestamp) accepts all three.
                nullable last_login: String,
                /// When the record was created, UTC, `YYYY-MM-DD HH:MM:SS`.
                required created: String,
                /// When the record was last changed, UTC, `YYYY-MM-DD HH:MM:SS`, or null.
                nullable modified: String,
                /// Whether the user created the company account.
                required has_created_company: bool,
                /// The apps that the user has access to. The user is not an admin of an app that is not listed, see
                /// [`is_admin`](crate::models::User::is_admin). Missing in records from before August 2022.
                optional access: Vec<Access>,
                /// Whether the user is active. Deactivated users remain in lists and can be read.
                required active_flag: bool,
                /// The IANA name of the time zone, such as `Europe/Berlin`.
                required timezone_name: String,
                /// The UTC offset of the time zone, such as `+03:00`. It may ignore daylight saving time. Missing in a
                /// record of 2017.
                optional timezone_offset: String,
                /// The id of the user's role.
                required role_id: u64,
                /// The URL of the user's picture, or null.
                nullable icon_url: String,
                /// Whether this is the owner of the token used for the call.
                required is_you: bool,
                /// Whether the user was deleted from the company. Missing in records from before 2022.
                optional is_deleted: bool,
                /// Whether the user is an admin, as 0 or 1. Its removal was announced in February 2023, but it is still
                /// sent. Prefer [`is_admin`](crate::models::User::is_admin), which uses `access`.
                optional is_admin: NumericFlag,
                /// How the user signed up. Its removal was announced in February 2023, but it is still sent. It may be
                /// empty.
                optional_nullable signup_flow_variation: String,
                $($more)*
            }
        }
    };
}

user_model! {
    /// A user: a person with access to a Pipedrive company.
    ///
    /// A person may belong to several companies and has one user record in each. The e-mail address is not a stable
    /// identifier: use company id and user id together, see [`identity_key`](crate::models::CurrentUser::identity_key).
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
    /// Returns the flag as a boolean.
    ///
    /// ```
    /// use pipedrive_users::models::NumericFlag;
    ///
    /// assert!(NumericFlag::Number(1).is_set() && !NumericFlag::Boolean(false).is_set());
    /// ```
    #[must_use]
    pub const fn is_set(self) -> bool {
        matches!(self, Self::Boolean(true) | Self::Number(1..))
    }
}

impl HasSchema for NumericFlag {
    const SCHEMA: Schema = Schema::NumericFlag;
}

impl FromJson for NumericFlag {
    fn from_json(value: Value) -> Result<Self, Value> {
        let number = |value: Value| {
            u64::from_json(value)
                .and_then(|number| u8::try_from(number).map_err(|_| number.into()))
                .map(Self::Number)
        };
        bool::from_json(value).map(Self::Boolean).or_else(number)
    }
}
