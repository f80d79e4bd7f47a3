//! The followers of users. They are derived from the seed on each request and not stored.

use std::collections::BTreeSet;

use super::{company::Company, random::Random, time::Timestamp};
use crate::models::Follower;
use crate::schema::Extra;

/// The earliest time at which anyone started to follow, in seconds since the epoch: 1 October 2025.
const EARLIEST: u64 = 1_759_276_800;

/// Returns the ids of a user's followers that are greater than `after`, in ascending order. All initial users follow the
/// founder, other initial users have up to four followers, and users added later have none.
pub(super) fn ids(company: &Company, user_id: u64, after: u64) -> Box<dyn Iterator<Item = u64>> {
    let initial_users = company.initial_users();
    if user_id == 1 {
        return Box::new(after.max(1) + 1..=initial_users);
    }
    if user_id > initial_users {
        return Box::new(std::iter::empty());
    }
    let mut random = Random::new(company.seed(), "followers").for_id(user_id);
    let followers: BTreeSet<u64> = (0..random.below(5)).map(|_| 1 + random.below(initial_users)).collect();
    Box::new(followers.into_iter().filter(move |id| *id > after && *id != user_id))
}

/// Returns the record of one follower of a user.
pub(super) fn record(company: &Company, user_id: u64, follower: u64) -> Follower {
    let mut random = Random::new(company.seed(), "follow").for_id(user_id).for_id(follower);
    let add_time = Timestamp::from_seconds(EARLIEST + random.below(7_000_000)).format_v2();
    Follower { user_id: follower, add_time, extra: Extra::new(), unfit: Extra::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(company: &Company, user_id: u64) -> Vec<u64> {
        ids(company, user_id, 0).collect()
    }

    #[test]
    fn all_users_follow_the_founder() {
        let company = Company::new(5, 7);
        assert_eq!(all(&company, 1), [2, 3, 4, 5]);
        assert_eq!(ids(&company, 1, 3).collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn other_users_have_a_few_followers_and_do_not_follow_themselves() {
        let company = Company::new(25, 7);
        for user_id in 2..=25 {
            let followers = all(&company, user_id);
            assert!(followers.len() < 5 && !followers.contains(&user_id));
            assert!(followers.is_sorted());
        }
        assert!((2..=25).any(|user_id| all(&company, user_id).len() > 1));
        assert!(all(&company, 26).is_empty());
    }

    #[test]
    fn add_time_depends_only_on_the_two_users() {
        let company = Company::new(25, 7);
        assert_eq!(record(&company, 1, 2), record(&company, 1, 2));
        assert_ne!(record(&company, 1, 2).add_time, record(&company, 2, 1).add_time);
    }
}
