//! The properties. Most are checked at every step, in `world.rs`.

use crate::limits::RateLimit;
use proptest::prelude::*;

use super::model::{CallSpec, Source};
use super::scenario::{Scenario, completion, scenario, setup};
use super::world::{Fate, Life, Setup, World};

/// So many scenarios take about a second; `PROPTEST_CASES` sets another number.
fn config(scenarios: u32) -> ProptestConfig {
    let standard = ProptestConfig::default();
    let is_set = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if is_set { standard.cases } else { scenarios };
    ProptestConfig { cases, failure_persistence: None, ..standard }
}

/// A GET of a user that no other call asks for.
const fn cheap(user: u8) -> CallSpec {
    CallSpec {
        endpoint: 0,
        user,
        source: Source::Fixed(9),
        is_identity_known: true,
        max_retries: 0,
        timeout_ms: 30_000,
        header: None,
    }
}

/// After everything is over, a whole window is sent at once.
fn assert_all_slots_are_free(world: &mut World) {
    // A slot is free four seconds after its attempt has ended or could have; the daily budget is new on the next day.
    world.now += 2.0 * 86_400_000.0;
    let most = RateLimit::from(world.dispatcher.rate_limit()).limit.unwrap_or(10).min(10) as usize;
    let most = world.setup.max_concurrency.map_or(most, |max| most.min(max.max(1) as usize));
    let before = world.attempts.len();
    world.begin(cheap(200));
    world.run_ready();
    // What no driver has reported is given a moment more.
    world.now += 3_000.0;
    for user in 201..=210 {
        world.begin(cheap(user));
    }
    world.run_ready();
    let sent = world.attempts.len() - before;
    let affordable = world
        .setup
        .daily_budget
        .map_or(most, |budget| most.min((budget / cheap(0).endpoint().cost) as usize));
    assert!(sent >= affordable, "only {sent} of {affordable} slots are free");
}

fn play(scenario: &Scenario) -> World {
    let mut world = World::new(scenario.setup);
    for op in &scenario.ops {
        world.apply(op);
    }
    world.finish(scenario.ending);
    for id in world.ids() {
        world.step(id);
    }
    world
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn any_order_of_events(scenario in scenario(false)) {
        let mut world = play(&scenario);
        assert!(world.attempts.iter().all(|attempt| attempt.fate != Fate::InFlight));
        assert!(world.calls.iter().all(|call| call.life != Life::Running));
        assert_all_slots_are_free(&mut world);
    }

    #[test]
    fn any_order_of_events_with_drivers_that_stop(scenario in scenario(true)) {
        let mut world = play(&scenario);
        assert_all_slots_are_free(&mut world);
    }

    /// While drivers are on time, identical GETs with the same credential make one request, however long it takes.
    #[test]
    fn a_shared_request_is_sent_once(
        setup in setup(),
        calls in 2..9_u8,
        begins in prop::collection::vec(0.0..3_000.0_f64, 8),
        max_retries in 0..4_u32,
        timeout_ms in prop::sample::select(vec![50, 700, 1_000, 30_000]),
        completions in prop::collection::vec((prop::option::weighted(0.8, completion()), 1.0..900.0_f64), 12),
    ) {
        let mut world = World::new(Setup { lost_wakes: 0, ..setup });
        let spec = CallSpec { max_retries, timeout_ms, ..cheap(7) };
        let mut completions = completions.into_iter();
        for number in 0..calls {
            world.begin(spec);
            world.run_ready();
            world.run_on_time(world.now + begins[usize::from(number)], &mut completions);
        }
        world.run_on_time(f64::INFINITY, &mut completions);
        assert!(world.calls.iter().all(|call| call.life != Life::Running));
    }
}
