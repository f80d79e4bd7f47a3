//! Scenarios: any order of events, and then an end in which everything that can end has to.

use proptest::prelude::*;
use proptest::sample::Index;

use super::model::{CallSpec, Completion, FakeResponse, Returned, Source};
use super::world::{Fate, Life, Setup, World};
use crate::protocol::CallId;
use crate::protocol::event::EventKind;

/// What happens next.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Begin(CallSpec),
    /// A call is asked for its next step, with or without a reason.
    Step(Index),
    /// Every call that has something to do does it, until all wait.
    Run,
    Return(Index, Returned),
    /// An attempt ends, also one that no call waits for any more.
    Complete(Index, Completion),
    End(Index),
    Stop(Index),
    /// Time passes.
    Pass(f64),
    /// Time passes until the next timer elapses.
    PassToTimer,
    SetWallClock(f64),
}

/// How everything ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub(super) completion: Option<Completion>,
    pub(super) returned: Option<Returned>,
}

#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) setup: Setup,
    pub(super) ops: Vec<Op>,
    pub(super) ending: Ending,
}

fn call() -> impl Strategy<Value = CallSpec> {
    let source = prop_oneof![
        1 => Just(Source::None),
        2 => (0..2_u8).prop_map(Source::Fixed),
        3 => Just(Source::Function),
    ];
    let timeout_ms = prop::sample::select(vec![1, 700, 1_000, 30_000]);
    let header = prop_oneof![4 => Just(None), 1 => Just(Some(1_u8))];
    (0..5_usize, 1..4_u8, source, prop::bool::weighted(0.8), 0..4_u32, timeout_ms, header).prop_map(
        |(endpoint, user, source, is_identity_known, max_retries, timeout_ms, header)| CallSpec {
            endpoint,
            user,
            source,
            is_identity_known,
            max_retries,
            timeout_ms,
            header,
        },
    )
}

pub(super) fn response() -> impl Strategy<Value = FakeResponse> {
    let status = prop_oneof![
        6 => Just(200),
        2 => Just(429),
        2 => Just(503),
        2 => Just(401),
        1 => prop::sample::select(vec![201, 204, 302, 400, 403, 404, 408, 500, 530]),
    ];
    let retry_after =
        prop_oneof![3 => Just(None), 2 => prop::sample::select(vec![0, 1, 7, 60, 61]).prop_map(Some)];
    let remaining = prop_oneof![3 => Just(None), 1 => (0..20_u32).prop_map(Some)];
    let daily_remaining =
        prop_oneof![8 => Just(None), 1 => prop::sample::select(vec![0, 1, 15, 1_000]).prop_map(Some)];
    let limit = prop_oneof![9 => Just(None), 1 => (10..25_u32).prop_map(Some)];
    let is_deprecated = prop::bool::weighted(0.2);
    let is_envelope = prop::bool::weighted(0.9);
    (status, retry_after, limit, remaining, daily_remaining, is_deprecated, is_envelope).prop_map(
        |(status, retry_after, limit, remaining, daily_remaining, is_deprecated, is_envelope)| FakeResponse {
            status,
            retry_after,
            limit,
            remaining,
            daily_remaining,
            is_deprecated,
            is_envelope,
        },
    )
}

pub(super) fn completion() -> impl Strategy<Value = Completion> {
    prop_oneof![
        10 => response().prop_map(Completion::Response),
        2 => response().prop_map(Completion::CutOff),
        1 => Just(Completion::NotSent),
        1 => Just(Completion::Unknown),
        1 => Just(Completion::NoResponse),
    ]
}

fn returned() -> impl Strategy<Value = Returned> {
    prop_oneof![
        8 => (0..2_u8).prop_map(Returned::Token),
        1 => Just(Returned::Unusable),
        1 => Just(Returned::Throws),
    ]
}

fn op(may_stop: bool) -> impl Strategy<Value = Op> {
    let milliseconds = prop_oneof![
        4 => Just(0.0),
        6 => 0.1..60.0_f64,
        3 => 100.0..3_000.0_f64,
        1 => prop::sample::select(vec![30_000.0, 65_000.0, 86_400_000.0]),
    ];
    prop_oneof![
        6 => call().prop_map(Op::Begin),
        6 => any::<Index>().prop_map(Op::Step),
        8 => Just(Op::Run),
        6 => (any::<Index>(), returned()).prop_map(|(index, returned)| Op::Return(index, returned)),
        8 => (any::<Index>(), completion()).prop_map(|(index, completion)| Op::Complete(index, completion)),
        2 => any::<Index>().prop_map(Op::End),
        u32::from(may_stop) => any::<Index>().prop_map(Op::Stop),
        3 => milliseconds.prop_map(Op::Pass),
        3 => Just(Op::PassToTimer),
        1 => (-1e9..1e9).prop_map(Op::SetWallClock),
    ]
}

pub(super) fn setup() -> impl Strategy<Value = Setup> {
    let max_concurrency = prop_oneof![2 => Just(None), 1 => (0..4_u32).prop_map(Some)];
    let daily_budget = prop_oneof![2 => Just(None), 1 => (0..60_u32).prop_map(Some)];
    let limit = prop_oneof![1 => Just(None), 3 => (10..13_u32).prop_map(Some)];
    let lost_wakes = prop_oneof![2 => Just(0), 1 => 1..4_usize];
    let wall = prop::sample::select(vec![0.0, 1_795_348_800_000.0, 1_795_391_999_000.0]);
    (max_concurrency, daily_budget, limit, lost_wakes, wall, 0.0..1.0_f64).prop_map(
        |(max_concurrency, daily_budget, limit, lost_wakes, wall, random)| Setup {
            max_concurrency,
            daily_budget,
            limit,
            lost_wakes,
            wall,
            random,
        },
    )
}

fn ending() -> impl Strategy<Value = Ending> {
    let completion = prop_oneof![1 => Just(None), 4 => completion().prop_map(Some)];
    let returned = prop_oneof![1 => Just(None), 4 => returned().prop_map(Some)];
    (completion, returned).prop_map(|(completion, returned)| Ending { completion, returned })
}

pub(super) fn scenario(may_stop: bool) -> impl Strategy<Value = Scenario> {
    (setup(), prop::collection::vec(op(may_stop), 1..90), ending())
        .prop_map(|(setup, ops, ending)| Scenario { setup, ops, ending })
}

impl World {
    fn pick(&self, index: Index) -> Option<CallId> {
        let ids: Vec<_> = self.ids().collect();
        (!ids.is_empty()).then(|| *index.get(&ids))
    }

    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Begin(spec) => {
                self.begin(*spec);
            }
            Op::Step(index) => self.pick(*index).into_iter().for_each(|id| self.step(id)),
            Op::Run => {
                self.run_ready();
                self.assert_at_rest();
            }
            Op::Return(index, returned) => {
                let asking: Vec<_> = self.ids().filter(|id| self.calls[*id as usize].is_asking).collect();
                if !asking.is_empty() {
                    self.return_credential(*index.get(&asking), *returned);
                }
            }
            Op::Complete(index, completion) => {
                if !self.attempts.is_empty() {
                    self.complete(index.index(self.attempts.len()), *completion);
                }
            }
            Op::End(index) => self.pick(*index).into_iter().for_each(|id| self.end(id)),
            Op::Stop(index) => self.pick(*index).into_iter().for_each(|id| self.stop(id)),
            Op::Pass(milliseconds) => self.pass_to(self.now + milliseconds),
            Op::PassToTimer => self.pass_to_timer(),
            Op::SetWallClock(shift) => self.set_wall_clock(*shift),
        }
    }

    /// Calls that are asked for a step: those that wait for nothing, and those whose timer has elapsed.
    fn ready(&self) -> Vec<CallId> {
        let is_ready = |id: &CallId| {
            let call = &self.calls[*id as usize];
            call.life == Life::Running && call.due.is_none_or(|due| due <= self.now)
        };
        self.ids().filter(is_ready).collect()
    }

    pub(super) fn run_ready(&mut self) {
        for _ in 0..100_000 {
            let ready = self.ready();
            if ready.is_empty() {
                return;
            }
            for id in ready {
                self.step(id);
            }
        }
        panic!("the calls never come to rest");
    }

    /// While no wake-up is lost and no driver stops, no call waits for what has already happened.
    fn assert_at_rest(&mut self) {
        if self.setup.lost_wakes > 0 || self.calls.iter().any(|call| call.life == Life::Stopped) {
            return;
        }
        for id in self.ids().filter(|id| self.calls[*id as usize].life == Life::Running).collect::<Vec<_>>() {
            self.step(id);
            let call = &self.calls[id as usize];
            // A call behind others may learn a little later that the others have spent the day.
            let is_refused = call.last_event == Some(EventKind::Limited);
            assert!(call.due.is_some() || is_refused, "call {id} was not woken");
        }
    }

    /// Time passes. The hooks of events take none, so that what follows them comes before.
    fn pass_to(&mut self, time: f64) {
        for id in self.ids() {
            while self.is_running(id) && self.calls[id as usize].is_emitting {
                self.step(id);
            }
        }
        self.now = self.now.max(time);
    }

    fn pass_to_timer(&mut self) {
        let running = self.calls.iter().filter(|call| call.life == Life::Running);
        let next = running.filter_map(|call| call.due).reduce(f64::min);
        self.pass_to(next.unwrap_or(self.now));
    }

    /// Drivers are on time, and attempts end so much later as `completions` say; where one says nothing, never. At most one
    /// request is in flight.
    pub(super) fn run_on_time(
        &mut self,
        until: f64,
        completions: &mut dyn Iterator<Item = (Option<Completion>, f64)>,
    ) {
        loop {
            self.run_ready();
            let attempt =
                self.attempts.len().checked_sub(1).filter(|last| self.attempts[*last].fate == Fate::InFlight);
            assert!(self.attempts.iter().filter(|attempt| attempt.fate == Fate::InFlight).count() <= 1);
            if let Some(index) = attempt.filter(|index| self.attempts[*index].due.is_none()) {
                let (completion, after) = completions.next().unwrap_or((None, 0.0));
                let attempt = &mut self.attempts[index];
                attempt.due = Some((completion, completion.map_or(f64::INFINITY, |_| self.now + after)));
            }
            let due = attempt.and_then(|index| self.attempts[index].due);
            let running = self.calls.iter().filter(|call| call.life == Life::Running);
            let timer = running.filter_map(|call| call.due).fold(until, f64::min);
            match due.zip(attempt) {
                Some(((Some(completion), at), index)) if at <= timer => {
                    self.now = self.now.max(at);
                    self.complete(index, completion);
                }
                _ if timer.is_infinite() => return,
                _ => self.now = self.now.max(timer),
            }
            if self.now >= until {
                return;
            }
        }
    }

    /// Everything that still runs ends by itself, in bounded time.
    pub(super) fn finish(&mut self, ending: Ending) {
        let running = self.calls.iter().filter(|call| call.life == Life::Running).count();
        // Pauses of a minute, attempts of 30 seconds with a wait of a minute, and that once more after a 401.
        #[allow(clippy::cast_precision_loss, reason = "few calls")]
        let latest = self.now + 100_000.0 + running as f64 * 2.0 * (120_000.0 + 4.0 * 100_000.0);
        loop {
            self.run_ready();
            if self.calls.iter().all(|call| call.life != Life::Running) {
                return;
            }
            let mut is_news = false;
            for id in self.ids() {
                let is_asking = self.is_running(id) && self.calls[id as usize].is_asking;
                if let Some(returned) = ending.returned.filter(|_| is_asking) {
                    self.return_credential(id, returned);
                    is_news = true;
                }
            }
            for index in 0..self.attempts.len() {
                let is_waited_for = self.attempts[index].fate == Fate::InFlight;
                if let Some(completion) = ending.completion.filter(|_| is_waited_for) {
                    self.complete(index, completion);
                    is_news = true;
                }
            }
            if !is_news {
                let before = self.now;
                self.pass_to_timer();
                assert!(self.now > before, "a call waits for nothing");
                assert!(self.now < latest, "a call hangs");
            }
        }
    }
}
