//! The company and its users.

use super::{
    random::Random,
    roles,
    sample_data::{self, DEFAULT_LOCATION, DOMAIN, Location},
    time::Timestamp,
};
use crate::models::{Access, AccessApp, CurrentUser, Language, User};
use crate::schema::Extra;

/// The last login of a user who was invited and has never logged in.
const NEVER_LOGGED_IN: &str = "0000-00-00 00:00:00";
/// When the company was created, in seconds since the epoch: 1 March 2019.
const COMPANY_CREATED: u64 = 1_551_398_400;
/// Upper bound of the times in the initial records, in seconds since the epoch: 1 October 2025.
const LATEST: u64 = 1_759_276_800;

/// Ids of users who show the variety of real records. A company with fewer users lacks the last of them.
pub(super) mod sample_users {
    /// Created the company, and is an admin.
    pub(in crate::sandbox) const FOUNDER: u64 = 1;
    /// Has an API token and is not an admin.
    pub(super) const NON_ADMIN: u64 = 2;
    /// Was invited and has never logged in.
    pub(super) const INVITED: u64 = 3;
    /// Is deactivated, and not deleted.
    pub(super) const DEACTIVATED: u64 = 4;
    /// Is deactivated and deleted.
    pub(super) const DELETED: u64 = 5;
    /// Has access to the newest app, Nova.
    pub(super) const NOVA: u64 = 6;
}

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

    fn generate_user(&self, id: u64, (name, email): (String, String), mut random: Random) -> User {
        let location = if id == sample_users::FOUNDER {
            &DEFAULT_LOCATION
        } else {
            sample_data::location(random.next_u64())
        };
        let created = if id == sample_users::FOUNDER {
            COMPANY_CREATED
        } else {
            COMPANY_CREATED + random.below(LATEST - COMPANY_CREATED)
        };
        let last_login = created + random.below(LATEST - created + 1);
        let modified = created + random.below(last_login - created + 1);
        let is_admin = id == sample_users::FOUNDER || (id > sample_users::NOVA && random.one_in(8));
        let invited = id == sample_users::INVITED;
        User {
            phone: (!random.one_in(3)).then(|| random_phone(location, &mut random)),
            icon_url: random.one_in(2).then(|| random_picture_url(&mut random)),
            activated: Some(!invited),
            last_login: Some(if invited {
                NEVER_LOGGED_IN.to_owned()
            } else {
                Timestamp::from_seconds(last_login).format_v1()
            }),
            created: Timestamp::from_seconds(created).format_v1(),
            modified: (!invited).then(|| Timestamp::from_seconds(modified).format_v1()),
            has_created_company: id == sample_users::FOUNDER,
            access: Some(self.default_access(id, is_admin, &mut random)),
            active_flag: id != sample_users::DEACTIVATED && id != sample_users::DELETED,
            role_id: if id == sample_users::FOUNDER {
                roles::TOP
            } else {
                roles::below_top(random.next_u64())
            },
            is_deleted: Some(id == sample_users::DELETED),
            ..default_user(id, name, email, location)
        }
    }

    fn default_access(&self, id: u64, is_admin: bool, random: &mut Random) -> Vec<Access> {
        let mut apps = vec![AccessApp::Sales, AccessApp::Global];
        if is_admin {
            apps.push(AccessApp::AccountSettings);
        }
        if id != sample_users::NON_ADMIN && random.one_in(4) {
            apps.extend([AccessApp::Campaigns, AccessApp::Projects]);
        }
        if id == sample_users::NOVA {
            apps.push(AccessApp::Nova);
        }
        apps.into_iter().map(|app| self.access(app, is_admin)).collect()
    }

    /// Returns an access entry. All admins of an app share a permission set, and so do all its other users.
    fn access(&self, app: AccessApp, admin: bool) -> Access {
        let mut random = Random::new(self.seed, app.as_str()).for_id(admin.into());
        Access { app, admin, permission_set_id: random.uuid(), extra: Extra::new() }
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
        })
    }
}

/// A user with the defaults that all new users share.
fn default_user(id: u64, name: String, email: String, location: &Location) -> User {
    User {
        id,
        name,
        default_currency: location.currency.to_owned(),
        locale: location.locale.to_owned(),
        lang: location.lang,
        email,
        phone: None,
        activated: None,
        last_login: None,
        created: String::new(),
        modified: None,
        has_created_company: false,
        access: None,
        active_flag: true,
        timezone_name: location.timezone.to_owned(),
        timezone_offset: Some(location.offset.to_owned()),
        role_id: roles::TOP,
        icon_url: None,
        is_you: false,
        is_deleted: Some(false),
        is_admin: None,
        signup_flow_variation: None,
        extra: Extra::new(),
    }
}

fn random_phone(location: &Location, random: &mut Random) -> String {
    format!("{} 555 {:04}", location.calling_code, random.below(10_000))
}

fn random_picture_url(random: &mut Random) -> String {
    format!("https://pictures.{DOMAIN}/profile_120x120_{}.jpg", random.hex(32))
}

fn index_of(id: u64) -> Option<usize> {
    usize::try_from(id.checked_sub(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_225_600);

    #[test]
    fn sample_users_have_their_special_properties() {
        let company = Company::new(25, 7);
        let user = |id| company.user(id).expect("a user");
        assert!(user(sample_users::FOUNDER).has_created_company);
        assert!(user(sample_users::NON_ADMIN).access.iter().flatten().all(|access| !access.admin));
        assert_eq!(user(sample_users::INVITED).last_login.as_deref(), Some(NEVER_LOGGED_IN));
        assert_eq!(user(sample_users::INVITED).activated, Some(false));
        assert!(
            !user(sample_users::DEACTIVATED).active_flag
                && user(sample_users::DEACTIVATED).is_deleted == Some(false)
        );
        assert_eq!(user(sample_users::DELETED).is_deleted, Some(true));
        assert!(user(sample_users::NOVA).access.iter().flatten().any(|access| access.app == AccessApp::Nova));
        assert!(company.user(0).is_none() && company.user(26).is_none());
    }

    #[test]
    fn optional_members_vary_between_users() {
        for seed in [0, 7, 1_000_003] {
            let company = Company::new(25, seed);
            let some = |is: fn(&User) -> bool| {
                let count = company.users.iter().filter(|user| is(user)).count();
                assert!((1..25).contains(&count), "{count}");
            };
            some(|user| user.icon_url.is_some());
            some(|user| user.phone.is_some());
            some(|user| user.locale == "es_ES");
            some(|user| user.locale == "fr_FR");
            some(|user| user.locale.starts_with("en_"));
            some(|user| user.access.iter().flatten().any(|access| access.app == AccessApp::AccountSettings));
        }
    }

    #[test]
    fn users_do_not_depend_on_the_size_of_the_company() {
        let (small, large) = (Company::new(3, 7), Company::new(30, 7));
        assert_eq!(small.users, large.users[..3]);
    }

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
