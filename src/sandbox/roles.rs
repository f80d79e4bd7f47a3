//! The company's roles: who has which, and what follows from them.

use crate::models::{AccessApp, RoleAssignment, RoleSettings, User, UserPermissions, Visibility};
use crate::schema::Extra;

struct Role {
    id: u64,
    parent: Option<u64>,
    name: &'static str,
}

const ROLES: [Role; 6] = [
    Role { id: TOP, parent: None, name: "Company" },
    Role { id: 2, parent: Some(TOP), name: "Sales" },
    Role { id: 3, parent: Some(2), name: "Inside sales" },
    Role { id: 4, parent: Some(2), name: "Field sales" },
    Role { id: 5, parent: Some(TOP), name: "Marketing" },
    Role { id: 6, parent: Some(TOP), name: "Support" },
];

/// The role above all others, which a new user has: the default role.
pub(super) const TOP: u64 = 1;

/// The role, other than the top one, that a random number stands for.
pub(super) const fn below_top(number: u64) -> u64 {
    2 + number % (ROLES.len() as u64 - 1)
}

/// The roles of a user: their own and those that follow it. The founder has five, others one or two.
pub(super) fn assignments(user: &User) -> Vec<RoleAssignment> {
    let count = if user.has_created_company { 5 } else { 1 + user.id % 2 };
    let from_own = ROLES.iter().cycle().skip_while(|role| role.id != user.role_id);
    from_own
        .take(usize::try_from(count).unwrap_or_default())
        .map(|role| RoleAssignment {
            user_id: user.id,
            role_id: role.id,
            parent_role_id: role.parent,
            name: role.name.to_owned(),
            active_flag: true,
            r#type: "1".to_owned(),
            extra: Extra::new(),
        })
        .collect()
}

/// What the user's own role sees. Only the default role has access levels.
pub(super) fn settings(user: &User) -> RoleSettings {
    let default = (user.role_id == TOP).then_some(Visibility(7));
    let usual = Some(Visibility(3));
    RoleSettings {
        deal_default_visibility: usual,
        lead_default_visibility: usual,
        org_default_visibility: usual,
        person_default_visibility: usual,
        product_default_visibility: usual,
        deal_access_level: default,
        org_access_level: default,
        person_access_level: default,
        product_access_level: default,
        extra: Extra::new(),
    }
}

/// What the user may do: an admin everything, others what harms nobody.
pub(super) fn permissions(user: &User) -> UserPermissions {
    let administers = |app| user.access.iter().flatten().any(|access| access.app == app && access.admin);
    let admin = Some(administers(AccessApp::Global));
    let anyone = Some(true);
    UserPermissions {
        can_add_custom_fields: admin,
        can_add_products: anyone,
        can_add_prospects_as_leads: anyone,
        can_bulk_edit_items: admin,
        can_change_visibility_of_items: admin,
        can_convert_deals_to_leads: anyone,
        can_create_own_workflow: anyone,
        can_delete_activities: anyone,
        can_delete_custom_fields: admin,
        can_delete_deals: admin,
        can_edit_custom_fields: admin,
        can_edit_deals_closed_date: admin,
        can_edit_products: anyone,
        can_edit_shared_filters: admin,
        can_export_data_from_lists: admin,
        can_follow_other_users: anyone,
        can_merge_deals: anyone,
        can_merge_organizations: admin,
        can_merge_people: anyone,
        can_modify_labels: anyone,
        can_see_company_wide_statistics: admin,
        can_see_deals_list_summary: anyone,
        can_see_hidden_items_names: admin,
        can_see_other_users: anyone,
        can_see_other_users_statistics: anyone,
        can_see_security_dashboard: admin,
        can_share_filters: anyone,
        can_share_insights: admin,
        can_use_api: anyone,
        can_use_email_tracking: anyone,
        can_use_import: admin,
        extra: std::collections::BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::company::Company;
    use super::*;

    #[test]
    fn the_founder_has_five_roles_and_the_default_role() {
        let company = Company::found(3, 7);
        let founder = company.user(1).expect("the founder");
        let ids: Vec<_> = assignments(founder).iter().map(|role| role.role_id).collect();
        assert_eq!(ids, [1, 2, 3, 4, 5]);
        assert_eq!(settings(founder).deal_access_level, Some(Visibility(7)));
    }

    #[test]
    fn others_have_one_or_two_roles_their_own_first() {
        let company = Company::found(3, 7);
        for (id, count) in [(2, 1), (3, 2)] {
            let user = company.user(id).expect("a user");
            let roles = assignments(user);
            assert_eq!((roles.len(), roles[0].role_id), (count, user.role_id));
            assert_eq!(settings(user).deal_access_level, None);
        }
    }

    #[test]
    fn an_admin_may_more() {
        let company = Company::found(3, 7);
        let may = |id| permissions(company.user(id).expect("a user")).can_see_security_dashboard;
        assert_eq!((may(1), may(2)), (Some(true), Some(false)));
    }
}
