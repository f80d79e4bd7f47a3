//! The page on which a user grants or denies access.

use super::super::company::{Company, sample_users::FOUNDER};
use super::{App, HTML, OAuthResponse};
use crate::models::User;

/// Maximum number of users to choose from.
const MAX_LISTED_USERS: usize = 6;

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#f4f5f7,#16181d)}\
main{box-sizing:border-box;width:min(26rem,100vw);padding:2rem;border-radius:12px;background:light-dark(#fff,#22252c);\
box-shadow:0 1px 4px #0003}\
h1{margin:0 0 .5rem;font-size:1.25rem}p{margin:.5rem 0}ul{margin:.5rem 0;padding-left:1.25rem}\
label{display:block;margin:1rem 0 .25rem;font-weight:600}\
select,button{box-sizing:border-box;width:100%;padding:.6rem;font:inherit;border-radius:8px;border:1px solid #8886}\
footer{display:grid;grid-template-columns:1fr 1fr;gap:.75rem;margin-top:1.5rem}\
.button{padding:.6rem;border-radius:8px;text-align:center;text-decoration:none;background:#1a7f4b;color:#fff}\
button{cursor:pointer}button[value=allow]{border-color:#1a7f4b;background:#1a7f4b;color:#fff}";

/// Returns the page that asks for consent.
pub(super) fn page(app: &App, company: &Company, redirect_uri: &str, state: Option<&str>) -> OAuthResponse {
    let scopes: Vec<_> =
        app.scopes.iter().map(|scope| format!("<li>{}</li>", scope_description(scope))).collect();
    let active = company.users().iter().filter(|user| user.active_flag).take(MAX_LISTED_USERS);
    let option = |user: &User| {
        let (name, email) = (escape_html(&user.name), escape_html(&user.email));
        format!("<option value=\"{}\">{name} ({email})</option>", user.id)
    };
    let users: Vec<_> = active.map(option).collect();
    let company = company.current_user(FOUNDER).map(|user| user.company_name).unwrap_or_default();
    let body = format!(
        "<h1>{name} asks for access</h1><p>to {company} in the sandbox. It may then</p><ul>{scopes}</ul>\
         <form method=\"post\" action=\"/oauth/authorize\">\
         <input type=\"hidden\" name=\"redirect_uri\" value=\"{redirect}\">\
         {state}\
         <label for=\"user\">Answer as</label><select id=\"user\" name=\"user\">{users}</select>\
         <footer><button name=\"answer\" value=\"deny\">Deny</button>\
         <button name=\"answer\" value=\"allow\">Allow and install</button></footer></form>",
        name = escape_html(&app.name),
        company = escape_html(&company),
        redirect = escape_html(redirect_uri),
        state = state.map_or_else(String::new, |state| {
            format!("<input type=\"hidden\" name=\"state\" value=\"{}\">", escape_html(state))
        }),
        scopes = scopes.concat(),
        users = users.concat(),
    );
    html_page(200, &body)
}

/// Returns the Marketplace's page of the app, whose button leads to `target`.
pub(super) fn marketplace_page(app: &App, target: &str, is_own_url: bool) -> OAuthResponse {
    let note = if is_own_url {
        "The button leads to the app's installation URL."
    } else {
        "The app has no installation URL: the button leads to the consent page, and the app's callback gets no state."
    };
    let body = format!(
        "<h1>{name}</h1><p>An app in the sandbox's Marketplace.</p><p>{note}</p>\
         <footer><a class=\"button\" id=\"install\" href=\"{target}\">Install</a></footer>",
        name = escape_html(&app.name),
        target = escape_html(target),
    );
    html_page(200, &body)
}

/// Returns the page that explains why the app cannot be authorized.
pub(super) fn error_page(text: &str) -> OAuthResponse {
    html_page(400, &format!("<h1>This app cannot be authorised</h1><p>{}</p>", escape_html(text)))
}

fn html_page(status: u16, body: &str) -> OAuthResponse {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Pipedrive sandbox</title>\
         <style>{STYLE}</style><main>{body}</main></html>"
    );
    OAuthResponse::new(status, HTML, page)
}

fn scope_description(scope: &str) -> &str {
    match scope {
        "base" => "see who you are",
        "users:read" => "see the users of the company, their roles and permissions",
        _ => "invite and deactivate users",
    }
}

/// Escapes a text for HTML content and attribute values.
fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
