//! The company and its users.

mod records;

pub(super) use records::sample_users;

use records::{NEVER_LOGGED_IN, default_user};

use super::{
    random::Random,
    sample_data::{self, DEFAULT_LOCATION},
    time::Timestamp,
};
use crate::models::{Access, AccessApp, CurrentUser, Language, User};
use crate::schema::Extra;

/// A company. The ids of its users start at 1 and have no gaps.
#[derive(Debug)]
pub(super) struct Company {
    users: Vec<User>,
    seed: u64,
    /// Number of generated users; their ids are `1..=initial_users`.
    initial_users: u64,
    id: u64,
}

impl Company {
    /// Generates a company from a seed.
    pub(super) fn new(users: u32, seed: u64) -> Self {
        let initial_users = u64::from(users);
        let mut company = Self {
            users: Vec::new(),
            seed,
            initial_users,
            id: 10_000_000 + Random::new(seed, "company").below(1 << 20),
        };
        // A different seed gives different names.
        let first_person = Random::new(seed, "names").below(600);
        let random = Random::new(seed, "users");
        company.users = (1..=initial_users)
            .map(|id| company.generate_user(id, sample_data::person(first_person + id), random.for_id(id)))
            .collect();
        company
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    /// Number of users generated at the start. Users added later neither follow nor are followed.
    pub(super) const fn initial_users(&self) -> u64 {
        self.initial_users
    }

    pub(super) fn user(&self, id: u64) -> Option<&User> {
        self.users.get(index_of(id)?)
    }

    pub(super) fn user_mut(&mut self, id: u64) -> Option<&mut User> {
        self.users.get_mut(index_of(id)?)
    }

    pub(super) fn id_by_email(&self, email: &str) -> Option<u64> {
        self.users.iter().find(|user| user.email.eq_ignore_ascii_case(email)).map(|user| user.id)
    }

    pub(super) fn users(&self) -> &[User] {
        &self.users
    }

    /// Calls `read` while `is_you` is set on the caller's record. This is the only member that depends on the caller;
    /// setting it temporarily avoids copying the records.
    pub(super) fn with_is_you<T>(&mut self, caller: u64, read: impl FnOnce(&Self) -> T) -> T {
        self.set_is_you(caller, true);
        let result = read(self);
        self.set_is_you(caller, false);
        result
    }

    fn set_is_you(&mut self, user_id: u64, is_you: bool) {
        if let Some(user) = self.user_mut(user_id) {
            user.is_you = is_you;
        }
    }

    /// Adds an invited user and returns their id.
    pub(super) fn invite(
        &mut self,
        email: &str,
        access: Option<Vec<Access>>,
        active: bool,
        now: Timestamp,
    ) -> u64 {
        let id = self.users.len() as u64 + 1;
        let mut access = access.unwrap_or_else(|| vec![self.access(AccessApp::Sales, false)]);
        for entry in access.iter_mut().filter(|entry| entry.permission_set_id.is_empty()) {
            *entry = self.access(entry.app.clone(), entry.admin);
        }
        let name = email.split('@').next().unwrap_or_default().to_owned();
        self.users.push(User {
            activated: Some(false),
            last_login: Some(NEVER_LOGGED_IN.to_owned()),
            created: now.format_v1(),
            modified: Some(now.format_v1()),
            access: Some(access),
            active_flag: active,
            ..default_user(id, name, email.to_owned(), &DEFAULT_LOCATION)
        });
        id
    }

    /// Returns a user's record together with the company, as `GET /users/me` does.
    pub(super) fn current_user(&self, id: u64) -> Option<CurrentUser> {
        let user = self.user(id)?.clone();
        let (language, country) = user.locale.split_once('_')?;
        let language = Language {
            language_code: language.to_owned(),
            country_code: country.to_owned(),
            extra: Extra::new(),
            unfit: Extra::new(),
        };
        Some(CurrentUser {
            id: user.id,
            name: user.name,
            default_currency: user.default_currency,
            locale: user.locale,
            lang: user.lang,
            email: user.email,
            phone: user.phone,
            activated: user.activated,
            last_login: user.last_login,
            created: user.created,
            modified: user.modified,
            has_created_company: user.has_created_company,
            access: user.access,
            active_flag: user.active_flag,
            timezone_name: user.timezone_name,
            timezone_offset: user.timezone_offset,
            role_id: user.role_id,
            icon_url: user.icon_url,
            is_you: true,
            is_deleted: user.is_deleted,
            is_admin: user.is_admin,
            signup_flow_variation: user.signup_flow_variation,
            company_id: self.id,
            company_name: "Casino Royale".to_owned(),
            company_domain: "casinoroyale".to_owned(),
            company_country: Some("EE".to_owned()),
            company_industry: Some("Hospitality".to_owned()),
            language,
            extra: user.extra,
            unfit: Extra::new(),
        })
    }
}

fn index_of(id: u64) -> Option<usize> {
    usize::try_from(id.checked_sub(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    #[test]
    fn is_you_is_set_only_for_the_caller() {
        let mut company = Company::new(3, 7);
        let you = |company: &Company| {
            let users = company.users().iter();
            users.filter(|user| user.is_you).map(|user| user.id).collect::<Vec<_>>()
        };
        assert_eq!(company.with_is_you(2, you), [2]);
        assert_eq!(company.with_is_you(1, you), [1]);
    }

    #[test]
    fn invited_user_gets_the_defaults() {
        let mut company = Company::new(3, 7);
        let entry = Access {
            app: AccessApp::Projects,
            admin: true,
            permission_set_id: String::new(),
            extra: Extra::new(),
            unfit: Extra::new(),
        };
        let id = company.invite("new.one@casinoroyale.example", Some(vec![entry]), false, NOW);
        let user = company.user(id).expect("added");
        assert_eq!((user.id, user.name.as_str(), user.active_flag), (4, "new.one", false));
        assert_eq!(user.created, "2026-01-01 00:00:00");
        let access = user.access.as_ref().expect("access");
        assert_eq!((access.len(), access[0].permission_set_id.len()), (1, 36));
        assert_eq!(company.id_by_email("NEW.one@casinoroyale.example"), Some(id));
        let id = company.invite("other@casinoroyale.example", None, true, NOW);
        let access = company.user(id).and_then(|user| user.access.as_ref()).expect("the default");
        assert_eq!((&access[0].app, access[0].admin), (&AccessApp::Sales, false));
    }

    #[test]
    fn current_user_includes_the_company() {
        let company = Company::new(3, 7);
        let me = company.current_user(1).expect("user 1");
        assert!(me.is_you);
        assert_eq!(me.company_domain, "casinoroyale");
        assert_eq!((me.language.language_code.as_str(), me.language.country_code.as_str()), ("en", "US"));
    }
}
