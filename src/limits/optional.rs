//! Numbers that may be unknown.

/// A number that may be unknown: then it is NaN. An `Option` would take twice the memory, and several times the code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Optional(f64);

impl Optional {
    pub(crate) const UNKNOWN: Self = Self(f64::NAN);

    pub(crate) fn get(self) -> Option<f64> {
        (!self.0.is_nan()).then_some(self.0)
    }

    /// The number, or NaN.
    pub(crate) const fn or_nan(self) -> f64 {
        self.0
    }

    pub(crate) fn unwrap_or(self, other: f64) -> f64 {
        self.or(Self(other)).0
    }

    /// This number if it is known, or another.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.0.is_nan() { other } else { self }
    }

    /// Whether it is known, and more than this.
    pub(crate) fn is_more_than(self, limit: f64) -> bool {
        self.0 > limit
    }
}

impl Default for Optional {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

impl From<f64> for Optional {
    fn from(number: f64) -> Self {
        Self(number)
    }
}

impl From<Option<f64>> for Optional {
    fn from(number: Option<f64>) -> Self {
        Self(number.unwrap_or(f64::NAN))
    }
}

impl PartialEq for Optional {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}
