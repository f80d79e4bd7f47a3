//! Numbers that look random and depend only on the seed: splitmix64.

use std::fmt::Write;

#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// An own stream for each purpose, so that a draw more in one place changes nothing in another.
    pub(super) fn of(seed: u64, purpose: &str) -> Self {
        // FNV-1a is enough to keep the purposes apart.
        let hash = purpose.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut random = Self(seed ^ hash);
        Self(random.draw())
    }

    /// The stream of one record: it does not depend on how many records there are.
    pub(super) fn for_id(&self, id: u64) -> Self {
        let mut random = Self(self.0 ^ id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Self(random.draw())
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.draw() % end.max(1)
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            let _ = write!(text, "{:016x}", self.draw());
        }
        text.truncate(digits);
        text
    }

    /// Looks like a random UUID.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.draw(), self.draw());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_and_seeds_have_streams_of_their_own() {
        let first = |seed, purpose| Random::of(seed, purpose).draw();
        assert_eq!(first(7, "a"), first(7, "a"));
        assert_ne!(first(7, "a"), first(7, "b"));
        assert_ne!(first(7, "a"), first(8, "a"));
    }

    #[test]
    fn hex_and_uuids_have_their_forms() {
        let mut random = Random::of(7, "test");
        let hex = random.hex(40);
        assert!(hex.len() == 40 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{hex}");
        let uuid = random.uuid();
        let lengths: Vec<_> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
    }
}
