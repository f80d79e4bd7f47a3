//! Which hosts a token may be sent to.

/// Whether an `api_domain` is Pipedrive's: `https://<label>.pipedrive.com`, and nothing else. On the `loopback`, which
/// tests use, any port of this machine counts too.
#[must_use]
pub fn is_pipedrive(api_domain: &str, loopback: bool) -> bool {
    if let Some(rest) = api_domain.strip_prefix("http://").filter(|_| loopback) {
        let (host, port) = rest.split_once(':').unwrap_or((rest, "80"));
        return matches!(host, "127.0.0.1" | "localhost") && port.parse::<u16>().is_ok();
    }
    let host = api_domain.strip_prefix("https://").and_then(|rest| rest.strip_suffix(".pipedrive.com"));
    host.is_some_and(is_label)
}

/// Whether a text is one DNS label.
fn is_label(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pipedrives_own_hosts() {
        for good in ["https://casinoroyale.pipedrive.com", "https://a-1.pipedrive.com"] {
            assert!(is_pipedrive(good, false), "{good}");
        }
        for bad in [
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
            assert!(!is_pipedrive(bad, false), "{bad}");
        }
    }

    #[test]
    fn the_loopback_where_it_is_asked_for() {
        assert!(is_pipedrive("http://127.0.0.1:8080", true));
        assert!(is_pipedrive("http://localhost", true));
        assert!(is_pipedrive("https://casinoroyale.pipedrive.com", true));
        for bad in [
            "http://127.0.0.1:8080/x",
            "http://127.0.0.1:99999",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1",
        ] {
            assert!(!is_pipedrive(bad, true), "{bad}");
        }
    }
}
