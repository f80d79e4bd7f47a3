//! Property tests of the rate limiter: calls are admitted and end in any order, at any time, and a model of the server
//! counts their arrivals.
//!
//! `PROPTEST_CASES` sets how many scenarios each property has.

use proptest::prelude::*;
use proptest::sample::Index;

use super::limiter::{Admission, RateLimiter};
use super::{RateLimitHeaders, Slot, WINDOW_MS};

const TIMEOUT_MS: f64 = 3_000.0;
const COST: u32 = 2;

#[derive(Clone, Debug)]
enum Op {
    /// A new call asks to be sent, if its turn has come.
    Admit,
    /// A response; it may say another limit than the server has.
    Respond(Index, Option<u32>, Option<u32>),
    /// No complete response.
    Lose(Index),
    /// The call ends while it is in flight.
    Abandon(Index),
    /// Time passes, at most until an attempt would time out.
    Pass(f64),
}

fn op(may_vary: bool) -> impl Strategy<Value = Op> {
    let limit = prop_oneof![4 => Just(None), u32::from(may_vary) => (10..25_u32).prop_map(Some)];
    let remaining = prop_oneof![4 => Just(None), 1 => (0..20_u32).prop_map(Some)];
    prop_oneof![
        12 => Just(Op::Admit),
        8 => (any::<Index>(), limit, remaining).prop_map(|(index, limit, remaining)| Op::Respond(index, limit, remaining)),
        1 => any::<Index>().prop_map(Op::Lose),
        1 => any::<Index>().prop_map(Op::Abandon),
        3 => prop_oneof![0.0..30.0_f64, 300.0..2_100.0_f64].prop_map(Op::Pass),
    ]
}

/// A call that was sent.
struct Sent {
    slot: Slot,
    at: f64,
    /// When the server counted it at the latest.
    until: Option<f64>,
}

struct World {
    limiter: RateLimiter,
    limit: u32,
    highest_limit: u32,
    max_concurrency: Option<u32>,
    now: f64,
    sent: Vec<Sent>,
}

impl World {
    /// A client to which a first response has reported the limit.
    fn new(limit: u32, max_concurrency: Option<u32>) -> Self {
        let limiter = RateLimiter::new(max_concurrency, None);
        let mut world =
            Self { limiter, limit, highest_limit: limit, max_concurrency, now: 0.0, sent: Vec::new() };
        world.admit();
        world.respond(0, None, None);
        world
    }

    fn admit(&mut self) -> bool {
        let ticket = self.limiter.ticket();
        let admission = self.limiter.admit(ticket, COST, TIMEOUT_MS, self.now, self.now);
        let Admission::Send(slot) = admission else {
            self.limiter.leave(ticket);
            return false;
        };
        self.sent.push(Sent { slot, at: self.now, until: None });
        let in_flight = self.in_flight().len();
        let most = self.max_concurrency.unwrap_or(self.highest_limit) as usize;
        assert!(in_flight <= most, "{in_flight} of {most} are in flight");
        true
    }

    fn in_flight(&self) -> Vec<usize> {
        (0..self.sent.len()).filter(|index| self.sent[*index].until.is_none()).collect()
    }

    fn pick(&self, index: Index) -> Option<usize> {
        let in_flight = self.in_flight();
        (!in_flight.is_empty()).then(|| *index.get(&in_flight))
    }

    fn respond(&mut self, index: usize, limit: Option<u32>, remaining: Option<u32>) {
        let limit = limit.unwrap_or(self.limit);
        self.highest_limit = self.highest_limit.max(limit);
        let headers = RateLimitHeaders {
            limit: f64::from(limit).into(),
            remaining: remaining.map(f64::from).into(),
            ..RateLimitHeaders::default()
        };
        self.limiter.on_response(self.sent[index].slot, &headers, self.now, self.now);
        self.sent[index].until = Some(self.now);
    }

    /// Without a response it may still arrive two seconds later.
    fn lose(&mut self, index: usize) {
        self.limiter.on_no_response(self.sent[index].slot, self.now);
        self.sent[index].until = Some(self.now + 2_000.0);
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Admit => {
                self.admit();
            }
            Op::Respond(index, limit, remaining) => {
                if let Some(index) = self.pick(*index) {
                    self.respond(index, *limit, *remaining);
                }
            }
            Op::Lose(index) => self.pick(*index).into_iter().for_each(|index| self.lose(index)),
            Op::Abandon(index) => {
                if let Some(index) = self.pick(*index) {
                    self.limiter.abandon(self.sent[index].slot, COST, self.now);
                    self.sent[index].until = Some(self.now + 2_000.0);
                }
            }
            Op::Pass(milliseconds) => {
                let oldest = self.in_flight().first().map(|index| self.sent[*index].at + TIMEOUT_MS);
                self.now = (self.now + milliseconds).min(oldest.unwrap_or(f64::INFINITY));
                for index in self.in_flight() {
                    if self.sent[index].at + TIMEOUT_MS <= self.now {
                        self.lose(index);
                    }
                }
            }
        }
    }

    /// The most arrivals in any two seconds, where each call arrives at this part of the time in which it can have.
    fn most_arrivals(&self, parts: &[f64]) -> usize {
        let arrivals = self.sent.iter().zip(parts.iter().cycle()).map(|(sent, part)| {
            let until = sent.until.unwrap_or(self.now);
            sent.at + (until - sent.at) * part
        });
        let mut arrivals: Vec<_> = arrivals.collect();
        arrivals.sort_by(f64::total_cmp);
        let ends = arrivals.iter().map(|start| arrivals.partition_point(|at| *at < start + WINDOW_MS));
        ends.enumerate().map(|(start, end)| end - start).max().unwrap_or(0)
    }
}

fn config() -> ProptestConfig {
    let standard = ProptestConfig::default();
    let is_set = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if is_set { standard.cases } else { 500 };
    ProptestConfig { cases, failure_persistence: None, ..standard }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_server_never_counts_more_than_its_limit_in_two_seconds(
        limit in 10..14_u32,
        max_concurrency in prop::option::weighted(0.3, 1..14_u32),
        ops in prop::collection::vec(op(false), 1..150),
        parts in prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0_f64], 1..9),
    ) {
        let mut world = World::new(limit, max_concurrency);
        for op in &ops {
            world.apply(op);
        }
        let most = world.most_arrivals(&parts);
        prop_assert!(most <= limit as usize, "{} of {} in two seconds", most, limit);
    }

    #[test]
    fn a_limit_that_varies_is_kept_at_its_highest(
        limit in 10..14_u32,
        ops in prop::collection::vec(op(true), 1..150),
    ) {
        let mut world = World::new(limit, None);
        for op in &ops {
            world.apply(op);
        }
        let most = world.most_arrivals(&[0.0]);
        prop_assert!(most <= world.highest_limit as usize, "{} of {}", most, world.highest_limit);
    }

    #[test]
    fn all_slots_are_given_back(
        limit in 10..14_u32,
        max_concurrency in prop::option::weighted(0.3, 1..14_u32),
        ops in prop::collection::vec(op(false), 1..150),
    ) {
        let mut world = World::new(limit, max_concurrency);
        for op in &ops {
            world.apply(op);
        }
        for index in world.in_flight() {
            world.respond(index, None, None);
        }
        world.now += 4_002.0;
        let free = (0..limit).filter(|_| world.admit()).count();
        prop_assert_eq!(free, max_concurrency.map_or(limit, |max| max.min(limit)) as usize);
    }
}
