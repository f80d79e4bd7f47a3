//! `POST /v1/users`: cost 10, scope `admin`.

use serde_json::Value;

use crate::client::Call;
use crate::client::Client;
use crate::schema::{ResponseKind, Endpoint, ParamKind, Method, Param, ParamLocation, Reference, Scope};
use crate::models::{AccessApp, User};
use crate::schema::HasSchema;
use crate::transport::Runtime;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    operation: "addUser",
    method: Method::Post,
    path: "/v1/users",
    cost: 10,
    scope: Scope::Admin,
    params: &[
        Param { name: "email", wire: "email", location: ParamLocation::Body, kind: ParamKind::Email, required: true },
        Param { name: "access", wire: "access", location: ParamLocation::Body, kind: ParamKind::Access, required: false },
        Param {
            name: "active_flag",
            wire: "active_flag",
            location: ParamLocation::Body,
            kind: ParamKind::Boolean,
            required: false,
        },
    ],
    response: ResponseKind::Object,
};

/// Its reference text.
pub static REFERENCE: Reference = Reference {
    summary: "Adds a user to the company.",
    notes: "It invites a person and may be billed as a seat, so it is sent a second time only when the first surely was not processed. An address that is already a user returns, as others report, that user and no error.",
    params: &[
        ("email", "The e-mail address to invite."),
        ("access", "The access to give, an entry per app. Default: `[{ app: \"sales\" }]`."),
        ("active_flag", "Whether the user is active. Default: true."),
    ],
    data: User::SCHEMA,
};

impl<R: Runtime> Client<R> {
    /// Adds a user: `POST /v1/users`, cost 10. It invites a person and may be billed as a seat.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// use pipedrive_users::api::add_user::NewUser;
    ///
    /// let user = client.add_user(NewUser::new("q@mi6.example")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_user(&self, user: NewUser) -> Call<R, User> {
        let NewUser { email, access, active_flag } = user;
        let access = access.map(|entries| entries.into_iter().map(Value::from).collect::<Vec<_>>());
        self.to(
            &ENDPOINT,
            vec![("email", email.into()), ("access", access.into()), ("active_flag", active_flag.into())],
        )
    }
}

/// A user to add.
///
/// ```
/// use pipedrive_users::api::add_user::{NewAccess, NewUser};
/// use pipedrive_users::models::AccessApp;
///
/// let user = NewUser::new("q@mi6.example")
///     .access([NewAccess::new(AccessApp::Sales).admin(true)])
///     .active_flag(false);
/// assert_eq!(user.active_flag, Some(false));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NewUser {
    /// The e-mail address to invite.
    pub email: String,
    /// The access to give, an entry per app; without it, Pipedrive gives access to sales.
    pub access: Option<Vec<NewAccess>>,
    /// Whether the user is active; without it, yes.
    pub active_flag: Option<bool>,
}

impl NewUser {
    /// A user to invite at this address.
    ///
    /// ```
    /// # use pipedrive_users::api::add_user::NewUser;
    /// let user = NewUser::new("q@mi6.example");
    /// ```
    #[must_use]
    pub fn new(email: impl Into<String>) -> Self {
        Self { email: email.into(), ..Self::default() }
    }

    /// Sets the access to give, an entry per app.
    ///
    /// ```
    /// # use pipedrive_users::api::add_user::{NewAccess, NewUser};
    /// # use pipedrive_users::models::AccessApp;
    /// let user = NewUser::new("q@mi6.example").access([NewAccess::new(AccessApp::Campaigns)]);
    /// ```
    #[must_use]
    pub fn access(self, entries: impl IntoIterator<Item = NewAccess>) -> Self {
        Self { access: Some(entries.into_iter().collect()), ..self }
    }

    /// Sets whether the user is active.
    ///
    /// ```
    /// # use pipedrive_users::api::add_user::NewUser;
    /// let user = NewUser::new("q@mi6.example").active_flag(false);
    /// ```
    #[must_use]
    pub fn active_flag(self, is_active: bool) -> Self {
        Self { active_flag: Some(is_active), ..self }
    }
}

/// The access to one app, as a new user is given it. See [`NewUser`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewAccess {
    /// The app.
    pub app: AccessApp,
    /// Whether the user administers it.
    pub admin: Option<bool>,
    /// The id of a permission set.
    pub permission_set_id: Option<String>,
}

impl NewAccess {
    /// The access to an app.
    ///
    /// ```
    /// # use pipedrive_users::api::add_user::NewAccess;
    /// # use pipedrive_users::models::AccessApp;
    /// let access = NewAccess::new(AccessApp::Sales);
    /// ```
    #[must_use]
    pub const fn new(app: AccessApp) -> Self {
        Self { app, admin: None, permission_set_id: None }
    }

    /// Sets whether the user administers the app.
    ///
    /// ```
    /// # use pipedrive_users::api::add_user::NewAccess;
    /// # use pipedrive_users::models::AccessApp;
    /// let access = NewAccess::new(AccessApp::Sales).admin(true);
    /// ```
    #[must_use]
    pub fn admin(self, is_admin: bool) -> Self {
        Self { admin: Some(is_admin), ..self }
    }

    /// Sets the permission set.
    ///
    /// ```
    /// # use pipedrive_users::api::add_user::NewAccess;
    /// # use pipedrive_users::models::AccessApp;
    /// let access = NewAccess::new(AccessApp::Sales).permission_set_id("62cc4d7f");
    /// ```
    #[must_use]
    pub fn permission_set_id(self, id: impl Into<String>) -> Self {
        Self { permission_set_id: Some(id.into()), ..self }
    }
}

impl From<NewAccess> for Value {
    fn from(access: NewAccess) -> Self {
        let members = [
            ("app", Some(access.app.as_str().into())),
            ("admin", access.admin.map(Self::from)),
            ("permission_set_id", access.permission_set_id.map(Self::from)),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}
