//! Random hostile scenarios in virtual time, the machine as it is: any split of round trips from 1 ms to 6 s, trips that are
//! slow, lost on either way, executed long after the process gave up or twice, processes that die, clocks of any offset
//! and drift, a store that loses everything. Calls are counted where they arrive.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::store::{CompanyLimits, TokenLimits, reserve};
use super::*;
use crate::limits::queue::Ticket;

/// A generator of the same numbers for the same seed.
struct Rng(u32);

impl Rng {
    fn new(seed: u32) -> Self {
        let mut rng = Self(seed.wrapping_mul(2_654_435_761));
        for _ in 0..5 {
            rng.next();
        }
        rng
    }

    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0) / 4_294_967_296.0
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.next() < probability
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let index = (self.next() * from.len() as f64) as usize;
        from[index]
    }
}

#[derive(Debug)]
enum Event {
    Born {
        process: usize,
        call: usize,
    },
    Tick {
        process: usize,
    },
    /// A call arrives at Pipedrive.
    Arrive,
    Respond {
        process: usize,
        slot: u32,
        round_trip: f64,
        has_response: bool,
    },
    /// A trip arrives at the store; its reply, if any, takes so long.
    Trip {
        process: usize,
        number: u32,
        request: Vec<f64>,
        way_back: Option<f64>,
    },
    Reply {
        process: usize,
        number: u32,
        reply: Vec<f64>,
    },
    Death {
        process: usize,
    },
    Restart,
}

struct At(f64, u64, Event);

impl PartialEq for At {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for At {}
impl PartialOrd for At {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for At {
    /// The earliest is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.total_cmp(&self.0).then(other.1.cmp(&self.1))
    }
}

struct Process {
    limiter: SharedLimiter,
    waiting: Vec<(Ticket, usize)>,
    offset: f64,
    rate: f64,
    is_dead: bool,
    smallest_round_trip: f64,
    ticks_at: f64,
}

impl Process {
    fn local(&self, time: f64) -> f64 {
        self.offset + time * self.rate
    }

    fn real(&self, time: f64) -> f64 {
        (time - self.offset) / self.rate
    }
}

/// A fault on purpose, which the simulation has to notice.
#[derive(Clone, Copy, PartialEq)]
enum Mutant {
    None,
    /// A slot is free a little early.
    ShortWindow,
    /// The smallest round trip is subtracted.
    SubtractsRoundTrip,
}

/// The scenario of a seed, and what came of it.
#[derive(Debug, Default)]
struct Outcome {
    over: usize,
    spent: u32,
    unfinished: usize,
    trips: usize,
    calls: usize,
    /// How long it took, and what the store had to remember at most.
    seconds: f64,
    bytes: usize,
    describes: String,
}

const BUDGET: u32 = 2_000;
const COST: u32 = 20;
const TIMEOUT_MS: f64 = 7_000.0;

struct Simulation {
    rng: Rng,
    limit: u32,
    latency: f64,
    trip_latency: f64,
    lossy: f64,
    mutant: Mutant,
    now: f64,
    events: BinaryHeap<At>,
    count: u64,
    processes: Vec<Process>,
    token: TokenLimits,
    company: CompanyLimits,
    cold_until: f64,
    arrived: Vec<f64>,
    done: usize,
    spent: u32,
    trips: usize,
    bytes: usize,
}

impl Simulation {
    fn at(&mut self, time: f64, event: Event) {
        self.count += 1;
        self.events.push(At(time.max(self.now), self.count, event));
    }

    fn send(&mut self, process: usize, slot: u32) {
        self.spent += COST;
        let latency =
            self.latency * if self.rng.chance(0.05) { 5.0 * self.rng.next() } else { 0.5 + self.rng.next() };
        let round_trip = latency.clamp(1.0, 6_000.0);
        let out = if self.rng.chance(0.3) {
            0.0
        } else if self.rng.chance(0.4) {
            round_trip
        } else {
            round_trip * self.rng.next()
        };
        let has_response = !self.rng.chance(0.03);
        // Without a response it may arrive when the process has already given up.
        let late = if has_response { 0.0 } else { self.rng.next() * (LATE_ARRIVAL_MS - 10.0) };
        self.at(self.now + out + late, Event::Arrive);
        self.at(self.now + round_trip, Event::Respond { process, slot, round_trip, has_response });
    }

    fn admit(&mut self, process: usize, ticket: Ticket, call: usize) -> bool {
        let now = self.now;
        let this = &mut self.processes[process];
        let now = this.local(now);
        match this.limiter.admit(ticket, COST, TIMEOUT_MS, now) {
            Verdict::Send(slot) => {
                this.waiting.retain(|(_, known)| *known != call);
                self.send(process, slot);
                true
            }
            Verdict::Spent(_) | Verdict::StoreAway(_) => {
                this.limiter.leave(ticket);
                this.waiting.retain(|(_, known)| *known != call);
                self.done += 1;
                true
            }
            Verdict::Turn | Verdict::Wait(_) | Verdict::Paused(_) => false,
        }
    }

    /// What a driver does after each event.
    fn drive(&mut self, process: usize) {
        let now = self.processes[process].local(self.now);
        let this = &mut self.processes[process];
        if this.is_dead {
            return;
        }
        if let Some(request) = this.limiter.poll(now) {
            let number = this.limiter.trip().expect("it begins");
            self.trip(process, number, &request.to_numbers());
        }
        let ready = self.processes[process].limiter.ready(now);
        for ticket in ready {
            let known = self.processes[process].waiting.iter().find(|(known, _)| *known == ticket).copied();
            if let Some((ticket, call)) = known {
                self.admit(process, ticket, call);
            }
        }
        // Those that wait look again by themselves, so that they are not taken for stopped.
        let this = &mut self.processes[process];
        let looks = if this.waiting.is_empty() { f64::INFINITY } else { now + 3_000.0 };
        let due = this.limiter.due(now).min(looks);
        if due.is_finite() {
            let time = this.real(due).max(self.now) + 0.01;
            if this.ticks_at <= self.now || time < this.ticks_at {
                this.ticks_at = time;
                let late = self.rng.next() * 2.0;
                self.at(time + late, Event::Tick { process });
            }
        }
    }

    fn trip(&mut self, process: usize, number: u32, request: &[f64]) {
        self.trips += 1;
        let slow = if self.rng.chance(0.02) { 20.0 } else { 1.0 };
        let way = self.trip_latency * (0.5 + self.rng.next()) * slow;
        let way_back = self.trip_latency * (0.5 + self.rng.next());
        let fate = if self.rng.chance(self.lossy) { self.rng.next() } else { 1.0 };
        let trip = |way_back| Event::Trip { process, number, request: request.to_vec(), way_back };
        if fate < 0.3 {
            return;
        }
        if fate < 0.5 {
            self.at(self.now + way * 30.0, trip(Some(way_back)));
        } else if fate < 0.75 {
            self.at(self.now + way, trip(None));
        } else {
            // Some clients repeat what they sent.
            if fate < 0.9 {
                let later = way * (1.0 + self.rng.next() * 10.0);
                self.at(self.now + later, trip(Some(way_back)));
            }
            self.at(self.now + way, trip(Some(way_back)));
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Born { process, call } => {
                if self.processes[process].is_dead {
                    self.done += 1;
                    return;
                }
                let ticket = self.processes[process].limiter.ticket();
                self.processes[process].waiting.push((ticket, call));
                self.admit(process, ticket, call);
                self.drive(process);
            }
            Event::Tick { process } => {
                self.processes[process].ticks_at = 0.0;
                if !self.processes[process].is_dead {
                    let waiting = self.processes[process].waiting.clone();
                    for (ticket, call) in waiting {
                        self.admit(process, ticket, call);
                    }
                }
                self.drive(process);
            }
            Event::Arrive => self.arrived.push(self.now),
            Event::Respond { process, slot, round_trip, has_response } => {
                self.done += 1;
                let now = self.now;
                let limit = self.limit;
                let this = &mut self.processes[process];
                if this.is_dead {
                    return;
                }
                let now = this.local(now);
                this.smallest_round_trip = this.smallest_round_trip.min(round_trip);
                let early =
                    if self.mutant == Mutant::SubtractsRoundTrip { this.smallest_round_trip } else { 0.0 };
                if has_response {
                    this.limiter.observe(limit, now);
                }
                this.limiter.release(slot, has_response, now - early);
                self.drive(process);
            }
            Event::Trip { process, number, request, way_back } => {
                let request = Reservation::from_numbers(&request).expect("a reservation");
                let wall = (1e12 + self.now).floor();
                let reply = reserve(&mut self.token, &mut self.company, wall, self.cold_until, 0.0, &request)
                    .to_numbers();
                self.bytes = self.bytes.max(8 * self.token.to_numbers().len());
                if let Some(way_back) = way_back {
                    self.at(self.now + way_back, Event::Reply { process, number, reply });
                }
            }
            Event::Reply { process, number, reply } => {
                let grant = Grant::from_numbers(&reply).expect("a grant");
                let now = self.processes[process].local(self.now);
                if !self.processes[process].is_dead {
                    self.processes[process].limiter.on_reply(number, &grant, now);
                    self.drive(process);
                }
            }
            Event::Death { process } => {
                let this = &mut self.processes[process];
                this.is_dead = true;
                self.done += std::mem::take(&mut this.waiting).len();
            }
            Event::Restart => {
                self.token = TokenLimits::default();
                // Its disk keeps the day.
                self.cold_until = 1e12 + self.now + LEASE_MS + 2.0 * COOLING_MS;
            }
        }
    }
}

/// When calls are made.
#[derive(Clone, Copy, Debug)]
enum Arrivals {
    Once,
    /// At random times, so much of the limit on average.
    Rate(f64),
    /// Groups, a second apart.
    Groups,
}

#[derive(Clone, Copy, Debug)]
struct Scenario {
    seed: u32,
    limit: u32,
    processes: usize,
    calls: usize,
    arrivals: Arrivals,
    latency: f64,
    trip_latency: f64,
    lossy: f64,
    has_death: bool,
    has_restart: bool,
    budget: Option<u32>,
}

impl Scenario {
    fn random(seed: u32) -> Self {
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

fn simulate(scenario: Scenario, mutant: Mutant) -> Outcome {
    let Scenario { seed, limit, latency, trip_latency, lossy, budget, calls, .. } = scenario;
    let count = scenario.processes;
    let mut rng = Rng::new(seed ^ 0x5bd1_e995);
    let processes = (0..count)
        .map(|index| {
            let mut limiter = SharedLimiter::new(index as u64 + 1, budget, "away");
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
    };
    let mut time = 0.0;
    for call in 0..calls {
        time += match scenario.arrivals {
            Arrivals::Once => 0.0,
            Arrivals::Rate(part) => -(1.0 - simulation.rng.next()).ln() * (2_000.0 / f64::from(limit)) / part,
            Arrivals::Groups if simulation.rng.chance(0.1) => 900.0,
            Arrivals::Groups => 1.0,
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let process = (simulation.rng.next() * count as f64) as usize;
        simulation.at(time, Event::Born { process, call });
    }
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
    let Simulation { mut arrived, done, spent, trips, bytes, .. } = simulation;
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
        describes: format!("{scenario:?}"),
    }
}

fn to_usize(number: u32) -> usize {
    number as usize
}

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
