//! The ten operations of Pipedrive's Users API, one file each: the HTTP line, the cost, the scope, the parameters,
//! the answer, the Rust method and the reference text. Whatever else knows about operations (the TypeScript
//! methods, the sandbox's routes, the tests' tables) is made from [`ENDPOINTS`].

pub mod add_user;
pub mod find_users_by_name;
pub mod get_current_user;
pub mod get_user;
pub mod get_user_followers;
pub mod get_user_permissions;
pub mod get_user_role_assignments;
pub mod get_user_role_settings;
pub mod get_users;
pub mod update_user;

/// Whoever answers in Pipedrive's place needs it.
#[cfg(any(feature = "sandbox", feature = "server"))]
mod route;

#[cfg(any(feature = "sandbox", feature = "server"))]
pub(crate) use route::route;

use crate::schema::{Endpoint, Reference};

/// Every operation, in the order of Pipedrive's reference.
pub static ENDPOINTS: [&Endpoint; 10] = [
    &get_users::ENDPOINT,
    &find_users_by_name::ENDPOINT,
    &get_current_user::ENDPOINT,
    &get_user::ENDPOINT,
    &get_user_followers::ENDPOINT,
    &get_user_permissions::ENDPOINT,
    &get_user_role_assignments::ENDPOINT,
    &get_user_role_settings::ENDPOINT,
    &add_user::ENDPOINT,
    &update_user::ENDPOINT,
];

/// The reference text of every operation, in the order of [`ENDPOINTS`]. It stands apart so that no documentation
/// ends up in the shipped module.
pub static REFERENCE: [&Reference; 10] = [
    &get_users::REFERENCE,
    &find_users_by_name::REFERENCE,
    &get_current_user::REFERENCE,
    &get_user::REFERENCE,
    &get_user_followers::REFERENCE,
    &get_user_permissions::REFERENCE,
    &get_user_role_assignments::REFERENCE,
    &get_user_role_settings::REFERENCE,
    &add_user::REFERENCE,
    &update_user::REFERENCE,
];

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
            let in_path = endpoint.params.iter().filter(|param| param.location == ParamLocation::Path).count();
            assert_eq!(endpoint.path.matches('{').count(), in_path, "{}", endpoint.operation);
        }
    }
}
