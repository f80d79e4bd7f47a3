//! The requests that a proxy allows: the ten users operations.

use super::Refusal;
use crate::api;
use crate::schema::{Endpoint, Method};

/// A request that the proxy allows.
///
/// ```
/// use pipedrive_users::server::permit;
///
/// let permit = permit("GET", "/v1/users/7", &["getUser"]).expect("it is allowed");
/// assert_eq!((permit.endpoint.operation, permit.id), ("getUser", "7"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Permit<'a> {
    /// The operation.
    pub endpoint: &'static Endpoint,
    /// The id in the path, a positive integer. Empty if the operation has none.
    pub id: &'a str,
}

/// Checks the method and the path of a request. Operations that only read are always allowed; `allowed` lists the
/// operation ids of the others that are.
///
/// ```
/// use pipedrive_users::server::permit;
///
/// assert_eq!(permit("GET", "/v1/users/7", &[]).unwrap().endpoint.operation, "getUser");
/// assert!(permit("PUT", "/v1/users/7", &[]).is_err());
/// assert!(permit("PUT", "/v1/users/7", &["updateUser"]).is_ok());
/// ```
///
/// # Errors
///
/// Returns the error response for a request that is not allowed.
pub fn permit<'a>(method: &str, path: &'a str, allowed: &[&str]) -> Result<Permit<'a>, Refusal> {
    permit_where(method, path, |operation| allowed.contains(&operation))
}

/// The same with a list of the caller's own.
pub(crate) fn permit_where<'a>(
    method: &str,
    path: &'a str,
    is_allowed: impl Fn(&'static str) -> bool,
) -> Result<Permit<'a>, Refusal> {
    let Some((endpoint, id)) = api::route(method, path) else {
        // 405 if the path exists with another method.
        return Err(if api::is_path(path) {
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
    if endpoint.method != Method::Get && !is_allowed(endpoint.operation) {
        return Err(Refusal {
            status: 403,
            error: "Forbidden",
            info: "The proxy lets this operation through only where its allow option names it.",
        });
    }
    Ok(Permit { endpoint, id })
}

/// Returns whether a text is an id in the form that the client sends.
fn is_id(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ENDPOINTS;

    #[test]
    fn reads_are_allowed_and_writes_must_be_listed() {
        let writes = ENDPOINTS.iter().filter(|endpoint| endpoint.method != Method::Get);
        let writes: Vec<_> = writes.map(|endpoint| endpoint.operation).collect();
        for endpoint in ENDPOINTS {
            let path = endpoint.path.replace("{id}", "7");
            let method = endpoint.method.as_str();
            let result = permit(method, &path, &[]).map(|permit| permit.endpoint.operation);
            let expected = if method == "GET" { Ok(endpoint.operation) } else { Err(403) };
            assert_eq!(result.map_err(|refusal| refusal.status), expected);
            assert!(permit(method, &path, &writes).is_ok());
        }
    }

    #[test]
    fn other_requests_are_refused() {
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
            ("PATCH", "/v1/users/7", 405),
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
