//! The hosts to which a token may be sent.

use crate::text::split_once;

/// Returns whether an `api_domain` is Pipedrive's, which is exactly `https://<label>.pipedrive.com`. With `loopback`,
/// which is for tests, `http://127.0.0.1` and `http://localhost` with any port are accepted too.
///
/// ```
/// use pipedrive_users::server::is_pipedrive;
///
/// assert!(is_pipedrive("https://casinoroyale.pipedrive.com", false));
/// assert!(!is_pipedrive("https://casinoroyale.example", false));
/// ```
#[must_use]
pub fn is_pipedrive(api_domain: &str, loopback: bool) -> bool {
    if let Some(rest) = api_domain.strip_prefix("http://").filter(|_| loopback) {
        let (host, port) = split_once(rest, b':').unwrap_or((rest, "80"));
        return matches!(host, "127.0.0.1" | "localhost") && port.parse::<u16>().is_ok();
    }
    let host = api_domain.strip_prefix("https://").and_then(|rest| rest.strip_suffix(".pipedrive.com"));
    host.is_some_and(is_label)
}

/// Returns whether a text is one DNS label.
fn is_label(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pipedrives_hosts_are_accepted() {
        for valid in ["https://casinoroyale.pipedrive.com", "https://a-1.pipedrive.com"] {
            assert!(is_pipedrive(valid, false), "{valid}");
        }
        for invalid in [
            "http://casinoroyale.pipedrive.com",
            "https://casinoroyale.pipedrive.com/",
            "https://casinoroyale.pipedrive.com:8443",
            "https://casinoroyale.pipedrive.com.evil.example",
            "https://evil.example/.pipedrive.com",
            "https://evil.example#.pipedrive.com",
            "https://user@evil.pipedrive.com",
            "https://a.b.pipedrive.com",
            "https://.pipedrive.com",
            "https://-a.pipedrive.com",
            "https://pipedrive.com",
            "HTTPS://casinoroyale.pipedrive.com",
            "http://127.0.0.1:8080",
            "",
        ] {
            assert!(!is_pipedrive(invalid, false), "{invalid}");
        }
    }

    #[test]
    fn loopback_is_accepted_on_request() {
        assert!(is_pipedrive("http://127.0.0.1:8080", true));
        assert!(is_pipedrive("http://localhost", true));
        assert!(is_pipedrive("https://casinoroyale.pipedrive.com", true));
        for invalid in [
            "http://127.0.0.1:8080/x",
            "http://127.0.0.1:99999",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1",
        ] {
            assert!(!is_pipedrive(invalid, true), "{invalid}");
        }
    }
}
