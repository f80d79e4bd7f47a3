//! Processes, their store and Pipedrive, which counts calls where they arrive.

use std::collections::BinaryHeap;

use super::events::{At, Event};
use super::rng::Rng;
use crate::limits::queue::Ticket;
use crate::limits::shared::messages::{Grant, Reservation};
use crate::limits::shared::store::{CompanyLimits, TokenLimits, reserve};
use crate::limits::shared::{COOLING_MS, LATE_ARRIVAL_MS, LEASE_MS, SharedLimiter};
use crate::limits::slots::Verdict;

pub(super) const COST: u32 = 20;
const TIMEOUT_MS: f64 = 7_000.0;

/// A fault on purpose, which the simulation has to notice.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mutant {
    None,
    /// A slot is free a little early.
    ShortWindow,
    /// The smallest round trip is subtracted.
    SubtractsRoundTrip,
}

pub(super) struct Process {
    pub(super) limiter: SharedLimiter,
    pub(super) waiting: Vec<(Ticket, usize)>,
    pub(super) offset: f64,
    pub(super) rate: f64,
    pub(super) is_dead: bool,
    pub(super) smallest_round_trip: f64,
    pub(super) ticks_at: f64,
}

impl Process {
    pub(super) fn local(&self, time: f64) -> f64 {
        self.offset + time * self.rate
    }

    pub(super) fn real(&self, time: f64) -> f64 {
        (time - self.offset) / self.rate
    }
}

pub(super) struct Simulation {
    pub(super) rng: Rng,
    pub(super) limit: u32,
    pub(super) latency: f64,
    pub(super) trip_latency: f64,
    pub(super) lossy: f64,
    pub(super) is_benchmark: bool,
    pub(super) mutant: Mutant,
    pub(super) now: f64,
    pub(super) events: BinaryHeap<At>,
    pub(super) count: u64,
    pub(super) processes: Vec<Process>,
    pub(super) token: TokenLimits,
    pub(super) company: CompanyLimits,
    pub(super) cold_until: f64,
    pub(super) arrived: Vec<f64>,
    pub(super) done: usize,
    pub(super) spent: u32,
    pub(super) trips: usize,
    pub(super) bytes: usize,
    /// When each call was made, and how long those that were sent had waited.
    pub(super) born: Vec<f64>,
    pub(super) waits: Vec<f64>,
}

impl Simulation {
    pub(super) fn at(&mut self, time: f64, event: Event) {
        self.count += 1;
        self.events.push(At(time.max(self.now), self.count, event));
    }

    /// A round trip to Pipedrive as the benchmark's, and the way there.
    fn usual_trip(&mut self) -> (f64, f64) {
        let slow = if self.rng.chance(0.02) { 3.0 } else { 0.75 + self.rng.next() / 2.0 };
        let round_trip = self.latency * slow;
        (round_trip, round_trip * (0.1 + 0.8 * self.rng.next()))
    }

    /// Any round trip, split in any way.
    fn hostile_trip(&mut self) -> (f64, f64) {
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
        (round_trip, out)
    }

    pub(super) fn send(&mut self, process: usize, slot: u32) {
        self.spent += COST;
        let (round_trip, out) = if self.is_benchmark { self.usual_trip() } else { self.hostile_trip() };
        let has_response = self.is_benchmark || !self.rng.chance(0.03);
        // Without a response it may arrive when the process has already given up.
        let late = if has_response { 0.0 } else { self.rng.next() * (LATE_ARRIVAL_MS - 10.0) };
        self.at(self.now + out + late, Event::Arrive);
        self.at(self.now + round_trip, Event::Respond { process, slot, round_trip, has_response });
    }

    pub(super) fn admit(&mut self, process: usize, ticket: Ticket, call: usize) -> bool {
        let now = self.now;
        let this = &mut self.processes[process];
        let now = this.local(now);
        match this.limiter.admit(ticket, COST, TIMEOUT_MS, now) {
            Verdict::Send(slot) => {
                this.waiting.retain(|(_, known)| *known != call);
                let wait = self.now - self.born.get(call).copied().unwrap_or(self.now);
                self.waits.push(wait);
                self.send(process, slot.number);
                true
            }
            Verdict::Spent(_) | Verdict::StoreAway(_) => {
                this.limiter.leave(ticket);
                this.waiting.retain(|(_, known)| *known != call);
                self.done += 1;
                true
            }
            Verdict::Turn | Verdict::Wait(_) => false,
        }
    }

    /// What a driver does after each event.
    pub(super) fn drive(&mut self, process: usize) {
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

    pub(super) fn trip(&mut self, process: usize, number: u32, request: &[f64]) {
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

    pub(super) fn handle(&mut self, event: Event) {
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
