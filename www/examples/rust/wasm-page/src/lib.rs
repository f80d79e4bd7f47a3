//! A page without a framework: `wasm-pack build --target web`, then `import init, { show } from "./pkg/wasm_page.js"`.

use pipedrive_users::transport::Fetch;
use pipedrive_users::{Client, Config};
use wasm_bindgen::prelude::*;

/// Shows who is signed in, in the element `#me`. `backend` is the server that adds the token: a page has none.
#[wasm_bindgen]
pub async fn show(backend: String) -> Result<(), JsError> {
    let config = Config::builder().base_url(&backend).build()?;
    let client = Client::new(config, Fetch::default());
    let me = client.get_current_user().await?;
    let document = web_sys::window().and_then(|window| window.document());
    let element = document.and_then(|document| document.get_element_by_id("me"));
    let element = element.ok_or_else(|| JsError::new("there is no #me"))?;
    element.set_text_content(Some(&format!("{} ({})", me.name, me.company_name)));
    Ok(())
}
