//! What a Rust struct or enum is declared with, read from its source: names, types and documentation, so that TypeScript
//! has no second copy of them.

use anyhow::{Context, Result, bail};
use syn::{Attribute, Expr, GenericArgument, Item, Lit, Meta, PathArguments, Type};

/// A struct or an enum.
pub(super) struct Declared {
    pub(super) doc: String,
    pub(super) members: Vec<Member>,
}

/// A field or a variant.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) doc: String,
    /// The name of a field's type, and whether it is an `Option` of it.
    pub(super) kind: String,
    pub(super) is_option: bool,
}

impl Declared {
    /// Finds a declaration in the text of a file.
    pub(super) fn read(source: &str, name: &str) -> Result<Self> {
        let item = syn::parse_file(source)?.items.into_iter().find(|item| match item {
            Item::Struct(item) => item.ident == name,
            Item::Enum(item) => item.ident == name,
            _ => false,
        });
        match item.with_context(|| format!("{name} is not declared where it was"))? {
            Item::Struct(item) => {
                let members = item.fields.iter().map(|field| {
                    let (kind, is_option) = type_of(&field.ty);
                    let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                    Member { name, doc: doc_of(&field.attrs), kind, is_option }
                });
                Ok(Self { doc: doc_of(&item.attrs), members: members.collect() })
            }
            Item::Enum(item) => {
                let members = item.variants.iter().map(|variant| Member {
                    name: variant.ident.to_string(),
                    doc: doc_of(&variant.attrs),
                    kind: String::new(),
                    is_option: false,
                });
                Ok(Self { doc: doc_of(&item.attrs), members: members.collect() })
            }
            _ => bail!("{name} is neither a struct nor an enum"),
        }
    }

    pub(super) fn member(&self, name: &str) -> Result<&Member> {
        self.members.iter().find(|member| member.name == name).with_context(|| format!("there is no {name}"))
    }
}

/// The last name of a type's path.
fn type_of(kind: &Type) -> (String, bool) {
    if let Type::Reference(reference) = kind {
        return type_of(&reference.elem);
    }
    let Type::Path(path) = kind else { return (String::new(), false) };
    let Some(last) = path.path.segments.last() else { return (String::new(), false) };
    if last.ident == "Option"
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(inner)) = arguments.args.first()
    {
        return (type_of(inner).0, true);
    }
    (last.ident.to_string(), false)
}

fn doc_of(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(meta) = &attribute.meta else { return None };
        let Expr::Lit(value) = &meta.value else { return None };
        let Lit::Str(text) = &value.lit else { return None };
        meta.path.is_ident("doc").then(|| text.value().trim().to_owned())
    });
    // Examples are Rust's.
    let words = lines.take_while(|line| !line.starts_with("```")).collect::<Vec<_>>().join(" ");
    words.trim_end().to_owned()
}

/// A name as JavaScript has it.
pub(super) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (letter, rest) = word.split_at(word.len().min(1));
        name + &letter.to_ascii_uppercase() + rest
    })
}
