//! The ages of a directory.

use std::time::Duration;

/// The ages of a [`Directory`](super::Directory).
///
/// ```
/// use std::time::Duration;
/// use pipedrive_users::directory::DirectoryOptions;
///
/// let options = DirectoryOptions { max_age: Duration::from_secs(60), ..DirectoryOptions::default() };
/// assert_eq!(options.stale, Duration::from_secs(3_600));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DirectoryOptions {
    /// How long everything is given from memory. Default: 5 minutes.
    pub max_age: Duration,
    /// Until which age what is there is given while a refresh runs behind. After it, callers wait. Default: an hour. It is
    /// never less than `max_age`.
    pub stale: Duration,
}

impl Default for DirectoryOptions {
    fn default() -> Self {
        Self { max_age: Duration::from_secs(300), stale: Duration::from_secs(3_600) }
    }
}
