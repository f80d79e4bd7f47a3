//! Followers of a user.

model! {
    /// A user who follows another user.
    pub struct Follower {
        /// The id of the follower.
        required user_id: u64,
        /// When the user started to follow, RFC 3339, such as `2021-01-01T00:00:00Z`.
        required add_time: String,
    }
}
