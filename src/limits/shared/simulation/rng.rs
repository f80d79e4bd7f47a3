//! Random numbers that a seed repeats.

/// A generator of the same numbers for the same seed.
pub(super) struct Rng(u32);

impl Rng {
    pub(super) fn new(seed: u32) -> Self {
        let mut rng = Self(seed.wrapping_mul(2_654_435_761));
        for _ in 0..5 {
            rng.next();
        }
        rng
    }

    /// As the benchmark's generator, which begins with its seed.
    pub(super) fn from_state(seed: u32) -> Self {
        Self(seed)
    }

    /// From 0 to 1.
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0) / 4_294_967_296.0
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.next() < probability
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let index = (self.next() * from.len() as f64) as usize;
        from[index]
    }
}
