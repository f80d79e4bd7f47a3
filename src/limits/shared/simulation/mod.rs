//! Random hostile scenarios in virtual time, the machine as it is: any split of round trips from 1 ms to 6 s, trips that are
//! slow, lost on either way, executed long after the process gave up or twice, processes that die, clocks of any offset
//! and drift, a store that loses everything. Calls are counted where they arrive.

mod events;
mod rng;
mod scenario;
mod world;

use scenario::{Arrivals, BUDGET, Mutant, Scenario, simulate};

/// `LIMITS_SCENARIOS` is how many to run; `LIMITS_SEED` the first seed.
fn environment(name: &str, default: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn no_scenario_is_over_the_limit_or_stuck() {
    let (count, first) = (environment("LIMITS_SCENARIOS", 200), environment("LIMITS_SEED", 1));
    let (mut trips, mut calls) = (0, 0);
    for seed in first..first + count {
        let outcome = simulate(Scenario::random(seed), Mutant::None);
        trips += outcome.trips;
        calls += outcome.calls;
        assert_eq!((outcome.over, outcome.unfinished), (0, 0), "{}", outcome.describes);
        assert!(outcome.spent <= BUDGET, "{} of {BUDGET} spent; {}", outcome.spent, outcome.describes);
    }
    println!("{count} scenarios, {calls} calls, {trips} trips: none over the limit, none stuck");
}

#[test]
fn the_simulation_notices_faults() {
    for mutant in [Mutant::ShortWindow, Mutant::SubtractsRoundTrip] {
        let caught = (1..=60).filter(|seed| simulate(Scenario::random(*seed), mutant).over > 0).count();
        assert!(caught >= 10, "only {caught} of 60 scenarios noticed");
    }
}

/// What one token costs that many processes share. `LIMITS_SCALE=1` makes the table of the guide.
#[test]
fn many_processes_share_one_token() {
    let is_full = environment("LIMITS_SCALE", 0) > 0;
    let counts: &[usize] = if is_full { &[10, 100, 1_000] } else { &[100] };
    println!("| processes | calls | limit | over it | trips / call | trips / s | in the store, KB |");
    for processes in counts {
        for limit in [80, 480] {
            for arrivals in [Arrivals::Once, Arrivals::Rate(0.5)] {
                let scenario = Scenario {
                    seed: 1,
                    limit,
                    processes: *processes,
                    calls: if is_full { 4_800 } else { 960 },
                    arrivals,
                    latency: 80.0,
                    trip_latency: 1.0,
                    lossy: 0.0,
                    has_death: false,
                    has_restart: false,
                    budget: None,
                };
                let outcome = simulate(scenario, Mutant::None);
                assert_eq!((outcome.over, outcome.unfinished), (0, 0), "{scenario:?}");
                #[allow(clippy::cast_precision_loss)]
                let (trips, calls) = (outcome.trips as f64, outcome.calls as f64);
                println!(
                    "| {processes} | {arrivals:?} | {limit} | {} | {:.2} | {:.0} | {:.1} |",
                    outcome.over,
                    trips / calls,
                    trips / outcome.seconds,
                    f64::from(u32::try_from(outcome.bytes).unwrap_or(u32::MAX)) / 1_000.0
                );
            }
        }
    }
}
