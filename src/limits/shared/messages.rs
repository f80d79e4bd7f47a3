//! What a process asks of the store, and the reply. Both travel as lists of numbers, so that every store can carry them.

/// What one process asks for and reports, all at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reservation {
    /// The process: a random integer below 2^53.
    pub(crate) owner: f64,
    /// The limit as far as it knows it, or 0: a store that has lost it takes it down again.
    pub(crate) limit: u32,
    /// The limit that a response has just reported, or 0.
    pub(crate) new_limit: u32,
    /// How many slots it wants besides those that it holds.
    pub(crate) wanted: u32,
    /// The name of the first of them; the others are counted from there.
    pub(crate) first: u32,
    /// How long after a grant a slot may be in use, with all that follows: only then may it be granted to another process.
    pub(crate) hold_ms: f64,
    /// How many slots it holds.
    pub(crate) held: u32,
    /// Cost units that it needs at least, or it has to refuse a call.
    pub(crate) needed_units: u32,
    /// Cost units for all the calls that wait.
    pub(crate) wanted_units: u32,
    /// Cost units that it leased and did not spend, on `day`.
    pub(crate) returned_units: u32,
    /// The daily budget, if there is one.
    pub(crate) budget: Option<u32>,
    /// The day of the leased cost units, as the store counts them.
    pub(crate) day: u32,
    /// For how long Pipedrive wants no calls with this token.
    pub(crate) paused_ms: f64,
    /// For how long Pipedrive processes no calls of this company.
    pub(crate) spent_ms: f64,
    /// Slots that it returns or holds.
    pub(crate) slots: Vec<SlotReport>,
}

/// A slot that a process holds or returns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SlotReport {
    pub(crate) name: u32,
    /// In how many milliseconds it is surely free.
    pub(crate) free_in_ms: f64,
    /// Whether the process goes on holding it: a store that has lost it takes it down again.
    pub(crate) is_held: bool,
}

/// The reply of the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Grant {
    /// How many other processes want more slots than they got.
    pub(crate) waiting: u32,
    /// How many slots were free after this.
    pub(crate) free: u32,
    /// For how long nothing may be sent with this token.
    pub(crate) paused_ms: f64,
    /// For how long the company has nothing left of its day.
    pub(crate) spent_ms: f64,
    /// The limit, or 0 if no process knows it.
    pub(crate) limit: u32,
    /// Cost units leased.
    pub(crate) units: u32,
    /// Their day, as the store counts them.
    pub(crate) day: u32,
    /// How long that day lasts.
    pub(crate) day_ms: f64,
    /// For how long the store grants nothing, since it may have lost what processes hold.
    pub(crate) cold_ms: f64,
    /// The granted slots in the order of their names: in how many milliseconds each may be used.
    pub(crate) slots: Vec<f64>,
}

const RESERVATION_NUMBERS: usize = 14;
const GRANT_NUMBERS: usize = 9;

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Casts saturate: nonsense becomes 0 or the maximum.
fn integer(number: f64) -> u32 {
    number as u32
}

impl Reservation {
    /// As a list of numbers.
    pub(crate) fn to_numbers(&self) -> Vec<f64> {
        let mut numbers = Vec::with_capacity(RESERVATION_NUMBERS + 3 * self.slots.len());
        numbers.extend([
            self.owner,
            self.limit.into(),
            self.new_limit.into(),
            self.wanted.into(),
            self.first.into(),
            self.hold_ms.ceil(),
            self.held.into(),
            self.needed_units.into(),
            self.wanted_units.into(),
            self.returned_units.into(),
            self.budget.map_or(-1.0, f64::from),
            self.day.into(),
            self.paused_ms.ceil(),
            self.spent_ms.ceil(),
        ]);
        for slot in &self.slots {
            numbers.extend([slot.name.into(), slot.free_in_ms.ceil(), f64::from(u8::from(slot.is_held))]);
        }
        numbers
    }

    /// Of a list of numbers, if it is one.
    pub(crate) fn from_numbers(numbers: &[f64]) -> Option<Self> {
        let (
            &[
                owner,
                limit,
                new_limit,
                wanted,
                first,
                hold_ms,
                held,
                needed,
                wanted_units,
                returned,
                budget,
                day,
                paused_ms,
                spent_ms,
            ],
            rest,
        ) = numbers.split_first_chunk::<RESERVATION_NUMBERS>()?;
        if !numbers.iter().all(|number| number.is_finite()) {
            return None;
        }
        let slots = rest.as_chunks().0.iter().map(|&[name, free_in_ms, is_held]| SlotReport {
            name: integer(name),
            free_in_ms,
            is_held: is_held > 0.0,
        });
        Some(Self {
            owner,
            limit: integer(limit),
            new_limit: integer(new_limit),
            wanted: integer(wanted),
            first: integer(first),
            hold_ms,
            held: integer(held),
            needed_units: integer(needed),
            wanted_units: integer(wanted_units),
            returned_units: integer(returned),
            budget: Some(budget).filter(|budget| *budget >= 0.0).map(integer),
            day: integer(day),
            paused_ms,
            spent_ms,
            slots: slots.collect(),
        })
    }
}

impl Grant {
    /// As a list of numbers.
    pub(crate) fn to_numbers(&self) -> Vec<f64> {
        let mut numbers = vec![
            self.waiting.into(),
            self.free.into(),
            self.paused_ms,
            self.spent_ms,
            self.limit.into(),
            self.units.into(),
            self.day.into(),
            self.day_ms,
            self.cold_ms,
        ];
        numbers.extend(&self.slots);
        numbers
    }

    /// Of a list of numbers, if it is one.
    pub(crate) fn from_numbers(numbers: &[f64]) -> Option<Self> {
        let (&[waiting, free, paused_ms, spent_ms, limit, units, day, day_ms, cold_ms], slots) =
            numbers.split_first_chunk::<GRANT_NUMBERS>()?;
        if !numbers.iter().all(|number| number.is_finite()) {
            return None;
        }
        Some(Self {
            waiting: integer(waiting),
            free: integer(free),
            paused_ms,
            spent_ms,
            limit: integer(limit),
            units: integer(units),
            day: integer(day),
            day_ms,
            cold_ms,
            slots: slots.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_their_way() {
        let reservation = Reservation {
            owner: 9_007_199_254_740_991.0,
            limit: 20,
            new_limit: 40,
            wanted: 3,
            first: u32::MAX,
            hold_ms: 38_000.0,
            held: 2,
            needed_units: 40,
            wanted_units: 80,
            returned_units: 2,
            budget: Some(0),
            day: 20_000,
            paused_ms: 500.0,
            spent_ms: 1.0,
            slots: vec![
                SlotReport { name: 7, free_in_ms: 1_999.0, is_held: false },
                SlotReport { name: 8, free_in_ms: 40_000.0, is_held: true },
            ],
        };
        assert_eq!(Reservation::from_numbers(&reservation.to_numbers()), Some(reservation));
        let grant = Grant {
            waiting: 1,
            free: 2,
            paused_ms: 3.0,
            spent_ms: 4.0,
            limit: 5,
            units: 6,
            day: 7,
            day_ms: 8.0,
            cold_ms: 9.0,
            slots: vec![0.0, 1_500.0],
        };
        assert_eq!(Grant::from_numbers(&grant.to_numbers()), Some(grant));
    }

    #[test]
    fn what_is_no_message_is_none() {
        assert_eq!(Grant::from_numbers(&[]), None);
        assert_eq!(Grant::from_numbers(&[f64::NAN; 9]), None);
        assert_eq!(Reservation::from_numbers(&[1.0; 13]), None);
        assert_eq!(Reservation::from_numbers(&[f64::INFINITY; 14]), None);
        assert_eq!(
            Reservation::from_numbers(&[-1.0; 15]).map(|it| (it.budget, it.slots)),
            Some((None, vec![]))
        );
    }
}
