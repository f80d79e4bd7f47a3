//! Property tests of the state machine: a model of the driver makes any steps in any order, and checks each of them.
//!
//! `PROPTEST_CASES` sets how many scenarios each property has.

mod checks;
pub(super) mod model;
mod properties;
mod scenario;
mod world;
