//! Who follows whom: nothing that is kept, only what follows from the seed.

use std::collections::BTreeSet;

use super::{company::Company, random::Random, time::Moment};
use crate::models::Follower;
use crate::schema::Extra;

/// Nobody follows anybody before: 1 October 2025.
const FIRST: u64 = 1_759_276_800;

/// The ids of those who follow a user, in order, from the one after `after`. Everybody follows the founder; the
/// others have a few followers, and those who came later none.
pub(super) fn ids(company: &Company, user_id: u64, after: u64) -> Box<dyn Iterator<Item = u64>> {
    let people = company.founded_with();
    if user_id == 1 {
        return Box::new(after.max(1) + 1..=people);
    }
    if user_id > people {
        return Box::new(std::iter::empty());
    }
    let mut random = Random::of(company.seed(), "followers").for_id(user_id);
    let some: BTreeSet<u64> = (0..random.below(5)).map(|_| 1 + random.below(people)).collect();
    Box::new(some.into_iter().filter(move |id| *id > after && *id != user_id))
}

/// The record of one who follows a user.
pub(super) fn record(company: &Company, user_id: u64, follower: u64) -> Follower {
    let mut random = Random::of(company.seed(), "follow").for_id(user_id).for_id(follower);
    let add_time = Moment::from_seconds(FIRST + random.below(7_000_000)).v2();
    Follower { user_id: follower, add_time, extra: Extra::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(company: &Company, user_id: u64) -> Vec<u64> {
        ids(company, user_id, 0).collect()
    }

    #[test]
    fn everybody_follows_the_founder() {
        let company = Company::found(5, 7);
        assert_eq!(all(&company, 1), [2, 3, 4, 5]);
        assert_eq!(ids(&company, 1, 3).collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn others_have_a_few_followers_and_never_themselves() {
        let company = Company::found(25, 7);
        for user_id in 2..=25 {
            let followers = all(&company, user_id);
            assert!(followers.len() < 5 && !followers.contains(&user_id));
            assert!(followers.is_sorted());
        }
        assert!((2..=25).any(|user_id| all(&company, user_id).len() > 1));
        assert!(all(&company, 26).is_empty());
    }

    #[test]
    fn the_same_pair_has_the_same_time() {
        let company = Company::found(25, 7);
        assert_eq!(record(&company, 1, 2), record(&company, 1, 2));
        assert_ne!(record(&company, 1, 2).add_time, record(&company, 2, 1).add_time);
    }
}
