//! The records of a new company's users, generated from its seed.

use super::Company;
use crate::models::{Access, AccessApp, User};
use crate::sandbox::random::Random;
use crate::sandbox::roles;
use crate::sandbox::sample_data::{self, DEFAULT_LOCATION, DOMAIN, Location};
use crate::sandbox::time::Timestamp;
use crate::schema::Extra;

/// The last login of a user who was invited and has never logged in.
pub(super) const NEVER_LOGGED_IN: &str = "0000-00-00 00:00:00";
/// When the company was created, in seconds since the epoch: 1 March 2019.
const COMPANY_CREATED: u64 = 1_551_398_400;
/// Upper bound of the times in the initial records, in seconds since the epoch: 1 October 2025.
const LATEST: u64 = 1_759_276_800;

/// Ids of users who show the variety of real records. A company with fewer users lacks the last of them.
pub(in crate::sandbox) mod sample_users {
    /// Created the company, and is an admin.
    pub(in crate::sandbox) const FOUNDER: u64 = 1;
    /// Has an API token and is not an admin.
    pub(in crate::sandbox) const NON_ADMIN: u64 = 2;
    /// Was invited and has never logged in.
    pub(in crate::sandbox) const INVITED: u64 = 3;
    /// Is deactivated, and not deleted.
    pub(in crate::sandbox) const DEACTIVATED: u64 = 4;
    /// Is deactivated and deleted.
    pub(in crate::sandbox) const DELETED: u64 = 5;
    /// Has access to the newest app, Nova.
    pub(in crate::sandbox) const NOVA: u64 = 6;
}

impl Company {
    pub(super) fn generate_user(&self, id: u64, (name, email): (String, String), mut random: Random) -> User {
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
    pub(super) fn access(&self, app: AccessApp, admin: bool) -> Access {
        let mut random = Random::new(self.seed, app.as_str()).for_id(admin.into());
        Access { app, admin, permission_set_id: random.uuid(), extra: Extra::new(), unfit: Extra::new() }
    }
}

/// A user with the defaults that all new users share.
pub(super) fn default_user(id: u64, name: String, email: String, location: &Location) -> User {
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
        unfit: Extra::new(),
    }
}

fn random_phone(location: &Location, random: &mut Random) -> String {
    format!("{} 555 {:04}", location.calling_code, random.below(10_000))
}

fn random_picture_url(random: &mut Random) -> String {
    format!("https://pictures.{DOMAIN}/profile_120x120_{}.jpg", random.hex(32))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
