//! Records from JSON, whatever it is.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::model::{Extra, Field, Presence};

/// A struct that is made of an object, or of anything else that came instead.
pub(crate) trait Record: Default {
    /// Its known members.
    const FIELDS: &'static [Field];

    /// Sets a member, and returns its index in the list; or the value, where the member cannot represent it.
    fn set(&mut self, name: &str, value: Value) -> Result<usize, Value>;

    /// Where what does not fit is kept.
    fn unfit(&mut self) -> &mut Extra;

    /// The record of something that is no object.
    fn of_other(value: Value) -> Self {
        let mut record = Self::default();
        record.unfit().insert(String::new(), value);
        record
    }
}

/// A record whose members come one by one.
pub(crate) struct Incoming<T> {
    record: T,
    /// Which of the known members came, a bit each.
    came: u64,
}

impl<T: Record> Incoming<T> {
    pub(crate) fn new() -> Self {
        Self { record: T::default(), came: 0 }
    }

    pub(crate) fn add(&mut self, name: Cow<'_, str>, value: Value) {
        let index = self.record.set(&name, value).unwrap_or_else(|unfit| {
            let index = T::FIELDS.iter().position(|field| field.name == name);
            self.record.unfit().insert(name.into_owned(), unfit);
            index.unwrap_or(T::FIELDS.len())
        });
        self.came |= bit(index);
    }

    /// The record; null is kept for what should have come.
    pub(crate) fn finish(mut self) -> T {
        for (index, field) in T::FIELDS.iter().enumerate() {
            let is_needed = matches!(field.presence, Presence::Required);
            if is_needed && self.came & bit(index) == 0 {
                self.record.unfit().insert(field.name.to_owned(), Value::Null);
            }
        }
        self.record
    }
}

fn bit(index: usize) -> u64 {
    u32::try_from(index).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or_default()
}

/// Reads a record without copying its members first.
pub(crate) fn deserialize<'de, T: Record, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(RecordVisitor(PhantomData))
}

struct RecordVisitor<T>(PhantomData<T>);

impl<'de, T: Record> Visitor<'de> for RecordVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let mut record = Incoming::new();
        while let Some(Name(name)) = members.next_key()? {
            record.add(name, members.next_value()?);
        }
        Ok(record.finish())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(T::of_other(Value::Array(list)))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::of_other(Value::Null))
    }

    fn visit_none<E>(self) -> Result<T, E> {
        Ok(T::of_other(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::of_other(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(T::of_other(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::of_other(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        Ok(T::of_other(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::of_other(value.into()))
    }
}

/// The name of a member, which stays where it is if it can.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }

            fn visit_string<E>(self, name: String) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name)))
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}
