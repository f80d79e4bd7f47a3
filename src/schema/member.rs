//! Members of a record from JSON. Nothing is an error here: what a member cannot represent is handed back, and its record keeps
//! it.

use serde_json::{Number, Value};

use super::param::MAX_SAFE_INTEGER;
use super::record::{Incoming, Record};

/// A type of a member.
pub(crate) trait FromJson: Sized {
    /// The value as this type, or the value where it is of another.
    fn from_json(value: Value) -> Result<Self, Value>;

    /// An item of a list that is of another type: a list of such items is still a list.
    fn from_item(value: Value) -> Result<Self, Value> {
        Self::from_json(value)
    }
}

impl FromJson for Value {
    fn from_json(value: Value) -> Result<Self, Value> {
        Ok(value)
    }
}

impl FromJson for bool {
    fn from_json(value: Value) -> Result<Self, Value> {
        value.as_bool().ok_or(value)
    }
}

impl FromJson for u64 {
    fn from_json(value: Value) -> Result<Self, Value> {
        value.as_number().and_then(whole).ok_or(value)
    }
}

/// A whole number may be written with a fraction of zero, and JavaScript writes all as it likes.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // It is checked.
fn whole(number: &Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let number = number.as_f64()?;
        let is_whole = number % 1.0 == 0.0 && (0.0..=MAX_SAFE_INTEGER as f64).contains(&number);
        is_whole.then_some(number as u64)
    })
}

impl FromJson for String {
    fn from_json(value: Value) -> Result<Self, Value> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Result<Self, Value> {
        match value {
            Value::Array(items) => items.into_iter().map(T::from_item).collect(),
            other => Err(other),
        }
    }
}

impl<T: Record> FromJson for T {
    fn from_json(value: Value) -> Result<Self, Value> {
        let Value::Object(members) = value else { return Err(value) };
        let mut record = Incoming::new();
        members.into_iter().for_each(|(name, value)| record.add(name.into(), value));
        Ok(record.finish())
    }

    fn from_item(value: Value) -> Result<Self, Value> {
        Ok(Self::from_json(value).unwrap_or_else(Self::of_other))
    }
}

/// Sets a member that always comes.
pub(crate) fn required<T: FromJson>(member: &mut T, value: Value) -> Result<(), Value> {
    *member = T::from_json(value)?;
    Ok(())
}

/// Sets a member that may be null.
pub(crate) fn nullable<T: FromJson>(member: &mut Option<T>, value: Value) -> Result<(), Value> {
    *member = if value.is_null() { None } else { Some(T::from_json(value)?) };
    Ok(())
}
