//! Random hostile scenarios in virtual time, the machine as it is: any split of round trips from 1 ms to 6 s, trips that are
//! slow, lost on either way, executed long after the process gave up or twice, processes that die, clocks of any offset
//! and drift, a store that loses everything. Calls are counted where they arrive.

mod events;
mod rng;
mod scenario;
mod world;

use scenario::{Arrivals, BUDGET, Outcome, Scenario, simulate};
use world::Mutant;

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

/// A scenario in which nothing fails.
fn calm(processes: usize, limit: u32, arrivals: Arrivals, calls: usize) -> Scenario {
    Scenario {
        seed: 1,
        limit,
        processes,
        calls,
        arrivals,
        latency: 80.0,
        trip_latency: 1.0,
        lossy: 0.0,
        has_death: false,
        has_restart: false,
        budget: None,
    }
}

#[test]
fn calls_at_half_the_limit_hardly_wait() {
    for limit in [20, 80] {
        for processes in [1, 2, 4, 8, 16] {
            let outcome = simulate(calm(processes, limit, Arrivals::Rate(0.5), 600), Mutant::None);
            #[allow(clippy::cast_precision_loss)]
            let trips = outcome.trips as f64 / outcome.calls as f64;
            println!("{processes} processes, limit {limit}: {:.1} ms, {trips:.2} trips", outcome.p95_ms);
            assert_eq!((outcome.over, outcome.unfinished), (0, 0));
            // A trip takes up to three milliseconds.
            assert!(outcome.p95_ms <= 13.0, "{processes} processes, limit {limit}: {:.1} ms", outcome.p95_ms);
            let most = if processes == 1 { 0.7 } else { 2.2 };
            assert!(trips <= most, "{processes} processes, limit {limit}: {trips:.2} trips a call");
        }
    }
}

/// Averages over many rows of 240 calls: the 95th percentile of a row's waits, the least possible, and the mean wait.
fn average(processes: usize, limit: u32, arrivals: Arrivals) -> [f64; 3] {
    let rows = environment("LIMITS_ROWS", 40);
    let mut sums = [0.0; 3];
    let mut within = 0;
    for seed in 1..=rows {
        let outcome = simulate(Scenario { seed, ..calm(processes, limit, arrivals, 240) }, Mutant::None);
        assert_eq!((outcome.over, outcome.unfinished), (0, 0));
        within += u32::from(outcome.p95_ms <= 13.0);
        for (sum, number) in sums.iter_mut().zip([outcome.p95_ms, outcome.least_p95_ms, outcome.mean_ms]) {
            *sum += number / f64::from(rows);
        }
    }
    let [p95_ms, least_p95_ms, mean_ms] = sums;
    println!(
        "{processes} processes, limit {limit}, {arrivals:?}: p95 {p95_ms:.1} ms, {least_p95_ms:.1} at least, within 13 ms \
         in {within} of {rows} rows, mean wait {mean_ms:.2} ms"
    );
    sums
}

/// Where calls come so close together that the window is nearly full now and then, a call waits little longer than it must.
#[test]
fn processes_that_hold_slots_hardly_delay_a_crowd_of_others() {
    for processes in [1, 4, 16] {
        let [p95_ms, _, mean_ms] = average(processes, 20, Arrivals::Rate(0.5));
        let most_p95_ms = if processes == 1 { 11.5 } else { 20.0 };
        assert!(p95_ms <= most_p95_ms, "{processes} processes: {p95_ms:.1} ms");
        assert!(mean_ms <= 6.0, "{processes} processes: {mean_ms:.2} ms on average");
    }
}

/// The rows at half the limit of the benchmark with real processes.
#[test]
fn the_arrivals_of_the_benchmark_hardly_wait() {
    for limit in [20, 80] {
        for processes in [1, 4, 16] {
            let [p95_ms, _, mean_ms] = average(processes, limit, Arrivals::Benchmark);
            assert!(p95_ms <= 5.0, "{processes} processes, limit {limit}: {p95_ms:.1} ms");
            assert!(mean_ms <= 3.0, "{processes} processes, limit {limit}: {mean_ms:.2} ms on average");
        }
    }
}

/// What limits cost that many share. `LIMITS_SCALE=1` prints the table of LIMITS.md.
#[test]
#[allow(clippy::cast_precision_loss)]
fn many_processes_share_one_token() {
    println!();
    let is_full = environment("LIMITS_SCALE", 0) > 0;
    let (calls, many) = if is_full { (4_800, vec![10, 100, 1_000]) } else { (960, vec![100]) };
    for processes in many {
        for limit in [80, 480] {
            for (name, arrivals) in
                [("all at once", Arrivals::Once), ("at 0.5 of the limit", Arrivals::Rate(0.5))]
            {
                let outcome = simulate(calm(processes, limit, arrivals, calls), Mutant::None);
                print_row(&format!("one company, {processes} processes"), limit, name, 1.0, &outcome);
            }
        }
    }
    for processes in [1, 2] {
        let outcome = simulate(calm(processes, 80, Arrivals::Rate(0.05), calls / 4), Mutant::None);
        let what =
            format!("10 000 companies, {processes} process{} each", if processes == 1 { "" } else { "es" });
        print_row(&what, 80, "at 0.05 of each limit", 10_000.0, &outcome);
    }
}

/// A row of the table, for so many companies alike.
#[allow(clippy::cast_precision_loss)]
fn print_row(what: &str, limit: u32, arrivals: &str, companies: f64, outcome: &Outcome) {
    assert_eq!((outcome.over, outcome.unfinished), (0, 0), "{what}");
    let trips = outcome.trips as f64;
    let per_call = trips / outcome.calls as f64;
    println!(
        "| {what} | {limit} | {arrivals} | {} | {per_call:.2} | {:.0} | {:.1} | {:.2} M |",
        outcome.over,
        companies * trips / outcome.seconds,
        companies * outcome.bytes as f64 / 1e3,
        per_call,
    );
}
