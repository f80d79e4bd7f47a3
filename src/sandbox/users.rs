//! The ten operations, on the company's records.

use super::{
    answers::{self, Fault, success},
    company::Company,
    followers,
    input::{Body, invalid},
    page::{self, ByCursor},
    roles,
    router::Call,
    time::Moment,
};
use crate::models::{Follower, User};

/// Carries out a call that passed the gate, and gives the body of its success.
pub(super) fn carry_out(
    company: &mut Company,
    call: &Call,
    caller: u64,
    body: &str,
    now: Moment,
) -> Result<String, Fault> {
    match call.endpoint.operation {
        "getUsers" => company.seen_by(caller, |company| success(company.users())),
        "findUsersByName" => find(company, call, caller),
        "getCurrentUser" => success(company.current_user(caller).ok_or(Fault::NoUser)?),
        "getUser" => one(company, user(company, call)?.id, caller),
        "getUserFollowers" => followers_of(company, call),
        "getUserPermissions" => success(roles::permissions(user(company, call)?)),
        "getUserRoleAssignments" => {
            let (assignments, more) = page::by_offset(roles::assignments(user(company, call)?), call.query)?;
            answers::page(assignments, more)
        }
        "getUserRoleSettings" => success(roles::settings(user(company, call)?)),
        "addUser" => add(company, caller, body, now),
        "updateUser" => update(company, call, caller, body, now),
        _ => Err(Fault::Unauthorized),
    }
}

/// The user that the path names.
fn user<'a>(company: &'a Company, call: &Call) -> Result<&'a User, Fault> {
    let id = call.id.parse().map_err(|_| invalid(r#""id" must be a number"#))?;
    company.user(id).ok_or(Fault::NoUser)
}

/// The answer that is one user's record.
fn one(company: &mut Company, id: u64, viewer: u64) -> Result<String, Fault> {
    company.seen_by(viewer, |company| success(company.user(id).ok_or(Fault::NoUser)?))
}

fn find(company: &mut Company, call: &Call, caller: u64) -> Result<String, Fault> {
    let term = call.query.get("term").unwrap_or_default().to_lowercase();
    if term.trim().is_empty() {
        return Err(Fault::InvalidTerm);
    }
    let looked_at: fn(&User) -> &str = match call.query.get("search_by_email").as_deref() {
        None | Some("0") => |user| &user.name,
        Some("1") => |user| &user.email,
        Some(_) => return Err(invalid(r#""search_by_email" must be one of [0, 1]"#)),
    };
    company.seen_by(caller, |company| {
        let matches = |user: &&User| looked_at(user).to_lowercase().contains(&term);
        success(company.users().iter().filter(matches).collect::<Vec<_>>())
    })
}

fn followers_of(company: &Company, call: &Call) -> Result<String, Fault> {
    let id: u64 = call.id.parse().map_err(|_| Fault::InvalidV2("params/id must be integer".to_owned()))?;
    let asked = ByCursor::read(call.query)?;
    company.user(id).ok_or(Fault::NoUserV2)?;
    let (ids, more) = asked.cut(followers::ids(company, id, asked.after));
    let records: Vec<Follower> =
        ids.into_iter().map(|follower| followers::record(company, id, follower)).collect();
    answers::page(records, more)
}

/// An address that is already a user's is no error: it is answered with that user, as it is.
fn add(company: &mut Company, caller: u64, body: &str, now: Moment) -> Result<String, Fault> {
    let body = Body::read(body)?;
    let (email, access, active) = (body.email()?, body.access()?, body.active_flag()?);
    let id = match company.id_by_email(email) {
        Some(id) => id,
        None => company.invite(email, access, active.unwrap_or(true), now),
    };
    one(company, id, caller)
}

fn update(company: &mut Company, call: &Call, caller: u64, body: &str, now: Moment) -> Result<String, Fault> {
    let active = Body::read(body)?.active_flag()?.ok_or_else(|| invalid(r#""active_flag" is required"#))?;
    let id = user(company, call)?.id;
    let user = company.user_mut(id).ok_or(Fault::NoUser)?;
    user.active_flag = active;
    user.modified = Some(now.v1());
    one(company, id, caller)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::router::route;
    use super::*;
    use crate::api::ENDPOINTS;

    const NOW: Moment = Moment::from_seconds(1_767_225_600);

    fn carried_out(company: &mut Company, method: &str, target: &str, body: &str) -> Result<Value, Fault> {
        let call = route(method, target).expect("a route");
        let text = carry_out(company, &call, 1, body, NOW)?;
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer["success"], true);
        Ok(answer["data"].clone())
    }

    fn ids(data: &Value) -> Vec<u64> {
        data.as_array().expect("a list").iter().filter_map(|user| user["id"].as_u64()).collect()
    }

    #[test]
    fn every_declared_operation_is_carried_out() {
        for endpoint in ENDPOINTS {
            let mut company = Company::found(3, 7);
            let target = endpoint.path.replace("{id}", "1") + "?term=a";
            let body = r#"{"email":"new@casinoroyale.example","active_flag":true}"#;
            let answer = carried_out(&mut company, endpoint.method.as_str(), &target, body);
            let data = answer.unwrap_or_else(|fault| panic!("{}: {fault:?}", endpoint.operation));
            assert_eq!(data.is_array(), endpoint.response.is_list(), "{}", endpoint.operation);
        }
    }

    #[test]
    fn an_added_user_is_found_listed_and_read() {
        let mut company = Company::found(3, 7);
        let body = r#"{"email":"Le.Chiffre@casinoroyale.example"}"#;
        let added = carried_out(&mut company, "POST", "/v1/users", body).expect("added");
        assert_eq!((&added["id"], &added["is_you"]), (&4.into(), &false.into()));
        let again = carried_out(&mut company, "POST", "/v1/users", &body.to_lowercase()).expect("no error");
        assert_eq!(again, added);
        let read = carried_out(&mut company, "GET", "/v1/users/4", "").expect("read");
        assert_eq!(read, added);
        let found = carried_out(&mut company, "GET", "/v1/users/find?term=le.chiffre", "").expect("found");
        assert_eq!(ids(&found), [4]);
        let listed = carried_out(&mut company, "GET", "/v1/users", "").expect("listed");
        assert_eq!(ids(&listed), [1, 2, 3, 4]);
    }

    #[test]
    fn a_deactivated_user_stays_readable() {
        let mut company = Company::found(3, 7);
        let put = |company: &mut Company, body| carried_out(company, "PUT", "/v1/users/2", body);
        let updated = put(&mut company, r#"{"active_flag":false}"#).expect("updated");
        assert_eq!(
            (&updated["active_flag"], &updated["modified"]),
            (&false.into(), &"2026-01-01 00:00:00".into())
        );
        assert_eq!(carried_out(&mut company, "GET", "/v1/users/2", ""), Ok(updated));
        for (body, text) in [
            ("{}", r#""active_flag" is required"#),
            (r#"{"active_flag":1}"#, r#""active_flag" must be a boolean"#),
            ("", r#""value" must be of type object"#),
        ] {
            assert_eq!(put(&mut company, body), Err(invalid(text)));
        }
    }

    #[test]
    fn names_and_addresses_are_searched_apart() {
        let mut company = Company::found(25, 7);
        let mut find = |query: &str| {
            carried_out(&mut company, "GET", &format!("/v1/users/find?{query}"), "").map(|data| ids(&data))
        };
        assert_eq!(find("term=casinoroyale"), Ok(vec![]));
        assert_eq!(find("term=CASINOROYALE&search_by_email=1").expect("all").len(), 25);
        assert_eq!(find("term=+&search_by_email=1"), Err(Fault::InvalidTerm));
        assert_eq!(find(""), Err(Fault::InvalidTerm));
        assert!(matches!(find("term=a&search_by_email=2"), Err(Fault::Invalid(_))));
    }

    #[test]
    fn users_who_are_not_there() {
        let mut company = Company::found(3, 7);
        for target in ["/v1/users/4", "/v1/users/0", "/v1/users/4/permissions", "/v1/users/4/roleSettings"] {
            assert_eq!(carried_out(&mut company, "GET", target, ""), Err(Fault::NoUser), "{target}");
        }
        let put = carried_out(&mut company, "PUT", "/v1/users/4", r#"{"active_flag":true}"#);
        assert_eq!(put, Err(Fault::NoUser));
        let followers = carried_out(&mut company, "GET", "/api/v2/users/4/followers", "");
        assert_eq!(followers, Err(Fault::NoUserV2));
        let wrong = carried_out(&mut company, "GET", "/v1/users/x", "");
        assert_eq!(wrong, Err(invalid(r#""id" must be a number"#)));
    }

    #[test]
    fn the_founders_followers_come_page_by_page() {
        let mut company = Company::found(25, 7);
        let mut target = "/api/v2/users/1/followers?limit=10".to_owned();
        let mut seen = Vec::new();
        loop {
            let call = route("GET", &target).expect("a route");
            let text = carry_out(&mut company, &call, 1, "", NOW).expect("a page");
            let answer: Value = serde_json::from_str(&text).expect("JSON");
            let page = answer["data"].as_array().expect("a list").iter();
            seen.extend(page.filter_map(|follower| follower["user_id"].as_u64()));
            let Some(cursor) = answer["additional_data"]["next_cursor"].as_str() else { break };
            target = format!("/api/v2/users/1/followers?limit=10&cursor={cursor}");
        }
        assert!(seen.iter().copied().eq(2..=25), "{seen:?}");
    }
}
