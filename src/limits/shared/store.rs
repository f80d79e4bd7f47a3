//! What a store knows, and its one operation. Redis does the same in a script, see `pkg/src/server/limits/redis.ts`.

use super::messages::{Grant, Reservation};
use super::{COOLING_MS, FIRST_LIMIT, WINDOW_MS, sorted_by};

const DAY_MS: f64 = 86_400_000.0;

/// What a store knows of a token.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TokenLimits {
    limit: u32,
    paused_until: f64,
    /// Slots that a process holds or that are not free yet: its owner, its name, and when it is surely free.
    slots: Vec<[f64; 3]>,
    /// Processes that want more slots than they got: who, and how long that counts.
    waiting: Vec<[f64; 2]>,
}

/// What a store knows of a company.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CompanyLimits {
    spent_until: f64,
    day: u32,
    /// Cost units leased or spent on that day.
    leased: f64,
}

impl TokenLimits {
    /// As a list of numbers; empty if there is nothing to remember.
    pub(crate) fn to_numbers(&self) -> Vec<f64> {
        #[allow(clippy::cast_precision_loss)] // A count far below 2^53.
        let mut numbers = vec![self.limit.into(), self.paused_until, self.slots.len() as f64];
        numbers.extend_from_slice(self.slots.as_flattened());
        numbers.extend_from_slice(self.waiting.as_flattened());
        numbers
    }

    /// Of a list of numbers; of any other, a state that knows nothing.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Casts saturate.
    pub(crate) fn from_numbers(numbers: &[f64]) -> Self {
        let Some((&[limit, paused_until, count], rest)) = numbers.split_first_chunk::<3>() else {
            return Self::default();
        };
        let (slots, waiting) =
            rest.split_at_checked((count as usize).saturating_mul(3)).unwrap_or((rest, &[]));
        Self {
            limit: limit as u32,
            paused_until,
            slots: slots.as_chunks().0.to_vec(),
            waiting: waiting.as_chunks().0.to_vec(),
        }
    }
}

impl CompanyLimits {
    /// As a list of numbers.
    pub(crate) fn to_numbers(&self) -> Vec<f64> {
        vec![self.spent_until, self.day.into(), self.leased]
    }

    /// Of a list of numbers; of any other, a state that knows nothing.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Casts saturate.
    pub(crate) fn from_numbers(numbers: &[f64]) -> Self {
        match *numbers {
            [spent_until, day, leased] => Self { spent_until, day: day as u32, leased },
            _ => Self::default(),
        }
    }

    /// Leases cost units of the day, and takes back those that were not spent.
    fn lease(&mut self, request: &Reservation) -> u32 {
        let Some(budget) = request.budget else { return 0 };
        if request.day == self.day {
            self.leased = (self.leased - f64::from(request.returned_units)).max(0.0);
        }
        let left = f64::from(budget) - self.leased;
        let needed = f64::from(request.needed_units);
        if request.wanted_units == 0 || left < needed {
            return 0;
        }
        let units = left.min(f64::from(request.wanted_units)).max(0.0);
        self.leased += units;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Not more than was wanted.
        let units = units as u32;
        units
    }
}

/// Grants a process what it may have of what it asks for, and takes down what it reports. `now` is the store's own time of
/// day; before `cold_until` nothing is granted. `skew_ms` is how far apart the clocks can be where `now` is that of the
/// process that asks.
#[allow(clippy::float_cmp)] // Owners and names are whole numbers.
pub(crate) fn reserve(
    token: &mut TokenLimits,
    company: &mut CompanyLimits,
    now: f64,
    cold_until: f64,
    skew_ms: f64,
    request: &Reservation,
) -> Grant {
    let owner = request.owner;
    for report in &request.slots {
        // The time of arrival counts, which is later than that of the report: late is safe.
        let free_at = now + 1.0 + skew_ms + report.free_in_ms;
        let name = report.name.into();
        match token.slots.iter_mut().find(|[by, other, _]| *by == owner && *other == name) {
            Some([.., slot]) => *slot = free_at,
            None if report.is_held => token.slots.push([owner, name, free_at]),
            None => {}
        }
    }
    token.slots.retain(|[.., free_at]| *free_at > now);
    token.waiting.retain(|[by, until]| *until > now && *by != owner);
    if request.new_limit > 0 {
        token.limit = request.new_limit;
    } else if token.limit == 0 {
        token.limit = request.limit;
    }
    if request.paused_ms > 0.0 {
        token.paused_until = token.paused_until.max(now + request.paused_ms);
    }
    if request.spent_ms > 0.0 {
        company.spent_until = company.spent_until.max(now + request.spent_ms);
    }
    let is_cold = now < cold_until;
    let limit = if token.limit == 0 { FIRST_LIMIT } else { token.limit };
    let wanted = if is_cold { 0 } else { to_count(request.wanted) };
    // Each gets its share, counted by what it holds already.
    let processes = token.waiting.len() + 1;
    let share = to_count(limit).div_ceil(processes).saturating_sub(to_count(request.held));
    let most = if processes == 1 { wanted } else { wanted.min(share) };
    let free = to_count(limit).checked_sub(token.slots.len());
    let mut slots = vec![0.0; most.min(free.unwrap_or(0))];
    // A slot that is not free yet but will be at a known time is granted ahead.
    if free.is_some() && slots.len() < most {
        let horizon = now + COOLING_MS + skew_ms + 1.0;
        let cooling = token.slots.iter().filter(|[.., free_at]| *free_at <= horizon).copied();
        let mut cooling = sorted_by(cooling, |[.., free_at]| *free_at);
        cooling.truncate(most - slots.len());
        token.slots.retain(|slot| !cooling.contains(slot));
        slots.extend(cooling.iter().map(|[.., free_at]| (free_at - now).ceil()));
    }
    for (name, wait) in (request.first..).zip(&slots) {
        token.slots.push([owner, name.into(), now + wait + skew_ms + request.hold_ms]);
    }
    if slots.len() < to_count(request.wanted) && !is_cold {
        token.waiting.push([owner, now + WINDOW_MS]);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Days since 1970.
    let day = (now / DAY_MS) as u32;
    if company.day != day {
        (company.day, company.leased) = (day, 0.0);
    }
    let units = company.lease(request);
    Grant {
        waiting: to_u32(token.waiting.iter().filter(|[by, _]| *by != owner).count()),
        free: to_u32(to_count(limit).saturating_sub(token.slots.len())),
        paused_ms: (token.paused_until - now).max(0.0),
        spent_ms: (company.spent_until - now).max(0.0),
        limit: token.limit,
        units,
        day,
        day_ms: (f64::from(day) + 1.0) * DAY_MS - now,
        cold_ms: (cold_until - now).max(0.0),
        slots,
    }
}

fn to_count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results are expected")]

    use super::super::messages::SlotReport;
    use super::*;

    fn ask(wanted: u32, owner: u32, first: u32) -> Reservation {
        Reservation {
            owner: owner.into(),
            wanted,
            first,
            hold_ms: 10_000.0,
            limit: 4,
            ..Reservation::default()
        }
    }

    fn returned(owner: u32, name: u32, free_in_ms: f64) -> Reservation {
        let slots = vec![SlotReport { name, free_in_ms, is_held: false }];
        Reservation { slots, ..ask(0, owner, 9) }
    }

    #[test]
    fn never_more_slots_than_the_limit() {
        let (mut token, mut company) = (TokenLimits::default(), CompanyLimits::default());
        let mut reserve =
            |now, request: &Reservation| reserve(&mut token, &mut company, now, 0.0, 0.0, request);
        assert_eq!(reserve(0.0, &ask(3, 1, 0)).slots, [0.0; 3]);
        let second = reserve(0.0, &ask(3, 2, 0));
        assert_eq!((second.slots.len(), second.free, second.waiting), (1, 0, 0));
        assert_eq!(reserve(0.0, &ask(3, 1, 3)).waiting, 1, "the second wants more");
        assert_eq!(reserve(10_000.5, &ask(5, 3, 0)).slots.len(), 4, "they were neither used nor returned");
    }

    #[test]
    fn a_returned_slot_is_granted_ahead() {
        let (mut token, mut company) = (TokenLimits::default(), CompanyLimits::default());
        let mut reserve =
            |now, request: &Reservation| reserve(&mut token, &mut company, now, 0.0, 0.0, request);
        assert_eq!(reserve(0.0, &ask(4, 1, 0)).slots.len(), 4);
        reserve(100.0, &returned(1, 2, 1_500.0));
        assert_eq!(reserve(100.0, &ask(1, 2, 0)).slots, [1_501.0]);
        reserve(100.0, &returned(1, 2, 0.0));
        assert_eq!(reserve(101.0, &ask(1, 3, 0)).slots, [0.0; 0], "returning it again changes nothing");
    }

    #[test]
    fn a_cold_store_grants_nothing_and_learns_what_is_held() {
        let (mut token, mut company) = (TokenLimits::default(), CompanyLimits::default());
        let held = SlotReport { name: 5, free_in_ms: 9_000.0, is_held: true };
        let request = Reservation { slots: vec![held], ..ask(4, 1, 6) };
        let grant = reserve(&mut token, &mut company, 100.0, 5_000.0, 0.0, &request);
        assert_eq!((grant.slots.len(), grant.cold_ms, grant.waiting), (0, 4_900.0, 0));
        let grant = reserve(&mut token, &mut company, 5_000.0, 5_000.0, 0.0, &ask(4, 2, 0));
        assert_eq!(grant.slots.len(), 3);
    }

    #[test]
    fn the_day_is_leased_in_parts_and_what_is_returned_counts_for_its_day_only() {
        let (mut token, mut company) = (TokenLimits::default(), CompanyLimits::default());
        let mut lease = |now, needed_units, wanted_units, returned_units, day| {
            let request = Reservation {
                budget: Some(100),
                needed_units,
                wanted_units,
                returned_units,
                day,
                ..ask(0, 1, 0)
            };
            let Grant { units, day, day_ms, .. } = reserve(&mut token, &mut company, now, 0.0, 0.0, &request);
            (units, day, day_ms)
        };
        assert_eq!(lease(10.0 * DAY_MS, 20, 60, 0, 0), (60, 10, DAY_MS));
        assert_eq!(lease(10.5 * DAY_MS, 20, 60, 0, 10), (40, 10, DAY_MS / 2.0));
        assert_eq!(lease(10.5 * DAY_MS, 20, 20, 0, 10).0, 0);
        assert_eq!(lease(10.5 * DAY_MS, 20, 30, 30, 10).0, 30);
        assert_eq!(lease(11.0 * DAY_MS, 20, 100, 40, 10).0, 100, "a new day");
        assert_eq!(lease(11.0 * DAY_MS, 1, 1, 40, 10).0, 0, "units of yesterday are nothing today");
    }

    #[test]
    fn bad_news_reaches_all() {
        let (mut token, mut company) = (TokenLimits::default(), CompanyLimits::default());
        let news = Reservation { paused_ms: 500.0, spent_ms: 9_000.0, new_limit: 80, ..ask(0, 1, 0) };
        reserve(&mut token, &mut company, 100.0, 0.0, 0.0, &news);
        let grant = reserve(&mut token, &mut company, 200.0, 0.0, 0.0, &ask(0, 2, 0));
        assert_eq!((grant.paused_ms, grant.spent_ms, grant.limit), (400.0, 8_900.0, 80));
    }

    #[test]
    fn states_survive_as_numbers() {
        let (mut token, mut company) = (TokenLimits::default(), CompanyLimits::default());
        reserve(
            &mut token,
            &mut company,
            1e12,
            0.0,
            250.0,
            &Reservation { owner: 9_007_199_254_740_991.0, ..ask(9, 1, 3) },
        );
        assert_eq!(TokenLimits::from_numbers(&token.to_numbers()), token);
        assert_eq!(CompanyLimits::from_numbers(&company.to_numbers()), company);
        assert_eq!(TokenLimits::from_numbers(&[]), TokenLimits::default());
        assert!(TokenLimits::from_numbers(&[5.0, 0.0, 1e18, 1.0]).slots.is_empty());
        assert_eq!(CompanyLimits::from_numbers(&[1.0]), CompanyLimits::default());
    }
}
