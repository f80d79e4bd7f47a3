//! Role assignments of a user.

model! {
    /// A role that is assigned to a user.
    pub struct RoleAssignment {
        /// The id of the user.
        required user_id: u64,
        /// The id of the role.
        required role_id: u64,
        /// The id of the parent role, or null for the top role.
        nullable parent_role_id: u64,
        /// The name of the role.
        required name: String,
        /// Whether the role is active.
        required active_flag: bool,
        /// The type of the role: a number as a string, such as `"1"`.
        required r#type: String,
    }
}
