//! A panel that lists users: `trunk serve`. The backend behind `/pipedrive` adds the token.

use pipedrive_users::models::User;
use pipedrive_users::transport::Fetch;
use pipedrive_users::{Client, Config, Result};
use yew::platform::spawn_local;
use yew::prelude::*;

async fn load() -> Result<Vec<User>> {
    let config = Config::builder().base_url("https://backend.example/pipedrive").build()?;
    Client::new(config, Fetch::default()).get_users().await
}

#[function_component]
fn Users() -> Html {
    let users = use_state(|| None::<Result<Vec<User>>>);
    let loaded = users.clone();
    use_effect_with((), move |()| spawn_local(async move { loaded.set(Some(load().await)) }));
    match &*users {
        None => html! { <p>{ "Loading…" }</p> },
        Some(Err(error)) if error.is_rate_limit() => html! { <p>{ "Too many calls: try again soon." }</p> },
        Some(Err(error)) => html! { <p>{ error.to_string() }</p> },
        Some(Ok(users)) => html! {
            <ul>{ for users.iter().map(|user| html! { <li key={user.id}>{ &user.name }</li> }) }</ul>
        },
    }
}

fn main() {
    yew::Renderer::<Users>::new().render();
}
