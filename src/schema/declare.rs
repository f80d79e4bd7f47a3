//! The one way to declare a model: a doc comment, a presence, a name and a type for each member.

/// Declares a struct together with its [`Model`](crate::schema::Model) description.
///
/// The presence words are those of [`Presence`](crate::schema::Presence): `required`, `nullable`, `optional`,
/// `optional_nullable`; all but the first make the member an `Option`. Members that the declaration does not
/// name are kept in `extra`, as JSON, or typed after `more:`; what is of another type is kept in `unfit`.
macro_rules! model {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident {
            $($(#[doc = $field_doc:literal])+ $presence:ident $field:ident: $ty:ty,)+
            $(more: $more:ty,)?
        }
    ) => {
        $(#[doc = $doc])+
        ///
        /// A test makes one with `with`. It is made of any JSON: what does not fit is in `unfit`, and its own JSON has that again.
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: model!(@type $presence $ty),)+
            /// Members that this version does not name, kept as they came.
            pub extra: model!(@more $($more)?),
            /// Members whose value is not of their type, as they came: the member itself is empty, zero or false. A member that
            /// should always come is null here where it did not. A record that came as something else than an object is all empty,
            /// and what came instead has the name `""`.
            pub unfit: $crate::schema::Extra,
        }

        impl $crate::schema::Record for $name {
            const FIELDS: &'static [$crate::schema::Field] = Self::MODEL.fields;

            fn set(&mut self, name: &str, value: serde_json::Value) -> Result<usize, serde_json::Value> {
                let mut index = 0;
                $(
                    if name == $crate::schema::plain_name(stringify!($field)) {
                        model!(@set $presence &mut self.$field, value)?;
                        return Ok(index);
                    }
                    index += 1;
                )+
                self.extra.insert(name.to_owned(), $crate::schema::FromJson::from_json(value)?);
                Ok(index)
            }

            fn unfit(&mut self) -> &mut $crate::schema::Extra {
                &mut self.unfit
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::schema::deserialize(deserializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;

                if let Some(whole) = self.unfit.get("") {
                    return whole.serialize(serializer);
                }
                let mut map = serializer.serialize_map(None)?;
                $(
                    let name = $crate::schema::plain_name(stringify!($field));
                    if !self.unfit.contains_key(name) {
                        model!(@write map $presence name &self.$field);
                    }
                )+
                for (name, value) in &self.extra {
                    map.serialize_entry(name, value)?;
                }
                for (name, value) in &self.unfit {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }

        impl $name {
            /// Makes a record for a test: everything is empty, zero or false but for what the function sets.
            ///
            #[doc = concat!("```\nuse pipedrive_users::models::", stringify!($name), ";\n\n\
                let record = ", stringify!($name), "::with(|record| record.extra.clear());\n\
                assert_eq!(record, ", stringify!($name), "::default());\n```")]
            #[must_use]
            pub fn with(fill: impl FnOnce(&mut Self)) -> Self {
                let mut record = Self::default();
                fill(&mut record);
                record
            }

            /// The description of this model.
            pub const MODEL: $crate::schema::Model = $crate::schema::Model {
                name: stringify!($name),
                doc: concat!($($doc, "\n"),+),
                fields: &[$($crate::schema::Field {
                    name: $crate::schema::plain_name(stringify!($field)),
                    doc: concat!($($field_doc, "\n"),+),
                    presence: model!(@presence $presence),
                    schema: <$ty as $crate::schema::HasSchema>::SCHEMA,
                }),+],
                more: model!(@more_schema $($more)?),
            };
        }

        impl $crate::schema::HasSchema for $name {
            const SCHEMA: $crate::schema::Schema = $crate::schema::Schema::Object(&Self::MODEL);
        }
    };

    (@presence required) => { $crate::schema::Presence::Required };
    (@presence nullable) => { $crate::schema::Presence::Nullable };
    (@presence optional) => { $crate::schema::Presence::Optional };
    (@presence optional_nullable) => { $crate::schema::Presence::OptionalNullable };

    (@more) => { $crate::schema::Extra };
    (@more $more:ty) => { std::collections::BTreeMap<String, $more> };
    (@more_schema) => { None };
    (@more_schema $more:ty) => { Some(<$more as $crate::schema::HasSchema>::SCHEMA) };

    (@type required $ty:ty) => { $ty };
    (@type $presence:ident $ty:ty) => { Option<$ty> };

    (@set required $member:expr, $value:ident) => { $crate::schema::required($member, $value) };
    (@set $presence:ident $member:expr, $value:ident) => { $crate::schema::nullable($member, $value) };

    // A member that may be missing is not written where it is.
    (@write $map:ident optional $name:ident $value:expr) => {
        if let Some(value) = $value {
            $map.serialize_entry($name, value)?;
        }
    };
    (@write $map:ident optional_nullable $name:ident $value:expr) => {
        model!(@write $map optional $name $value)
    };
    (@write $map:ident $presence:ident $name:ident $value:expr) => {
        $map.serialize_entry($name, $value)?
    };
}

/// Declares an open enumeration: the values known today, and any other string as it came.
macro_rules! open_enum {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident { $($(#[doc = $value_doc:literal])+ $variant:ident = $value:literal,)+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum $name {
            $($(#[doc = $value_doc])+ $variant,)+
            /// A value that this version does not know, as it came.
            Other(String),
        }

        impl $name {
            /// The values that this version knows.
            pub const KNOWN: &'static [&'static str] = &[$($value),+];

            /// Pipedrive's own spelling.
            ///
            #[doc = concat!("```\nuse pipedrive_users::models::", stringify!($name), ";\n\n\
                let unknown = ", stringify!($name), "::from(\"quantum\".to_owned());\n\
                assert_eq!(unknown.as_str(), \"quantum\");\n```")]
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $value,)+ Self::Other(value) => value }
            }
        }

        /// An empty value that this version does not know.
        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                match value.as_str() { $($value => Self::$variant,)+ _ => Self::Other(value) }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }

        impl $crate::schema::FromJson for $name {
            fn from_json(value: serde_json::Value) -> Result<Self, serde_json::Value> {
                String::from_json(value).map(Self::from)
            }
        }

        impl $crate::schema::HasSchema for $name {
            const SCHEMA: $crate::schema::Schema = $crate::schema::Schema::OneOf(Self::KNOWN);
        }
    };
}
