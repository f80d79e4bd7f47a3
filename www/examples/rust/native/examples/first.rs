//! The first program of the crate's front page: `PIPEDRIVE_API_TOKEN=… cargo run -p native --example first`.

use pipedrive_users::config::Credential;
use pipedrive_users::transport::Reqwest;
use pipedrive_users::{Client, Config, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let token = std::env::var("PIPEDRIVE_API_TOKEN").unwrap_or_default();
    let client = Client::new(Config::new(Credential::api_token(&token)?), Reqwest::new()?);
    let me = client.get_current_user().await?;
    println!("{} of {}", me.name, me.company_name);
    for follower in client.get_user_followers(me.id).limit(500).pages().collect(1_000).await? {
        println!("followed by user {}", follower.user_id);
    }
    Ok(())
}
