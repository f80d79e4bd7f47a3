//! The ten operations of Pipedrive's Users API, one file each: the HTTP line, the cost, the scope, the parameters, the
//! response, the Rust method and the reference text. Everything else that knows operations (the promise-returning
//! methods, the TypeScript client, the sandbox's routes, the tests' tables) is made from the list below.
//!
//! ```
//! use pipedrive_users::api::{ENDPOINTS, get_user};
//!
//! assert_eq!((get_user::ENDPOINT.cost, get_user::ENDPOINT.scope.as_str()), (2, "users:read"));
//! assert_eq!(ENDPOINTS.iter().map(|endpoint| endpoint.cost).max(), Some(40));
//! ```

/// The list: an endpoint's module, its operation id, the values that a caller gives before the options, and what the
/// promise of its method in WebAssembly yields.
macro_rules! for_each_endpoint {
    ($apply:ident) => {
        $apply! {
            get_users getUsers() -> "Promise<User[]>";
            find_users_by_name findUsersByName(term) -> "Promise<User[]>";
            get_current_user getCurrentUser() -> "Promise<CurrentUser>";
            get_user getUser(id) -> "Promise<User>";
            get_user_followers getUserFollowers(id) -> "Promise<CursorPage<Follower>>";
            get_user_permissions getUserPermissions(id) -> "Promise<UserPermissions>";
            get_user_role_assignments getUserRoleAssignments(id) -> "Promise<OffsetPage<RoleAssignment>>";
            get_user_role_settings getUserRoleSettings(id) -> "Promise<RoleSettings>";
            add_user addUser(user) -> "Promise<User>";
            update_user updateUser(id, changes) -> "Promise<User>";
        }
    };
}

macro_rules! declare {
    ($($module:ident $method:ident($($value:ident),*) -> $returns:literal;)+) => {
        $(pub mod $module;)+

        /// Every endpoint, in the order of Pipedrive's reference.
        pub static ENDPOINTS: [&Endpoint; [$(stringify!($module)),+].len()] = [$(&$module::ENDPOINT),+];

        /// The reference text of every endpoint, in the order of [`ENDPOINTS`]. It stands apart so that no documentation
        /// ends up in the npm module.
        pub static REFERENCE: [&Reference; ENDPOINTS.len()] = [$(&$module::REFERENCE),+];

        /// The method of every endpoint in WebAssembly: its name, the values before the options, and what it returns.
        pub static METHODS: [(&str, &[&str], &str); ENDPOINTS.len()] =
            [$((stringify!($method), &[$(stringify!($value)),*], $returns)),+];
    };
}

for_each_endpoint!(declare);

#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
pub(crate) use for_each_endpoint;

/// Servers that respond in Pipedrive's place need it.
#[cfg(any(feature = "sandbox", feature = "server"))]
mod route;

#[cfg(feature = "server")]
pub(crate) use route::is_path;
#[cfg(any(feature = "sandbox", feature = "server"))]
pub(crate) use route::route;

use crate::schema::{Endpoint, Reference};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ParamLocation;

    #[test]
    fn every_operation_and_parameter_is_documented() {
        for (endpoint, reference) in ENDPOINTS.iter().zip(REFERENCE) {
            assert!(reference.summary.ends_with('.'), "{}", endpoint.operation);
            let documented: Vec<_> = reference.params.iter().map(|(name, _)| *name).collect();
            let declared: Vec<_> = endpoint.params.iter().map(|param| param.name).collect();
            assert_eq!(documented, declared, "{}", endpoint.operation);
        }
    }

    #[test]
    fn every_path_variable_is_a_parameter() {
        for endpoint in ENDPOINTS {
            let in_path =
                endpoint.params.iter().filter(|param| param.location == ParamLocation::Path).count();
            assert_eq!(endpoint.path.matches('{').count(), in_path, "{}", endpoint.operation);
        }
    }

    #[test]
    fn every_method_of_the_list_is_its_endpoints() {
        for (endpoint, (method, values, _)) in ENDPOINTS.iter().zip(METHODS) {
            assert_eq!(endpoint.operation, method);
            let params = || endpoint.params.iter();
            let by_position = params().filter(|param| param.is_positional()).count();
            let body = params().any(|param| param.location == ParamLocation::Body);
            assert_eq!(values.len(), by_position + usize::from(body), "{method}");
        }
    }
}
