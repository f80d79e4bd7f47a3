//! Prints who administers the sales app: `PIPEDRIVE_API_TOKEN=… cargo run`. `PIPEDRIVE_BASE_URL` names another server, such
//! as the one of `npx pipedrive-users sandbox`.

use std::time::Duration;

use anyhow::Result;
use pipedrive_users::config::Credential;
use pipedrive_users::transport::Reqwest;
use pipedrive_users::{Client, Config};

#[tokio::main]
async fn main() -> Result<()> {
    let mut config = Config::builder()
        .credential(Credential::api_token(&std::env::var("PIPEDRIVE_API_TOKEN")?)?)
        .timeout(Duration::from_secs(10))
        .on_event(|event| eprintln!("{} {:?}", event.operation, event.kind));
    if let Ok(url) = std::env::var("PIPEDRIVE_BASE_URL") {
        config = config.base_url(&url);
    }
    let client = Client::new(config.build()?, Reqwest::new()?);
    // The client can be sent to tasks; its clones share one limit.
    let in_a_task = client.clone();
    let count = tokio::spawn(async move { native::follower_count(&in_a_task, 1).await });
    for name in native::sales_admins(&client).await? {
        println!("{name}");
    }
    println!("{} followers", count.await??);
    Ok(())
}
