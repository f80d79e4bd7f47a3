//! The roles of the company, and the settings and permissions of its users.

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

/// Id of the top of the role tree, which is the default role of new users.
pub(super) const TOP: u64 = 1;

/// Maps a random number to a role other than the top one.
pub(super) const fn below_top(number: u64) -> u64 {
    2 + number % (ROLES.len() as u64 - 1)
}

/// Returns the role assignments of a user: their own role and the ones after it in the table. The founder has five, other
/// users have one or two.
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
            unfit: Extra::new(),
        })
        .collect()
}

/// Returns the settings of the user's own role. Only the default role has access levels.
pub(super) fn settings(user: &User) -> RoleSettings {
    let access_level = (user.role_id == TOP).then_some(Visibility(7));
    let default_visibility = Some(Visibility(3));
    RoleSettings {
        deal_default_visibility: default_visibility,
        lead_default_visibility: default_visibility,
        org_default_visibility: default_visibility,
        person_default_visibility: default_visibility,
        product_default_visibility: default_visibility,
        deal_access_level: access_level,
        org_access_level: access_level,
        person_access_level: access_level,
        product_access_level: access_level,
        extra: Extra::new(),
        unfit: Extra::new(),
    }
}

/// Returns the permissions of a user. Admins have all of them.
pub(super) fn permissions(user: &User) -> UserPermissions {
    let administers = |app| user.access.iter().flatten().any(|access| access.app == app && access.admin);
    let admin = Some(administers(AccessApp::Global));
    let all = Some(true);
    UserPermissions {
        can_add_custom_fields: admin,
        can_add_products: all,
        can_add_prospects_as_leads: all,
        can_bulk_edit_items: admin,
        can_change_visibility_of_items: admin,
        can_convert_deals_to_leads: all,
        can_create_own_workflow: all,
        can_delete_activities: all,
        can_delete_custom_fields: admin,
        can_delete_deals: admin,
        can_edit_custom_fields: admin,
        can_edit_deals_closed_date: admin,
        can_edit_products: all,
        can_edit_shared_filters: admin,
        can_export_data_from_lists: admin,
        can_follow_other_users: all,
        can_merge_deals: all,
        can_merge_organizations: admin,
        can_merge_people: all,
        can_modify_labels: all,
        can_see_company_wide_statistics: admin,
        can_see_deals_list_summary: all,
        can_see_hidden_items_names: admin,
        can_see_other_users: all,
        can_see_other_users_statistics: all,
        can_see_security_dashboard: admin,
        can_share_filters: all,
        can_share_insights: admin,
        can_use_api: all,
        can_use_email_tracking: all,
        can_use_import: admin,
        extra: std::collections::BTreeMap::new(),
        unfit: Extra::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::company::Company;
    use super::*;

    #[test]
    fn founder_has_five_roles_and_the_default_role() {
        let company = Company::new(3, 7);
        let founder = company.user(1).expect("the founder");
        let ids: Vec<_> = assignments(founder).iter().map(|role| role.role_id).collect();
        assert_eq!(ids, [1, 2, 3, 4, 5]);
        assert_eq!(settings(founder).deal_access_level, Some(Visibility(7)));
    }

    #[test]
    fn other_users_have_one_or_two_roles_with_their_own_first() {
        let company = Company::new(3, 7);
        for (id, count) in [(2, 1), (3, 2)] {
            let user = company.user(id).expect("a user");
            let roles = assignments(user);
            assert_eq!((roles.len(), roles[0].role_id), (count, user.role_id));
            assert_eq!(settings(user).deal_access_level, None);
        }
    }

    #[test]
    fn admins_have_more_permissions() {
        let company = Company::new(3, 7);
        let allowed = |id| permissions(company.user(id).expect("a user")).can_see_security_dashboard;
        assert_eq!((allowed(1), allowed(2)), (Some(true), Some(false)));
    }
}
