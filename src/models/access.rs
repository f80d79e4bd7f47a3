//! What a user may use: one entry per Pipedrive app.

model! {
    /// A user's access to one Pipedrive app.
    pub struct Access {
        /// The app. The list grows: `partnership` came in March 2025, `nova` in August 2026.
        required app: AccessApp,
        /// Whether the user administers this app.
        required admin: bool,
        /// The id of the permission set, to be treated as opaque text (a UUID so far).
        required permission_set_id: String,
    }
}

open_enum! {
    /// A Pipedrive app that access is given to.
    pub enum AccessApp {
        /// Settings that all apps share.
        Global = "global",
        /// The sales CRM.
        Sales = "sales",
        /// Campaigns.
        Campaigns = "campaigns",
        /// Projects.
        Projects = "projects",
        /// The account settings.
        AccountSettings = "account_settings",
        /// Partnership, seen since March 2025.
        Partnership = "partnership",
        /// Nova, seen since August 2026.
        Nova = "nova",
    }
}
