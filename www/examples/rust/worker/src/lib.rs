//! A Worker that returns the name of a user: `GET /users/7`. Its secret `PIPEDRIVE_API_TOKEN` is the token.

use pipedrive_users::config::Credential;
use pipedrive_users::error::Kind;
use pipedrive_users::transport::Fetch;
use pipedrive_users::{Client, Config, Error};
use serde_json::json;
use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let path = request.path();
    let Some(id) = path.strip_prefix("/users/").and_then(|id| id.parse().ok()) else {
        return Response::error("not found", 404);
    };
    let token = env.secret("PIPEDRIVE_API_TOKEN")?.to_string();
    match name(&token, id).await {
        Ok(name) => Response::from_json(&json!({ "name": name })),
        Err(error) => Response::error(error.to_string(), status(&error)),
    }
}

async fn name(token: &str, id: u64) -> pipedrive_users::Result<String> {
    // One client a request: in a Worker, I/O belongs to the request that began it.
    let client = Client::new(Config::new(Credential::api_token(token)?), Fetch::default());
    Ok(client.get_user(id).max_retries(1).await?.name)
}

fn status(error: &Error) -> u16 {
    match error.kind() {
        Kind::Argument => 400,
        Kind::NotFound => 404,
        Kind::RateLimit => 429,
        _ => 502,
    }
}
