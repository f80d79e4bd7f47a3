//! Where a call stands between its attempts, and what it does after one that failed.

use crate::endpoint::Terms;
use crate::error::Kind;
use crate::failure::Facts;
use crate::retry::{self, Decision};

/// The course of one call.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) terms: Terms,
    /// How many requests were sent.
    pub(crate) attempts: u32,
    max_retries: u32,
    /// The attempts that count against the number of retries.
    tries: u32,
    /// Whether a 401 may still be answered with another token.
    may_renew: bool,
}

/// What comes after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// The error is final.
    Stop,
    /// Another token, and the call once more, outside the number of retries.
    Renew,
    /// The same again after so many milliseconds.
    Again(f64),
}

impl Course {
    pub(crate) fn new(terms: Terms, max_retries: u32) -> Self {
        Self { terms, attempts: 0, max_retries, tries: 0, may_renew: true }
    }

    /// A request goes out.
    pub(crate) fn sent(&mut self) {
        self.attempts += 1;
        self.tries += 1;
    }

    /// What to do now. `is_renewable` says that the token can be another one the next time; `random` is from 0 to 1.
    pub(crate) fn after(&mut self, failure: &Facts, is_renewable: bool, random: f64, now: f64) -> Step {
        if failure.kind == Kind::Authentication && is_renewable && self.may_renew {
            self.may_renew = false;
            self.tries -= 1;
            return Step::Renew;
        }
        match retry::decide(failure, self.terms.is_idempotent, self.tries, self.max_retries, random, now) {
            Decision::Stop => Step::Stop,
            Decision::Again(wait) => Step::Again(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::get_user::ENDPOINT;

    #[test]
    fn a_401_is_renewed_once_and_outside_the_number_of_retries() {
        let refused = Facts::new(Kind::Authentication);
        let lost = Facts::new(Kind::Connection);
        let mut course = Course::new(ENDPOINT.terms(), 1);
        course.sent();
        assert_eq!(course.after(&refused, false, 0.0, 0.0), Step::Stop, "a fixed token stays what it is");
        assert_eq!(course.after(&refused, true, 0.0, 0.0), Step::Renew);
        course.sent();
        assert_eq!(course.after(&lost, true, 0.0, 0.0), Step::Again(500.0));
        course.sent();
        assert_eq!((course.after(&lost, true, 0.0, 0.0), course.attempts), (Step::Stop, 3));
        assert_eq!(course.after(&refused, true, 0.0, 0.0), Step::Stop);
    }
}
