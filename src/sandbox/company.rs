//! The company and its users: who is there from the start, and how one is added or looked at.

use super::{
    names::{self, DOMAIN, HOME, ParamLocation},
    random::Random,
    roles,
    time::Moment,
};
use crate::models::{Access, AccessApp, CurrentUser, Language, User};
use crate::schema::Extra;

/// What a user who was invited and never came has for a last login.
const NEVER: &str = "0000-00-00 00:00:00";
/// When the company was founded: 1 March 2019.
const FOUNDED: u64 = 1_551_398_400;
/// No record is younger at the start: 1 October 2025.
const NEWEST: u64 = 1_759_276_800;

/// The users who are there to show what records can be like. Small companies do without the last of them.
pub(super) mod cast {
    pub(in crate::sandbox) const FOUNDER: u64 = 1;
    /// Has a token and no rights.
    pub(super) const NO_ADMIN: u64 = 2;
    /// Never logged in.
    pub(super) const INVITED: u64 = 3;
    pub(super) const DEACTIVATED: u64 = 4;
    pub(super) const DELETED: u64 = 5;
    /// Has the newest app.
    pub(super) const NOVA: u64 = 6;
}

/// A company: its users, by their ids, which begin at 1 and have no gaps.
#[derive(Debug)]
pub(super) struct Company {
    users: Vec<User>,
    seed: u64,
    /// How many users were there from the start.
    founded_with: u64,
    id: u64,
}

impl Company {
    pub(super) fn found(users: u32, seed: u64) -> Self {
        let founded_with = u64::from(users);
        let mut company = Self {
            users: Vec::new(),
            seed,
            founded_with,
            id: 10_000_000 + Random::of(seed, "company").below(1 << 20),
        };
        // Where in the list of names the company begins.
        let first_name = Random::of(seed, "names").below(600);
        let random = Random::of(seed, "users");
        company.users = (1..=founded_with)
            .map(|id| company.seeded(id, names::person(first_name + id), random.for_id(id)))
            .collect();
        company
    }

    fn seeded(&self, id: u64, (name, email): (String, String), mut random: Random) -> User {
        let place = if id == cast::FOUNDER { &HOME } else { names::place(random.draw()) };
        let created = if id == cast::FOUNDER { FOUNDED } else { FOUNDED + random.below(NEWEST - FOUNDED) };
        let last_login = created + random.below(NEWEST - created + 1);
        let modified = created + random.below(last_login - created + 1);
        let is_admin = id == cast::FOUNDER || (id > cast::NOVA && random.once_in(8));
        let invited = id == cast::INVITED;
        User {
            phone: (!random.once_in(3)).then(|| phone(place, &mut random)),
            icon_url: random.once_in(2).then(|| picture(&mut random)),
            activated: Some(!invited),
            last_login: Some(if invited { NEVER.to_owned() } else { Moment::from_seconds(last_login).v1() }),
            created: Moment::from_seconds(created).v1(),
            modified: (!invited).then(|| Moment::from_seconds(modified).v1()),
            has_created_company: id == cast::FOUNDER,
            access: Some(self.usual_access(id, is_admin, &mut random)),
            active_flag: id != cast::DEACTIVATED && id != cast::DELETED,
            role_id: if id == cast::FOUNDER { roles::TOP } else { roles::below_top(random.draw()) },
            is_deleted: Some(id == cast::DELETED),
            ..blank(id, name, email, place)
        }
    }

    fn usual_access(&self, id: u64, is_admin: bool, random: &mut Random) -> Vec<Access> {
        let mut apps = vec![AccessApp::Sales, AccessApp::Global];
        if is_admin {
            apps.push(AccessApp::AccountSettings);
        }
        if id != cast::NO_ADMIN && random.once_in(4) {
            apps.extend([AccessApp::Campaigns, AccessApp::Projects]);
        }
        if id == cast::NOVA {
            apps.push(AccessApp::Nova);
        }
        apps.into_iter().map(|app| self.access(app, is_admin)).collect()
    }

    /// Access to an app, with the permission set that its admins or its other users have.
    fn access(&self, app: AccessApp, admin: bool) -> Access {
        let mut random = Random::of(self.seed, app.as_str()).for_id(admin.into());
        Access { app, admin, permission_set_id: random.uuid(), extra: Extra::new() }
    }

    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many users were there from the start; later ones neither follow nor are followed.
    pub(super) const fn founded_with(&self) -> u64 {
        self.founded_with
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

    /// Lends the company as one of its users sees it: `is_you` is the only member that depends on the token, so it is
    /// set for the time of the look, and no record is copied.
    pub(super) fn seen_by<T>(&mut self, viewer: u64, look: impl FnOnce(&Self) -> T) -> T {
        self.mark(viewer, true);
        let seen = look(self);
        self.mark(viewer, false);
        seen
    }

    fn mark(&mut self, viewer: u64, is_you: bool) {
        if let Some(user) = self.user_mut(viewer) {
            user.is_you = is_you;
        }
    }

    /// Invites a person, and gives the id of the new record.
    pub(super) fn invite(
        &mut self,
        email: &str,
        access: Option<Vec<Access>>,
        active: bool,
        now: Moment,
    ) -> u64 {
        let id = self.users.len() as u64 + 1;
        let mut access = access.unwrap_or_else(|| vec![self.access(AccessApp::Sales, false)]);
        for entry in access.iter_mut().filter(|entry| entry.permission_set_id.is_empty()) {
            *entry = self.access(entry.app.clone(), entry.admin);
        }
        let name = email.split('@').next().unwrap_or_default().to_owned();
        self.users.push(User {
            activated: Some(false),
            last_login: Some(NEVER.to_owned()),
            created: now.v1(),
            modified: Some(now.v1()),
            access: Some(access),
            active_flag: active,
            ..blank(id, name, email.to_owned(), &HOME)
        });
        id
    }

    /// The record of the token's own user, with the company.
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

/// A record with what every new one has.
fn blank(id: u64, name: String, email: String, place: &ParamLocation) -> User {
    User {
        id,
        name,
        default_currency: place.currency.to_owned(),
        locale: place.locale.to_owned(),
        lang: place.lang,
        email,
        phone: None,
        activated: None,
        last_login: None,
        created: String::new(),
        modified: None,
        has_created_company: false,
        access: None,
        active_flag: true,
        timezone_name: place.timezone.to_owned(),
        timezone_offset: Some(place.offset.to_owned()),
        role_id: roles::TOP,
        icon_url: None,
        is_you: false,
        is_deleted: Some(false),
        is_admin: None,
        signup_flow_variation: None,
        extra: Extra::new(),
    }
}

fn phone(place: &ParamLocation, random: &mut Random) -> String {
    format!("{} 555 {:04}", place.dial, random.below(10_000))
}

fn picture(random: &mut Random) -> String {
    format!("https://pictures.{DOMAIN}/profile_120x120_{}.jpg", random.hex(32))
}

fn index_of(id: u64) -> Option<usize> {
    usize::try_from(id.checked_sub(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_seconds(1_767_225_600);

    #[test]
    fn the_cast_is_there() {
        let company = Company::found(25, 7);
        let user = |id| company.user(id).expect("a user");
        assert!(user(cast::FOUNDER).has_created_company);
        assert!(user(cast::NO_ADMIN).access.iter().flatten().all(|access| !access.admin));
        assert_eq!(user(cast::INVITED).last_login.as_deref(), Some(NEVER));
        assert_eq!(user(cast::INVITED).activated, Some(false));
        assert!(!user(cast::DEACTIVATED).active_flag && user(cast::DEACTIVATED).is_deleted == Some(false));
        assert_eq!(user(cast::DELETED).is_deleted, Some(true));
        assert!(user(cast::NOVA).access.iter().flatten().any(|access| access.app == AccessApp::Nova));
        assert!(company.user(0).is_none() && company.user(26).is_none());
    }

    #[test]
    fn records_differ_where_real_ones_do() {
        for seed in [0, 7, 1_000_003] {
            let company = Company::found(25, seed);
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
    fn a_larger_company_begins_with_the_same_people() {
        let (small, large) = (Company::found(3, 7), Company::found(30, 7));
        assert_eq!(small.users, large.users[..3]);
    }

    #[test]
    fn only_the_viewer_is_you_and_only_for_a_look() {
        let mut company = Company::found(3, 7);
        let you = |company: &Company| {
            let users = company.users().iter();
            users.filter(|user| user.is_you).map(|user| user.id).collect::<Vec<_>>()
        };
        assert_eq!(company.seen_by(2, you), [2]);
        assert_eq!(company.seen_by(1, you), [1]);
    }

    #[test]
    fn who_is_invited_gets_the_company_defaults() {
        let mut company = Company::found(3, 7);
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
        let access = user.access.as_ref().expect("given");
        assert_eq!((access.len(), access[0].permission_set_id.len()), (1, 36));
        assert_eq!(company.id_by_email("NEW.one@casinoroyale.example"), Some(id));
        let id = company.invite("other@casinoroyale.example", None, true, NOW);
        let access = company.user(id).and_then(|user| user.access.as_ref()).expect("the default");
        assert_eq!((&access[0].app, access[0].admin), (&AccessApp::Sales, false));
    }

    #[test]
    fn the_current_user_has_the_company() {
        let company = Company::found(3, 7);
        let me = company.current_user(1).expect("user 1");
        assert!(me.is_you);
        assert_eq!(me.company_domain, "casinoroyale");
        assert_eq!((me.language.language_code.as_str(), me.language.country_code.as_str()), ("en", "US"));
    }
}
