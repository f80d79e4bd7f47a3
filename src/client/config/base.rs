//! Where the API is.

use crate::error::{Error, Kind, Result};

/// The two roots that the paths of the operations are below.
///
/// ```
/// use pipedrive_users::config::Base;
///
/// assert_eq!(Base::company("acme")?.v1, "https://acme.pipedrive.com/api/v1");
/// assert_eq!(Base::url("http://localhost:8080")?.v2, "http://localhost:8080/api/v2");
/// assert!(Base::url("http://backend.example").is_err());
/// # Ok::<(), pipedrive_users::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// In the place of `/v1`.
    pub v1: String,
    /// In the place of `/api/v2`.
    pub v2: String,
}

impl Default for Base {
    fn default() -> Self {
        Self::below("https://api.pipedrive.com")
    }
}

impl Base {
    /// The company's own host, `https://{label}.pipedrive.com`, which routes to the right data centre. Accepts `acme`,
    /// `acme.pipedrive.com` and `https://acme.pipedrive.com`.
    ///
    /// ```
    /// # use pipedrive_users::config::Base;
    /// assert!(Base::company("https://casinoroyale.pipedrive.com").is_ok());
    /// assert!(Base::company("casinoroyale.example").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// Refuses everything else: the token must be sent nowhere else.
    pub fn company(domain: &str) -> Result<Self> {
        const HOST: &str = ".pipedrive.com";
        let label = match domain.strip_prefix("https://") {
            Some(host) => host.strip_suffix('/').unwrap_or(host).strip_suffix(HOST).unwrap_or_default(),
            None => domain.strip_suffix(HOST).unwrap_or(domain),
        };
        if !is_dns_label(label) {
            let text =
                ["company_domain must be one DNS label such as \"casinoroyale\", got \"", domain, "\""];
            return Err(Error::new(Kind::Config, &text.concat()));
        }
        let origin = ["https://", label, HOST].concat();
        // A company's host wants `/api/v1`, `api.pipedrive.com` wants `/v1`.
        Ok(Self { v1: [&origin, "/api/v1"].concat(), v2: [&origin, "/api/v2"].concat() })
    }

    /// Another server with the API of `api.pipedrive.com`: a backend of your own, or a test's. What is a URL is what
    /// WHATWG's URL standard says.
    ///
    /// ```
    /// # use pipedrive_users::config::Base;
    /// assert!(Base::url("https://backend.example/pipedrive").is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// Refuses anything but `https://`, or `http://` on the loopback, and a query, a fragment or a user.
    pub fn url(url: &str) -> Result<Self> {
        let is_plain = !url.contains(['?', '#', '@', '\\']) && !url.contains(char::is_whitespace);
        let is_usable = is_plain
            && parse(url).is_some_and(|(scheme, host)| match scheme.as_str() {
                "https" => true,
                "http" => is_loopback(&host),
                _ => false,
            });
        if !is_usable {
            let text = "base_url must be an https:// URL (http:// only on the loopback), without query, fragment or user";
            return Err(Error::new(Kind::Config, text));
        }
        Ok(Self::below(url.trim_end_matches('/')))
    }

    fn below(root: &str) -> Self {
        Self { v1: [root, "/v1"].concat(), v2: [root, "/api/v2"].concat() }
    }
}

fn is_dns_label(text: &str) -> bool {
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_loopback(host: &str) -> bool {
    let is_ipv4 = host
        .strip_prefix("127.")
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    host == "localhost" || host == "[::1]" || host.ends_with(".localhost") || is_ipv4
}

/// The scheme and the host of a URL, as the WHATWG standard parses it.
#[cfg(not(target_arch = "wasm32"))]
fn parse(url: &str) -> Option<(String, String)> {
    let url = url::Url::parse(url).ok()?;
    Some((url.scheme().to_owned(), url.host_str()?.to_owned()))
}

/// The scheme and the host of a URL, as the runtime's own `URL` parses it.
#[cfg(target_arch = "wasm32")]
fn parse(url: &str) -> Option<(String, String)> {
    let url = web_sys::Url::new(url).ok()?;
    Some((url.protocol().trim_end_matches(':').to_owned(), url.hostname()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(v1: &str, v2: &str) -> Base {
        Base { v1: v1.to_owned(), v2: v2.to_owned() }
    }

    #[test]
    fn the_hosts_are_those_of_the_documentation() {
        let default = roots("https://api.pipedrive.com/v1", "https://api.pipedrive.com/api/v2");
        assert_eq!(Base::default(), default);
        for domain in ["mi6", "mi6.pipedrive.com", "https://mi6.pipedrive.com", "https://mi6.pipedrive.com/"]
        {
            let expected = roots("https://mi6.pipedrive.com/api/v1", "https://mi6.pipedrive.com/api/v2");
            assert_eq!(Base::company(domain).expect("a good domain"), expected, "{domain}");
        }
        assert_eq!(
            Base::url("http://127.0.0.1:8080/pipedrive/").expect("a good URL"),
            roots("http://127.0.0.1:8080/pipedrive/v1", "http://127.0.0.1:8080/pipedrive/api/v2")
        );
    }

    #[test]
    fn a_token_can_be_sent_nowhere_else() {
        let long = "a".repeat(64);
        for domain in [
            "",
            "evil.com/",
            "a.b",
            "a/b",
            "-a",
            "a-",
            "a b",
            "é",
            "https://evil.com",
            "https://mi6",
            "http://mi6.pipedrive.com",
            "a.b.pipedrive.com",
            ".pipedrive.com",
            "pipedrive.com.evil",
            "mi6@evil",
            long.as_str(),
        ] {
            assert!(Base::company(domain).is_err(), "{domain}");
        }
    }

    #[test]
    fn base_urls_are_what_the_url_standard_says() {
        for good in [
            "https://backend.example",
            "https://backend.example/api/",
            "HTTPS://a",
            "http://localhost:1",
            "http://a.localhost",
            "http://127.0.0.2",
            "http://127.1",
            "http://0x7f.1",
            "http://2130706433",
            "http://[::1]:80",
        ] {
            assert!(Base::url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/path",
            "backend.example",
            "http://backend.example",
            "ftp://a",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "https://a b",
            "https://a:99999",
            "https://a:x",
            "https://[bad",
            "https://%00",
            "https://a|b",
            "http://[::1].evil.com",
            "http://[::1]evil.com",
            "http://[::2]",
            "http://127.evil.com",
            "http://localhost.evil.com",
            "https://a\\b",
            "http://128.0.0.1",
        ] {
            assert!(Base::url(bad).is_err(), "{bad}");
        }
    }
}
