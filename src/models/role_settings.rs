//! What a user's role sees by default.

use serde::{Deserialize, Serialize};

use crate::schema::{HasSchema, Schema};

model! {
    /// Who sees what a user with this role creates, and what the role may reach.
    ///
    /// The numbers mean, on the plans Lite, Growth and Professional: 1 owner and followers, 3 the entire company;
    /// on Premium and Ultimate: 1 only the owner, 3 the owner's visibility group, 5 that group and its sub-groups,
    /// 7 the entire company.
    pub struct RoleSettings {
        /// Who sees a new deal.
        optional deal_default_visibility: Visibility,
        /// Who sees a new lead.
        optional lead_default_visibility: Visibility,
        /// Who sees a new organization.
        optional org_default_visibility: Visibility,
        /// Who sees a new person.
        optional person_default_visibility: Visibility,
        /// Who sees a new product.
        optional product_default_visibility: Visibility,
        /// Which deals the role reaches. Only for the default role; missing in the official example.
        optional deal_access_level: Visibility,
        /// Which organizations the role reaches. Only for the default role.
        optional org_access_level: Visibility,
        /// Which persons the role reaches. Only for the default role.
        optional person_access_level: Visibility,
        /// Which products the role reaches. Only for the default role.
        optional product_access_level: Visibility,
    }
}

/// A visibility level: 1, 3, 5 or 7 so far. What it means depends on the plan, see [`RoleSettings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Visibility(pub u64);

impl HasSchema for Visibility {
    const SCHEMA: Schema = Schema::OneOfNumbers(&[1, 3, 5, 7]);
}
