//! Settings of a user's role.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schema::{FromJson, HasSchema, Schema};

model! {
    /// The default visibility of items that users with this role create, and the access levels of the role.
    ///
    /// The numbers mean, on the plans Lite, Growth and Professional: 1 owner and followers, 3 the entire company;
    /// on Premium and Ultimate: 1 only the owner, 3 the owner's visibility group, 5 that group and its sub-groups,
    /// 7 the entire company.
    pub struct RoleSettings {
        /// The default visibility of a new deal.
        optional deal_default_visibility: Visibility,
        /// The default visibility of a new lead.
        optional lead_default_visibility: Visibility,
        /// The default visibility of a new organization.
        optional org_default_visibility: Visibility,
        /// The default visibility of a new person.
        optional person_default_visibility: Visibility,
        /// The default visibility of a new product.
        optional product_default_visibility: Visibility,
        /// The deals that the role can access. Only for the default role; missing in the official example.
        optional deal_access_level: Visibility,
        /// The organizations that the role can access. Only for the default role.
        optional org_access_level: Visibility,
        /// The persons that the role can access. Only for the default role.
        optional person_access_level: Visibility,
        /// The products that the role can access. Only for the default role.
        optional product_access_level: Visibility,
    }
}

/// A visibility level: so far 1, 3, 5 or 7. Its meaning depends on the plan, see [`RoleSettings`].
///
/// ```
/// use pipedrive_users::models::{RoleSettings, Visibility};
///
/// let settings = RoleSettings::with(|settings| settings.deal_default_visibility = Some(Visibility(3)));
/// assert!(settings.deal_default_visibility < Some(Visibility(7)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Visibility(pub u64);

impl HasSchema for Visibility {
    const SCHEMA: Schema = Schema::OneOfNumbers(&[1, 3, 5, 7]);
}

impl FromJson for Visibility {
    fn from_json(value: Value) -> Result<Self, Value> {
        u64::from_json(value).map(Self)
    }
}
