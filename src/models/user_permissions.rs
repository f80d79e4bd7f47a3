//! Permissions of a user.

model! {
    /// The permissions of a user, a boolean each.
    ///
    /// New permissions are added over time (older versions of the API sent 20), and the official example has only four
    /// of the 31 documented ones: a missing permission is unknown.
    pub struct UserPermissions {
        /// Whether the user may add custom fields.
        optional can_add_custom_fields: bool,
        /// Whether the user may add products.
        optional can_add_products: bool,
        /// Whether the user may add prospects as leads.
        optional can_add_prospects_as_leads: bool,
        /// Whether the user may edit items in bulk.
        optional can_bulk_edit_items: bool,
        /// Whether the user may change the visibility of items.
        optional can_change_visibility_of_items: bool,
        /// Whether the user may convert deals to leads.
        optional can_convert_deals_to_leads: bool,
        /// Whether the user may create their own automations.
        optional can_create_own_workflow: bool,
        /// Whether the user may delete activities.
        optional can_delete_activities: bool,
        /// Whether the user may delete custom fields.
        optional can_delete_custom_fields: bool,
        /// Whether the user may delete deals.
        optional can_delete_deals: bool,
        /// Whether the user may edit custom fields.
        optional can_edit_custom_fields: bool,
        /// Whether the user may edit the closing date of deals.
        optional can_edit_deals_closed_date: bool,
        /// Whether the user may edit products.
        optional can_edit_products: bool,
        /// Whether the user may edit shared filters.
        optional can_edit_shared_filters: bool,
        /// Whether the user may export data from lists.
        optional can_export_data_from_lists: bool,
        /// Whether the user may follow other users.
        optional can_follow_other_users: bool,
        /// Whether the user may merge deals.
        optional can_merge_deals: bool,
        /// Whether the user may merge organizations.
        optional can_merge_organizations: bool,
        /// Whether the user may merge people.
        optional can_merge_people: bool,
        /// Whether the user may modify labels.
        optional can_modify_labels: bool,
        /// Whether the user may see statistics of the whole company.
        optional can_see_company_wide_statistics: bool,
        /// Whether the user may see the summary of the deals list.
        optional can_see_deals_list_summary: bool,
        /// Whether the user may see the names of hidden items.
        optional can_see_hidden_items_names: bool,
        /// Whether the user may see other users.
        optional can_see_other_users: bool,
        /// Whether the user may see other users' statistics.
        optional can_see_other_users_statistics: bool,
        /// Whether the user may see the security dashboard.
        optional can_see_security_dashboard: bool,
        /// Whether the user may share filters.
        optional can_share_filters: bool,
        /// Whether the user may share insights.
        optional can_share_insights: bool,
        /// Whether the user may use the API. An admin can disable it.
        optional can_use_api: bool,
        /// Whether the user may use e-mail tracking.
        optional can_use_email_tracking: bool,
        /// Whether the user may import data.
        optional can_use_import: bool,
        more: bool,
    }
}
