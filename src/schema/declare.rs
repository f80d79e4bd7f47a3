//! The one way to declare a model: a doc comment, a presence, a name and a type for each member.

/// Declares a struct together with its [`Model`](crate::schema::Model) description.
///
/// The presence words are those of [`Presence`](crate::schema::Presence): `required`, `nullable`, `optional`,
/// `optional_nullable`; all but the first make the member an `Option`. Members that the declaration does not
/// name are kept in `extra`, as JSON, or typed after `more:`.
macro_rules! model {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident {
            $($(#[doc = $field_doc:literal])+ $presence:ident $field:ident: $ty:ty,)+
            $(more: $more:ty,)?
        }
    ) => {
        model!(@struct [
                $(#[doc = $doc])+
                ///
                /// A test makes one with `with`.
                #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
                #[non_exhaustive]
                pub struct $name
            ] []
            $($(#[doc = $field_doc])+ $presence $field: $ty,)+
            { model!(@more $($more)?) }
        );

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

    // An attribute depends on the presence, and a macro cannot expand to an attribute: so the members are taken one
    // by one, and the struct is written at the end.
    (@struct [$($head:tt)+] [$($done:tt)*] { $extra:ty }) => {
        $($head)+ {
            $($done)*
            /// Members that this version does not name, kept as they came.
            #[serde(flatten)]
            pub extra: $extra,
        }
    };
    (@struct $head:tt [$($done:tt)*] $(#[$doc:meta])+ required $field:ident: $ty:ty, $($rest:tt)+) => {
        model!(@struct $head [$($done)* $(#[$doc])+ pub $field: $ty,] $($rest)+);
    };
    (@struct $head:tt [$($done:tt)*] $(#[$doc:meta])+ nullable $field:ident: $ty:ty, $($rest:tt)+) => {
        model!(@struct $head [$($done)* $(#[$doc])+ #[serde(default)] pub $field: Option<$ty>,] $($rest)+);
    };
    (@struct $head:tt [$($done:tt)*] $(#[$doc:meta])+ $optional:ident $field:ident: $ty:ty, $($rest:tt)+) => {
        model!(@struct $head [
            $($done)* $(#[$doc])+ #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$ty>,
        ] $($rest)+);
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

        impl $crate::schema::HasSchema for $name {
            const SCHEMA: $crate::schema::Schema = $crate::schema::Schema::OneOf(Self::KNOWN);
        }
    };
}
