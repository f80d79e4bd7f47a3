//! What happens in a scenario, in the order of time.

use std::cmp::Ordering;

#[derive(Debug)]
pub(super) enum Event {
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

pub(super) struct At(pub(super) f64, pub(super) u64, pub(super) Event);

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
