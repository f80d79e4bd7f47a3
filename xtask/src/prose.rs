//! The prose beside the code: what of it is packed, where its links lead then, and `llms.txt`, which is made from the endpoints.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use pipedrive_users::api::{ENDPOINTS, REFERENCE};

use crate::shell::root;

/// The prose that the npm package contains.
pub(crate) const PACKED: [&str; 7] =
    ["README.md", "CHANGELOG.md", "FAULTS.md", "RUNTIMES.md", "BENCHMARKS.md", "BACKEND.md", "LICENSE"];

/// Where `llms.txt` is: at the root of the documentation site.
pub(crate) const LLMS: &str = "www/docs/public/llms.txt";

/// Copies the packed prose into a folder. With the address of the repository's files, links to what is not packed lead there;
/// without it they become plain text, so that none is dead.
pub(crate) fn pack_into(folder: &Path, files_url: Option<&str>) -> Result<()> {
    for name in PACKED {
        let text = fs::read_to_string(root().join(name)).with_context(|| name.to_owned())?;
        let text = if name == "LICENSE" { text } else { with_links(&text, files_url) };
        fs::write(folder.join(name), text).with_context(|| name.to_owned())?;
    }
    Ok(())
}

/// Rewrites the links of a page at the top of the repository for readers of the package.
fn with_links(text: &str, files_url: Option<&str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(link) = next_link(rest) {
        out.push_str(&rest[..link.start]);
        let (path, anchor) = link.target.split_at(link.target.find('#').unwrap_or(link.target.len()));
        let is_file = !path.is_empty() && !path.contains(':');
        match files_url {
            Some(url) if is_file => {
                let _ = write!(out, "[{}]({}/{}{anchor})", link.label, url.trim_end_matches('/'), path);
            }
            None if is_file && !PACKED.contains(&path) => out.push_str(link.label),
            _ => out.push_str(&rest[link.start..link.end]),
        }
        rest = &rest[link.end..];
    }
    out.push_str(rest);
    out
}

/// A link in Markdown, `[label](target)`.
struct Link<'a> {
    label: &'a str,
    target: &'a str,
    start: usize,
    end: usize,
}

/// The first link of a text. Labels with brackets and targets with parentheses are not used in this project's prose.
fn next_link(text: &str) -> Option<Link<'_>> {
    let mut from = 0;
    loop {
        let middle = from + text[from..].find("](")?;
        let end = middle + 2 + text[middle + 2..].find(')')?;
        let start = text[..middle].rfind('[')?;
        let (label, target) = (&text[start + 1..middle], &text[middle + 2..end]);
        if !label.contains('\n') && !target.contains(char::is_whitespace) {
            return Some(Link { label, target, start, end: end + 1 });
        }
        from = middle + 2;
    }
}

/// The text of `llms.txt`: the package in one page, for programs that write programs.
pub(crate) fn llms() -> String {
    let mut out = String::from(
        "# pipedrive-users\n\n> Pipedrive's Users API for JavaScript, TypeScript and Rust: ten typed methods, typed errors, retries, rate limits \
         and costs. One npm package for browsers, Node.js, Deno, Bun, Cloudflare Workers and Vercel Edge; one Rust crate.\n\n\
         Install with `npm install pipedrive-users`. `new UsersClient({ apiToken })` or `new UsersClient({ accessToken })` on a server; \
         `new UsersClient({ baseUrl: \"/pipedrive\" })` in a page, whose backend adds the credential (`createUsersProxy` of \
         `pipedrive-users/server`). Never put a token into a page. Use one client per identity: one user of one company.\n\n\
         Every method returns a promise of the data itself. `.withResponse()` on it returns `{ data, response }`. Options come last: \
         `{ signal, timeoutMs, maxRetries, headers }`. Errors are subclasses of `PipedriveError` with a `kind`; test with \
         `isPipedriveError(error, kind)`. The client retries by itself: set `retry: false` in TanStack Query and the like. For tests \
         use `createSandbox()` of `pipedrive-users/sandbox`: `const { apiToken, fetch } = createSandbox()`.\n\n## Methods\n\n",
    );
    for (endpoint, reference) in ENDPOINTS.into_iter().zip(REFERENCE) {
        let _ = writeln!(
            out,
            "- `{}`: {} {}, cost {}, scope {}. {}{}",
            endpoint.operation,
            endpoint.method.as_str(),
            endpoint.path,
            endpoint.cost,
            endpoint.scope.as_str(),
            one_line(reference.summary),
            match one_line(reference.notes) {
                notes if notes.is_empty() => String::new(),
                notes => format!(" {notes}"),
            }
        );
        for (name, text) in reference.params {
            let _ = writeln!(out, "  - `{name}`: {}", one_line(text));
        }
    }
    out.push_str("\n## Guides\n\n");
    for (name, about) in GUIDES {
        let _ = writeln!(out, "- [{about}](guide/{name}.html)");
    }
    out
}

/// The guides that `llms.txt` names.
const GUIDES: [(&str, &str); 16] = [
    ("start", "Get started"),
    ("credentials", "Credentials: strings, functions, one client per identity"),
    ("errors", "Errors: classes and kinds"),
    ("limits", "Rate limits, retries, costs, shared requests"),
    ("directory", "A directory: names for ids and e-mails, for 20 tokens"),
    ("pages", "Pages: for await, cursors, toArray"),
    ("configuration", "Every option with its default"),
    ("testing", "Tests without a network"),
    ("backend", "A backend for a page"),
    ("workers", "Cloudflare Workers"),
    ("app-extensions", "App extensions: OAuth and panels"),
    ("frameworks", "React, Next.js, Hono, Express, Vite"),
    ("runtimes", "A program for each runtime"),
    ("migration", "Coming from the official client"),
    ("rust", "The crate"),
    ("faults", "What becomes of a call when something fails"),
];

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn links_of_the_package_lead_somewhere() {
        let page = "See [the guide](www/docs/x.md#a), [FAULTS.md](FAULTS.md), [below](#b) and [there](https://a.example/).";
        assert_eq!(
            with_links(page, None),
            "See the guide, [FAULTS.md](FAULTS.md), [below](#b) and [there](https://a.example/)."
        );
        assert_eq!(
            with_links(page, Some("https://forge.example/a/b/blob/v1/")),
            "See [the guide](https://forge.example/a/b/blob/v1/www/docs/x.md#a), \
             [FAULTS.md](https://forge.example/a/b/blob/v1/FAULTS.md), [below](#b) and [there](https://a.example/)."
        );
        let code = "`items[0](x y)` and [a](b.md)";
        assert_eq!(with_links(code, Some("u")), "`items[0](x y)` and [a](u/b.md)");
    }

    /// Every page of the repository and of the guides.
    fn pages() -> Vec<PathBuf> {
        let markdown = |folder: &str| -> Vec<PathBuf> {
            let entries = fs::read_dir(root().join(folder)).expect("a folder");
            let names = entries.map(|entry| entry.expect("an entry").path());
            names.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
        };
        [".", "src", "www/docs", "www/docs/guide", "www/examples"].into_iter().flat_map(markdown).collect()
    }

    #[test]
    fn no_link_between_pages_is_dead() {
        let pages = pages();
        assert!(pages.len() > 20, "{} pages", pages.len());
        for page in pages {
            let text = fs::read_to_string(&page).expect("a page");
            let mut rest = text.as_str();
            while let Some(link) = next_link(rest) {
                rest = &rest[link.end..];
                let path = link.target.split('#').next().unwrap_or_default();
                if path.is_empty() || path.contains(':') || path.starts_with('/') {
                    continue;
                }
                let target = page.parent().expect("a folder").join(path);
                assert!(target.exists(), "{}: {} leads nowhere", page.display(), link.target);
            }
        }
    }

    #[test]
    fn llms_txt_is_that_of_the_endpoints() {
        let written = fs::read_to_string(root().join(LLMS)).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(written, llms(), "`cargo xtask build` writes it anew");
        for (name, _) in GUIDES {
            assert!(root().join(format!("www/docs/guide/{name}.md")).exists(), "{name}");
        }
    }

    #[test]
    fn the_programs_of_the_crates_front_page_are_those_of_the_native_example() {
        let page =
            fs::read_to_string(root().join("src/README.md")).expect("src/README.md").replace("\r\n", "\n");
        let native = root().join("www/examples/rust/native");
        let of_example = ["examples/first.rs", "tests/first.rs"]
            .map(|name| fs::read_to_string(native.join(name)).expect(name).replace("\r\n", "\n"));
        let blocks: Vec<&str> =
            page.split("```rust,ignore\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(blocks.len(), 2);
        for block in blocks {
            let (_imports, program) = block.split_once("\n\n").expect("imports and a program");
            assert!(of_example.iter().any(|text| text.contains(program)), "no example has this:\n{program}");
        }
    }

    #[test]
    fn the_tables_of_methods_are_those_of_the_endpoints() {
        let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
        let of_crate = fs::read_to_string(root().join("src/README.md")).expect("src/README.md");
        for endpoint in ENDPOINTS {
            let end = format!(
                "| `{} {}` | {} | {} |",
                endpoint.method.as_str(),
                endpoint.path,
                endpoint.cost,
                endpoint.scope.as_str()
            );
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{}(", endpoint.operation)));
            assert!(row.is_some_and(|row| row.ends_with(&end)), "README.md: {row:?} should end with {end}");
            let of_rust = |line: &&str| {
                let name =
                    line.trim_start_matches("| `").split('`').next().unwrap_or_default().replace('_', "");
                line.starts_with("| `") && name.eq_ignore_ascii_case(endpoint.operation)
            };
            let row = of_crate.lines().find(of_rust);
            assert!(
                row.is_some_and(|row| row.ends_with(&end)),
                "src/README.md: {row:?} should end with {end}"
            );
        }
    }
}
