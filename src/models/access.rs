//! Access to Pipedrive apps.

model! {
    /// A user's access to one Pipedrive app.
    pub struct Access {
        /// The app. New values appear over time: `partnership` in March 2025, `nova` in August 2026.
        required app: AccessApp,
        /// Whether the user is an admin of this app.
        required admin: bool,
        /// The id of the permission set. Treat it as an opaque string (so far a UUID).
        required permission_set_id: String,
    }
}

open_enum! {
    /// A Pipedrive app.
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
