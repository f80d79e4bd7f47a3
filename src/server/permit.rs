//! What a proxy lets through: the ten operations of the table, and nothing else.

use super::Refusal;
use crate::api;
use crate::schema::{Endpoint, Method};

/// A request that may pass.
#[derive(Clone, Copy, Debug)]
pub struct Permit<'a> {
    /// The operation.
    pub endpoint: &'static Endpoint,
    /// The id in its path, which is a positive integer; empty where it has none.
    pub id: &'a str,
}

/// Looks a request up by its method and path. The operations that only read may pass; `allowed` names the others that
/// may, by their operation ids.
///
/// # Errors
///
/// Says why it is not let through.
pub fn permit<'a>(method: &str, path: &'a str, allowed: &[&str]) -> Result<Permit<'a>, Refusal> {
    let Some((endpoint, id)) = api::route(method, path) else {
        // A path that is one of an operation, asked for in another way.
        let is_known = ["GET", "POST", "PUT"].iter().any(|method| api::route(method, path).is_some());
        return Err(if is_known {
            Refusal {
                status: 405,
                error: "Method not allowed",
                info: "No users operation has this method and path.",
            }
        } else {
            Refusal {
                status: 404,
                error: "Not found",
                info: "The proxy lets only the users operations through.",
            }
        });
    };
    if endpoint.path.contains('{') && !is_id(id) {
        return Err(Refusal {
            status: 400,
            error: "Bad request",
            info: "The id must be a positive integer.",
        });
    }
    if endpoint.method != Method::Get && !allowed.contains(&endpoint.operation) {
        return Err(Refusal {
            status: 403,
            error: "Forbidden",
            info: "The proxy lets this operation through only where its allow option names it.",
        });
    }
    Ok(Permit { endpoint, id })
}

/// Whether a text is an id as the client writes it.
fn is_id(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ENDPOINTS;

    #[test]
    fn what_reads_passes_and_what_writes_must_be_named() {
        for endpoint in ENDPOINTS {
            let path = endpoint.path.replace("{id}", "7");
            let method = endpoint.method.as_str();
            let passed = permit(method, &path, &[]).map(|permit| permit.endpoint.operation);
            let expected = if method == "GET" { Ok(endpoint.operation) } else { Err(403) };
            assert_eq!(passed.map_err(|refusal| refusal.status), expected);
            assert!(permit(method, &path, &["addUser", "updateUser"]).is_ok());
        }
    }

    #[test]
    fn nothing_else_passes() {
        let table = [
            ("GET", "/v1/deals", 404),
            ("GET", "/v1/users/../deals", 404),
            ("GET", "/v1/users/%2e%2e/deals", 404),
            ("GET", "//evil/v1/users", 404),
            ("GET", "http://evil/v1/users", 404),
            ("GET", "/v1/users/", 404),
            ("GET", "/v1/users/7/", 404),
            ("GET", "/v1/users/..", 400),
            ("GET", "/v1/users/%2e%2e", 400),
            ("GET", "/v1/users/07", 400),
            ("GET", "/v1/users/-7", 400),
            ("GET", "/v1/users/7%0d%0a", 400),
            ("GET", "/v1/users/99999999999999999", 400),
            ("DELETE", "/v1/users/7", 405),
            ("PATCH", "/v1/users", 405),
            ("get", "/v1/users", 405),
            ("GET", "", 404),
        ];
        for (method, path, status) in table {
            let refused = permit(method, path, &["addUser", "updateUser"])
                .map(|_| ())
                .map_err(|refusal| refusal.status);
            assert_eq!(refused, Err(status), "{method} {path}");
        }
    }
}
