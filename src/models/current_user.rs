//! The current user.

use super::{Access, NumericFlag};

user_model! {
    /// The owner of the token used for the call, and the company that the token belongs to.
    ///
    /// It has all members of `User`, and those of the company. [`identity_key`](crate::models::CurrentUser::identity_key) returns its unique account key.
    pub struct CurrentUser {

        /// The id of the company. Only together with `id` does it identify an account.
        required company_id: u64,
        /// The name of the company.
        required company_name: String,
        /// The subdomain of the company in `https://{company_domain}.pipedrive.com`.
        required company_domain: String,
        /// The country of the company, an ISO 3166 code such as `EE`. Missing in records of 2018.
        optional company_country: String,
        /// The industry of the company, free text. Missing in records of 2018.
        optional company_industry: String,
        /// The language of the user interface, see [`language_tag`](crate::models::CurrentUser::language_tag).
        required language: Language,
    }
}

model! {
    /// The language of a user's interface. Only the current user's record has it.
    pub struct Language {
        /// The language, an ISO 639 code such as `en`.
        required language_code: String,
        /// The country, an ISO 3166 code such as `US`.
        required country_code: String,
    }
}
