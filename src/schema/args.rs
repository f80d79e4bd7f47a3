//! The arguments of a call, whatever language they were given in.

use serde_json::Value;

use crate::text::Text;
use crate::transport::JsonRef;

/// The arguments and options of a call, read where its language keeps them.
pub(crate) trait Args {
    /// Text as the language keeps it.
    type Text: Text;
    /// A value of the language.
    type Value: JsonRef<Text = Self::Text>;

    /// An argument or an option by its name; nothing where it is not given.
    fn get(&self, name: &'static str) -> Option<Self::Value>;

    /// The names and values of the option `headers`, or what was given that has none.
    fn headers(&self) -> Result<Entries<Self>, Self::Value>;

    /// Describes a value that is neither a string nor a list, as the language itself writes it: `null`, `1.5`,
    /// `NaN`, `a function`.
    fn describe(&self, value: &Self::Value) -> Self::Text;
}

/// Names and values.
pub(crate) type Entries<A> = Vec<(<A as Args>::Text, <A as Args>::Value)>;

/// The arguments of a Rust program.
#[derive(Clone, Debug, Default)]
pub(crate) struct RustArgs {
    /// Each by its name; the last of a name counts.
    pub(crate) values: Vec<(&'static str, Value)>,
    pub(crate) headers: Vec<(String, Value)>,
}

impl Args for RustArgs {
    type Text = String;
    type Value = Value;

    fn get(&self, name: &'static str) -> Option<Value> {
        let given = self.values.iter().rfind(|(known, _)| *known == name);
        given.map(|(_, value)| value.clone())
    }

    fn headers(&self) -> Result<Entries<Self>, Value> {
        self.get("headers").map_or_else(|| Ok(self.headers.clone()), Err)
    }

    fn describe(&self, value: &Value) -> String {
        if value.is_object() { "an object".to_owned() } else { value.to_string() }
    }
}
