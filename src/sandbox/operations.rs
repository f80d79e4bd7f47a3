//! The ten operations.

use super::{
    company::Company,
    followers,
    input::{Body, invalid},
    pagination::{self, CursorParams},
    responses::{self, ApiError, success},
    roles,
    router::Call,
    time::Timestamp,
};
use crate::models::{Follower, User};

/// Executes an authorized call by the user `caller` and returns the body of the successful response.
pub(super) fn execute(
    company: &mut Company,
    call: &Call,
    caller: u64,
    body: &str,
    now: Timestamp,
) -> Result<String, ApiError> {
    match call.endpoint.operation {
        "getUsers" => company.with_is_you(caller, |company| success(company.users())),
        "findUsersByName" => search(company, call, caller),
        "getCurrentUser" => success(company.current_user(caller).ok_or(ApiError::UserNotFound)?),
        "getUser" => user_response(company, find_user(company, call)?.id, caller),
        "getUserFollowers" => followers_of(company, call),
        "getUserFollowersV1" => {
            let id = find_user(company, call)?.id;
            success(followers::ids(company, id, 0).collect::<Vec<_>>())
        }
        "getUserPermissions" => success(roles::permissions(find_user(company, call)?)),
        "getUserRoleAssignments" => {
            let (assignments, more) =
                pagination::by_offset(roles::assignments(find_user(company, call)?), call.query)?;
            responses::page(assignments, more)
        }
        "getUserRoleSettings" => success(roles::settings(find_user(company, call)?)),
        "addUser" => add(company, caller, body, now),
        "updateUser" => update(company, call, caller, body, now),
        _ => Err(ApiError::Unauthorized),
    }
}

/// Returns the user whose id is in the path.
fn find_user<'a>(company: &'a Company, call: &Call) -> Result<&'a User, ApiError> {
    let id = call.id.parse().map_err(|_| invalid(r#""id" must be a number"#))?;
    company.user(id).ok_or(ApiError::UserNotFound)
}

/// Returns the body of a response with one user.
fn user_response(company: &mut Company, id: u64, caller: u64) -> Result<String, ApiError> {
    company.with_is_you(caller, |company| success(company.user(id).ok_or(ApiError::UserNotFound)?))
}

fn search(company: &mut Company, call: &Call, caller: u64) -> Result<String, ApiError> {
    let term = call.query.get("term").unwrap_or_default().to_lowercase();
    if term.trim().is_empty() {
        return Err(ApiError::EmptySearchTerm);
    }
    let searched: fn(&User) -> &str = match call.query.get("search_by_email").as_deref() {
        None | Some("0") => |user| &user.name,
        Some("1") => |user| &user.email,
        Some(_) => return Err(invalid(r#""search_by_email" must be one of [0, 1]"#)),
    };
    company.with_is_you(caller, |company| {
        let matches = |user: &&User| searched(user).to_lowercase().contains(&term);
        success(company.users().iter().filter(matches).collect::<Vec<_>>())
    })
}

fn followers_of(company: &Company, call: &Call) -> Result<String, ApiError> {
    let id: u64 = call.id.parse().map_err(|_| ApiError::InvalidV2("params/id must be integer".to_owned()))?;
    let params = CursorParams::parse(call.query)?;
    company.user(id).ok_or(ApiError::UserNotFoundV2)?;
    let (ids, more) = params.take_page(followers::ids(company, id, params.after));
    let records: Vec<Follower> =
        ids.into_iter().map(|follower| followers::record(company, id, follower)).collect();
    responses::page(records, more)
}

/// Invites a user. As in Pipedrive, an e-mail address that already belongs to a user is not an error: that user is
/// returned unchanged.
fn add(company: &mut Company, caller: u64, body: &str, now: Timestamp) -> Result<String, ApiError> {
    let body = Body::parse(body)?;
    let (email, access, active) = (body.email()?, body.access()?, body.active_flag()?);
    let id = match company.id_by_email(email) {
        Some(id) => id,
        None => company.invite(email, access, active.unwrap_or(true), now),
    };
    user_response(company, id, caller)
}

fn update(
    company: &mut Company,
    call: &Call,
    caller: u64,
    body: &str,
    now: Timestamp,
) -> Result<String, ApiError> {
    let active = Body::parse(body)?.active_flag()?.ok_or_else(|| invalid(r#""active_flag" is required"#))?;
    let id = find_user(company, call)?.id;
    let user = company.user_mut(id).ok_or(ApiError::UserNotFound)?;
    user.active_flag = active;
    user.modified = Some(now.format_v1());
    user_response(company, id, caller)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::router::route;
    use super::*;
    use crate::api::ENDPOINTS;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    fn execute_json(
        company: &mut Company,
        method: &str,
        target: &str,
        body: &str,
    ) -> Result<Value, ApiError> {
        let call = route(method, target).expect("a route");
        let text = execute(company, &call, 1, body, NOW)?;
        let body: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(body["success"], true);
        Ok(body["data"].clone())
    }

    fn ids(data: &Value) -> Vec<u64> {
        data.as_array().expect("a list").iter().filter_map(|user| user["id"].as_u64()).collect()
    }

    #[test]
    fn every_declared_operation_is_implemented() {
        for endpoint in ENDPOINTS {
            let mut company = Company::new(3, 7);
            let target = endpoint.path.replace("{id}", "1") + "?term=a";
            let body = r#"{"email":"new@casinoroyale.example","active_flag":true}"#;
            let result = execute_json(&mut company, endpoint.method.as_str(), &target, body);
            let data = result.unwrap_or_else(|error| panic!("{}: {error:?}", endpoint.operation));
            assert_eq!(data.is_array(), endpoint.response.is_list(), "{}", endpoint.operation);
        }
    }

    #[test]
    fn added_user_can_be_found_listed_and_read() {
        let mut company = Company::new(3, 7);
        let body = r#"{"email":"Le.Chiffre@casinoroyale.example"}"#;
        let added = execute_json(&mut company, "POST", "/v1/users", body).expect("added");
        assert_eq!((&added["id"], &added["is_you"]), (&4.into(), &false.into()));
        let again = execute_json(&mut company, "POST", "/v1/users", &body.to_lowercase()).expect("no error");
        assert_eq!(again, added);
        let read = execute_json(&mut company, "GET", "/v1/users/4", "").expect("read");
        assert_eq!(read, added);
        let found = execute_json(&mut company, "GET", "/v1/users/find?term=le.chiffre", "").expect("found");
        assert_eq!(ids(&found), [4]);
        let listed = execute_json(&mut company, "GET", "/v1/users", "").expect("listed");
        assert_eq!(ids(&listed), [1, 2, 3, 4]);
    }

    #[test]
    fn deactivated_user_can_still_be_read() {
        let mut company = Company::new(3, 7);
        let put = |company: &mut Company, body| execute_json(company, "PUT", "/v1/users/2", body);
        let updated = put(&mut company, r#"{"active_flag":false}"#).expect("updated");
        assert_eq!(
            (&updated["active_flag"], &updated["modified"]),
            (&false.into(), &"2026-01-01 00:00:00".into())
        );
        assert_eq!(execute_json(&mut company, "GET", "/v1/users/2", ""), Ok(updated));
        for (body, text) in [
            ("{}", r#""active_flag" is required"#),
            (r#"{"active_flag":1}"#, r#""active_flag" must be a boolean"#),
            ("", r#""value" must be of type object"#),
        ] {
            assert_eq!(put(&mut company, body), Err(invalid(text)));
        }
    }

    #[test]
    fn search_looks_at_names_or_at_addresses() {
        let mut company = Company::new(25, 7);
        let mut find = |query: &str| {
            execute_json(&mut company, "GET", &format!("/v1/users/find?{query}"), "").map(|data| ids(&data))
        };
        assert_eq!(find("term=casinoroyale"), Ok(vec![]));
        assert_eq!(find("term=CASINOROYALE&search_by_email=1").expect("all").len(), 25);
        assert_eq!(find("term=+&search_by_email=1"), Err(ApiError::EmptySearchTerm));
        assert_eq!(find(""), Err(ApiError::EmptySearchTerm));
        assert!(matches!(find("term=a&search_by_email=2"), Err(ApiError::Invalid(_))));
    }

    #[test]
    fn unknown_users_and_invalid_ids() {
        let mut company = Company::new(3, 7);
        for target in ["/v1/users/4", "/v1/users/0", "/v1/users/4/permissions", "/v1/users/4/roleSettings"] {
            assert_eq!(
                execute_json(&mut company, "GET", target, ""),
                Err(ApiError::UserNotFound),
                "{target}"
            );
        }
        let put = execute_json(&mut company, "PUT", "/v1/users/4", r#"{"active_flag":true}"#);
        assert_eq!(put, Err(ApiError::UserNotFound));
        let followers = execute_json(&mut company, "GET", "/api/v2/users/4/followers", "");
        assert_eq!(followers, Err(ApiError::UserNotFoundV2));
        let invalid_id = execute_json(&mut company, "GET", "/v1/users/x", "");
        assert_eq!(invalid_id, Err(invalid(r#""id" must be a number"#)));
    }

    #[test]
    fn cursors_lead_through_all_followers() {
        let mut company = Company::new(25, 7);
        let mut target = "/api/v2/users/1/followers?limit=10".to_owned();
        let mut seen = Vec::new();
        loop {
            let call = route("GET", &target).expect("a route");
            let text = execute(&mut company, &call, 1, "", NOW).expect("a page");
            let body: Value = serde_json::from_str(&text).expect("JSON");
            let page = body["data"].as_array().expect("a list").iter();
            seen.extend(page.filter_map(|follower| follower["user_id"].as_u64()));
            let Some(cursor) = body["additional_data"]["next_cursor"].as_str() else { break };
            target = format!("/api/v2/users/1/followers?limit=10&cursor={cursor}");
        }
        assert!(seen.iter().copied().eq(2..=25), "{seen:?}");
    }
}
