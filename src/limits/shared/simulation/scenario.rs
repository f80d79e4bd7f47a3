//! A scenario, and what comes of it.

use std::collections::BinaryHeap;

use super::events::{At, Event};
use super::rng::Rng;
use super::world::{COST, Mutant, Process, Simulation};
use crate::limits::WINDOW_MS;
use crate::limits::shared::SharedLimiter;
use crate::limits::shared::store::{CompanyLimits, TokenLimits};

pub(super) const BUDGET: u32 = 2_000;

/// The scenario of a seed, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) over: usize,
    pub(super) spent: u32,
    pub(super) unfinished: usize,
    pub(super) trips: usize,
    pub(super) calls: usize,
    /// How long it took, and what the store had to remember at most.
    pub(super) seconds: f64,
    pub(super) bytes: usize,
    /// How long 95 of 100 calls waited at most.
    pub(super) p95_ms: f64,
    /// The same if one knew every call in advance, and each took the usual time.
    pub(super) least_p95_ms: f64,
    /// How long a call waited on average.
    pub(super) mean_ms: f64,
    pub(super) describes: String,
}

/// When calls are made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arrivals {
    Once,
    /// At random times, so much of the limit on average.
    Rate(f64),
    /// Those of the benchmark with real processes at half the limit, with its round trips and no lost response, see
    /// `tests/server/support/limits.mjs`.
    Benchmark,
    /// Groups, a second apart.
    Groups,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) seed: u32,
    pub(super) limit: u32,
    pub(super) processes: usize,
    pub(super) calls: usize,
    pub(super) arrivals: Arrivals,
    pub(super) latency: f64,
    pub(super) trip_latency: f64,
    pub(super) lossy: f64,
    pub(super) has_death: bool,
    pub(super) has_restart: bool,
    pub(super) budget: Option<u32>,
}

impl Scenario {
    pub(super) fn random(seed: u32) -> Self {
        let mut rng = Rng::new(seed);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Self {
            seed,
            limit: rng.pick(&[3, 5, 20, 80]),
            processes: 1 + (rng.next() * 10.0) as usize,
            calls: 150,
            arrivals: match rng.next() {
                style if style < 0.3 => Arrivals::Once,
                style if style < 0.6 => Arrivals::Rate(0.5 + rng.next()),
                _ => Arrivals::Groups,
            },
            latency: rng.pick(&[5.0, 80.0, 400.0, 2_000.0]),
            trip_latency: rng.pick(&[1.0, 5.0, 50.0, 400.0]),
            lossy: if rng.chance(0.5) { 0.1 } else { 0.0 },
            has_death: rng.chance(0.3),
            has_restart: rng.chance(0.2),
            budget: rng.chance(0.5).then_some(BUDGET),
        }
    }
}

pub(super) fn simulate(scenario: Scenario, mutant: Mutant) -> Outcome {
    let Scenario { seed, limit, latency, trip_latency, lossy, budget, calls, .. } = scenario;
    let count = scenario.processes;
    let mut rng = Rng::new(seed ^ 0x5bd1_e995);
    let processes = (0..count)
        .map(|index| {
            let mut limiter =
                SharedLimiter::new(f64::from(u32::try_from(index + 1).unwrap_or(u32::MAX)), budget, "away");
            // Learned earlier, so that a scenario is about nothing else.
            limiter.observe(limit, 0.0);
            if mutant == Mutant::ShortWindow {
                limiter.shorten(12.0);
            }
            Process {
                limiter,
                waiting: Vec::new(),
                offset: rng.next() * 1e9,
                rate: 1.0 + (rng.next() * 2.0 - 1.0) * 2e-4,
                is_dead: false,
                smallest_round_trip: f64::INFINITY,
                ticks_at: 0.0,
            }
        })
        .collect();
    let mut simulation = Simulation {
        rng,
        limit,
        latency,
        trip_latency,
        lossy,
        is_benchmark: matches!(scenario.arrivals, Arrivals::Benchmark),
        mutant,
        now: 0.0,
        events: BinaryHeap::new(),
        count: 0,
        processes,
        token: TokenLimits::default(),
        company: CompanyLimits::default(),
        cold_until: 0.0,
        arrived: Vec::new(),
        done: 0,
        spent: 0,
        trips: 0,
        bytes: 0,
        born: Vec::new(),
        waits: Vec::new(),
    };
    schedule_calls(scenario, &mut simulation);
    if scenario.has_death {
        let time = simulation.rng.next() * 10_000.0;
        simulation.at(time, Event::Death { process: 0 });
    }
    if scenario.has_restart {
        let time = simulation.rng.next() * 20_000.0;
        simulation.at(time, Event::Restart);
    }
    while let Some(At(time, _, event)) = simulation.events.pop() {
        if time > 1_200_000.0
            || (simulation.done >= calls
                && simulation.arrived.len() * to_usize(COST) >= to_usize(simulation.spent))
        {
            break;
        }
        simulation.now = time;
        simulation.handle(event);
    }
    #[allow(clippy::cast_precision_loss)]
    let mean_ms = simulation.waits.iter().sum::<f64>() / simulation.waits.len().max(1) as f64;
    let p95_ms = percentile(std::mem::take(&mut simulation.waits), 95);
    let Simulation { mut arrived, born, done, spent, trips, bytes, .. } = simulation;
    let seconds = simulation.now / 1_000.0;
    arrived.sort_by(f64::total_cmp);
    let window = to_usize(limit);
    let over = arrived
        .iter()
        .zip(arrived.iter().skip(window))
        .filter(|(first, last)| *last - *first < WINDOW_MS - 1e-6);
    Outcome {
        over: over.count(),
        spent: if budget.is_some() { spent } else { 0 },
        unfinished: calls.saturating_sub(done),
        trips,
        calls,
        seconds,
        bytes,
        p95_ms,
        mean_ms,
        least_p95_ms: least_p95(&born, to_usize(limit), latency),
        describes: format!("{scenario:?}"),
    }
}

/// Decides when each call is made, and in which process.
fn schedule_calls(scenario: Scenario, simulation: &mut Simulation) {
    let mut time = 0.0;
    let mut benchmark = Rng::from_state(5);
    let pause =
        |rng: &mut Rng, part: f64| -(1.0 - rng.next()).ln() * (2_000.0 / f64::from(scenario.limit)) / part;
    for call in 0..scenario.calls {
        let rng = if simulation.is_benchmark { &mut benchmark } else { &mut simulation.rng };
        time += match scenario.arrivals {
            Arrivals::Once => 0.0,
            Arrivals::Rate(part) => pause(rng, part),
            Arrivals::Benchmark => pause(rng, 0.5),
            Arrivals::Groups if rng.chance(0.1) => 900.0,
            Arrivals::Groups => 1.0,
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let process = (rng.next() * scenario.processes as f64) as usize;
        simulation.born.push(time);
        simulation.at(time, Event::Born { process, call });
    }
}

pub(super) fn to_usize(number: u32) -> usize {
    number as usize
}

fn least_p95(born: &[f64], limit: usize, latency: f64) -> f64 {
    let mut sent: Vec<f64> = Vec::with_capacity(born.len());
    for (call, time) in born.iter().enumerate() {
        let before = call.checked_sub(limit).and_then(|before| sent.get(before));
        sent.push(before.map_or(*time, |before| time.max(before + latency + WINDOW_MS)));
    }
    percentile(sent.iter().zip(born).map(|(sent, born)| sent - born).collect(), 95)
}

fn percentile(mut numbers: Vec<f64>, part: usize) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() * part / 100).copied().unwrap_or(0.0)
}
