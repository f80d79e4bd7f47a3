//! Headers and JSON in Rust's own memory: for transports outside JavaScript.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{CleanHeader, Headers, Json, JsonRef};

/// Headers as a list, names in lower case.
///
/// ```
/// use pipedrive_users::transport::{HeaderList, Headers};
///
/// let headers = HeaderList(vec![("retry-after".to_owned(), " 7 ".to_owned())]);
/// assert_eq!(headers.get("retry-after").as_deref(), Some("7"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct HeaderList(pub Vec<(String, String)>);

impl Headers for HeaderList {
    type Text = String;
    type Kept = Vec<(String, String)>;

    fn get(&self, name: &'static str) -> Option<String> {
        let values: Vec<_> =
            self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.trim()).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    fn entries(&self) -> Vec<(String, String)> {
        self.0.clone()
    }

    fn kept(&self, clean: &CleanHeader<'_, String>) -> Self::Kept {
        self.0.iter().map(|(name, value)| (name.clone(), clean(name, value))).collect()
    }

    fn kept_to_rust(kept: &Self::Kept) -> Vec<(String, String)> {
        kept.clone()
    }
}

impl JsonRef for Value {
    type Text = String;

    fn get(&self, name: &'static str) -> Option<Self> {
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

    fn as_bool(&self) -> Option<bool> {
        Self::as_bool(self)
    }

    fn as_number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn as_text(&self) -> Option<String> {
        self.as_str().map(str::to_owned)
    }

    fn item_count(&self) -> usize {
        self.as_array().map_or(0, Vec::len)
    }

    fn values(&self) -> impl Iterator<Item = Self> {
        let items = self.as_array().into_iter().flatten();
        items.chain(self.as_object().into_iter().flat_map(|members| members.values())).cloned()
    }

    fn names(&self) -> impl Iterator<Item = String> {
        self.as_object().into_iter().flat_map(|members| members.keys().cloned())
    }

    fn empty_list() -> Self {
        Self::Array(Vec::new())
    }

    fn to_json(&self) -> String {
        self.to_string()
    }
}

impl Json for Value {
    fn members(&self) -> Vec<(String, Self)> {
        let members = self.as_object().into_iter().flatten();
        members.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn decode<M: DeserializeOwned>(&self) -> Result<M, String> {
        M::deserialize(self).map_err(|error| error.to_string())
    }
}
