//! Headers, bodies and JSON as plain text and values: for transports outside JavaScript.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Body, Headers, Json, Peek};

/// Headers as a list, names in lower case.
#[derive(Clone, Debug, Default)]
pub struct HeaderList(pub Vec<(String, String)>);

impl Headers for HeaderList {
    fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn to_vec(&self) -> Vec<(String, String)> {
        self.0.clone()
    }
}

/// A body as text.
#[derive(Clone, Debug, Default)]
pub struct TextBody(pub String);

impl Body for TextBody {
    type Json = Value;

    fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.0).ok()
    }

    fn text(&self, limit: usize) -> String {
        let end = (0..=limit.min(self.0.len())).rev().find(|end| self.0.is_char_boundary(*end));
        self.0.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
    }
}

impl Peek for Value {
    fn get(&self, name: &str) -> Option<Self> {
        Self::get(self, name).cloned()
    }

    fn is_null(&self) -> bool {
        Self::is_null(self)
    }

    fn is_list(&self) -> bool {
        self.is_array()
    }

    fn is_object(&self) -> bool {
        Self::is_object(self)
    }

    fn is_text(&self) -> bool {
        self.is_string()
    }

    fn as_bool(&self) -> Option<bool> {
        Self::as_bool(self)
    }

    fn as_number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn item_count(&self) -> u32 {
        self.as_array().map_or(0, |list| u32::try_from(list.len()).unwrap_or(u32::MAX))
    }

    fn empty_list() -> Self {
        Self::Array(Vec::new())
    }
}

impl Json for Value {
    fn as_text(&self) -> Option<String> {
        self.as_str().map(str::to_owned)
    }

    fn values(&self) -> Vec<Self> {
        match self {
            Self::Array(items) => items.clone(),
            Self::Object(members) => members.values().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn members(&self) -> Vec<(String, Self)> {
        let members = self.as_object().into_iter().flatten();
        members.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn decode<M: DeserializeOwned>(&self) -> Result<M, String> {
        M::deserialize(self).map_err(|error| error.to_string())
    }
}
