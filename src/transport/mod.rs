//! The runtime that the client is put into: a transport, clocks and randomness. Only the implementations of these
//! traits do I/O, read clocks or know JavaScript.
//!
//! | runtime | where | needs |
//! |---|---|---|
//! | `Reqwest` | native programs on tokio | the feature `reqwest` |
//! | `Fetch` | pages and Workers, on `wasm32` | nothing |
//! | `SandboxWorld` | tests, anywhere | the feature `sandbox` |
//!
//! Another one is a type with three traits. [`HeaderList`], `serde_json::Value`, `String` and [`Cause`] are what transports
//! outside JavaScript have for headers, JSON, text and errors:
//!
//! ```
//! use std::time::{Duration, Instant, SystemTime};
//! use pipedrive_users::Timestamp;
//! use pipedrive_users::transport::{
//!     Cause, Clock, HeaderList, Progress, Random, Request, Response, SendError, Transport,
//! };
//!
//! #[derive(Clone)]
//! struct Recorded(Instant);
//!
//! impl Transport for Recorded {
//!     type Text = String;
//!     type Headers = HeaderList;
//!     type Json = serde_json::Value;
//!     type Thrown = Cause;
//!
//!     // Each header of the request stands there once, its name in lower case.
//!     async fn send(&self, request: Request) -> Result<Response<Self>, SendError<Self>> {
//!         if request.url.ends_with("/v1/users") {
//!             let body = r#"{"success":true,"data":[]}"#.to_owned();
//!             return Ok(Response { status: 200, headers: HeaderList::default(), body });
//!         }
//!         let cause = Cause::new("nothing was recorded");
//!         Err(SendError { progress: Progress::NotSent, head: None, cause })
//!     }
//!
//!     fn parse_json(text: &String) -> Option<serde_json::Value> {
//!         serde_json::from_str(text).ok()
//!     }
//! }
//!
//! impl Clock for Recorded {
//!     fn now(&self) -> Duration {
//!         self.0.elapsed()
//!     }
//!     fn wall(&self) -> Timestamp {
//!         SystemTime::now().into()
//!     }
//!     async fn sleep(&self, duration: Duration) {
//!         # std::future::ready(duration).await;
//!         # /*
//!         tokio::time::sleep(duration).await
//!         # */
//!     }
//! }
//!
//! impl Random for Recorded {
//!     fn random(&self) -> f64 {
//!         0.5
//!     }
//! }
//!
//! use pipedrive_users::{Client, Config};
//! let client = Client::new(Config::builder().build()?, Recorded(Instant::now()));
//! # Ok::<(), pipedrive_users::Error>(())
//! ```
//!
//! [`Transport`], [`Clock`] and [`Random`] are for programs to implement: a new method of theirs has a default, or comes with a
//! major version. [`Headers`], [`JsonRef`], [`Json`], [`Thrown`] and [`Text`] are implemented in this crate for its two kinds
//! of runtimes; minor versions may add to them.
//!
//! Outside WebAssembly everything has to be `Send` and `Sync`, so that a client can be used by all threads of a program; in
//! WebAssembly nothing has to be.

#[cfg(target_arch = "wasm32")]
mod body_stream;
#[cfg(target_arch = "wasm32")]
mod fetch;
#[cfg(target_arch = "wasm32")]
mod js;
#[cfg(target_arch = "wasm32")]
mod js_thrown;
mod memory;
#[cfg(any(target_arch = "wasm32", test))]
mod monotonic;
#[cfg(all(feature = "reqwest", not(target_arch = "wasm32")))]
mod reqwest;
#[cfg(feature = "sandbox")]
mod sandbox_runtime;
#[cfg(target_arch = "wasm32")]
mod timer;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::platform::timestamp::Timestamp;
use crate::schema::Method;
use crate::text::Text;

pub use crate::error::{Cause, Thrown};
pub use crate::platform::sync::{BoxFuture, SendOutsideWasm, SyncOutsideWasm};
#[cfg(target_arch = "wasm32")]
pub use fetch::Fetch;
#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
pub(crate) use fetch::{InFlight, Next};
#[cfg(target_arch = "wasm32")]
pub use js::{JsHeaders, JsText};
#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
pub(crate) use js::{entries, member, method, reflect_set, text_entries};
#[cfg(target_arch = "wasm32")]
pub use js_thrown::JsThrown;
pub use memory::HeaderList;
#[cfg(all(feature = "reqwest", not(target_arch = "wasm32")))]
pub use reqwest::Reqwest;
#[cfg(feature = "sandbox")]
pub use sandbox_runtime::{SandboxWorld, Scripted};
#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
pub(crate) use timer::LONGEST_TIMER_MS;

/// Sends requests.
///
/// ```
/// use pipedrive_users::transport::{Transport};
///
/// fn json<T: Transport>(body: &T::Text) -> Option<T::Json> {
///     T::parse_json(body)
/// }
/// ```
pub trait Transport {
    /// Text as the runtime keeps it.
    type Text: Text;
    /// The headers of a response.
    type Headers: Headers<Text = Self::Text>;
    /// What the runtime's own JSON parser makes of a body.
    type Json: Json<Text = Self::Text>;
    /// What is thrown where there is no response.
    type Thrown: Thrown<Text = Self::Text>;

    /// Sends a request and reads the complete response. Dropping the future aborts the request.
    fn send(
        &self,
        request: Request<Self::Text>,
    ) -> impl Future<Output = Result<Response<Self>, SendError<Self>>> + SendOutsideWasm;

    /// Parses a body, if it is JSON.
    fn parse_json(text: &Self::Text) -> Option<Self::Json>;
}

/// Tells the time, and waits.
///
/// ```
/// use pipedrive_users::transport::{Clock};
///
/// fn age<T: Clock>(clock: &T, begun: std::time::Duration) -> std::time::Duration {
///     clock.now() - begun
/// }
/// ```
pub trait Clock {
    /// The time since a moment of the clock's own choice, on a clock that is never set and never goes back.
    fn now(&self) -> Duration;

    /// The time of day.
    fn wall(&self) -> Timestamp;

    /// Waits. Dropping the future clears the timer.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + SendOutsideWasm;
}

/// Gives randomness.
///
/// ```
/// use pipedrive_users::transport::{Random};
///
/// fn jitter<T: Random>(random: &T) -> f64 {
///     0.75 + 0.25 * random.random()
/// }
/// ```
pub trait Random {
    /// A number from 0 up to 1, without 1.
    fn random(&self) -> f64;
}

/// All that the client needs from outside.
///
/// ```
/// use pipedrive_users::transport::Runtime;
/// use pipedrive_users::{Client, Result};
///
/// /// Works with reqwest, with `fetch` and in tests.
/// async fn greet<R: Runtime>(client: &Client<R>) -> Result<String> {
///     Ok(client.get_current_user().await?.name)
/// }
/// ```
pub trait Runtime: Transport + Clock + Random + Clone + SendOutsideWasm + SyncOutsideWasm + 'static {}

impl<R: Transport + Clock + Random + Clone + SendOutsideWasm + SyncOutsideWasm + 'static> Runtime for R {}

/// The headers of a response.
///
/// ```
/// use pipedrive_users::transport::{HeaderList, Headers};
///
/// let headers = HeaderList(vec![("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())]);
/// assert_eq!((headers.get("a").as_deref(), headers.entries().len()), (Some("1, 2"), 2));
/// ```
pub trait Headers: Clone + SendOutsideWasm + SyncOutsideWasm + 'static {
    /// Text as the runtime keeps it.
    type Text: Text;
    /// The headers as an error keeps them.
    type Kept: Clone + Default + SendOutsideWasm + SyncOutsideWasm;

    /// A header by its name in lower case; one that came several times is joined by `, `, as RFC 9110 has it.
    fn get(&self, name: &'static str) -> Option<Self::Text>;

    /// All headers, names in lower case.
    fn entries(&self) -> Vec<(Self::Text, Self::Text)>;

    /// All headers, each value as `clean` gives it for a name and a value.
    fn kept(&self, clean: &CleanHeader<'_, Self::Text>) -> Self::Kept;

    /// The same for Rust callers.
    fn kept_to_rust(kept: &Self::Kept) -> Vec<(String, String)>;
}

/// What is left of a header's value where an error keeps it, by its name and its value.
pub type CleanHeader<'a, T> = dyn Fn(&T, &T) -> T + 'a;

/// A view of a JSON value that the runtime's own parser made, read where the runtime keeps it.
///
/// ```
/// use pipedrive_users::transport::{JsonRef};
///
/// let json = serde_json::json!({ "data": { "name": "Ann" } });
/// assert_eq!(json.text_at(&["data", "name"]).as_deref(), Some("Ann"));
/// ```
pub trait JsonRef: Clone + SendOutsideWasm + SyncOutsideWasm + 'static {
    /// Text as the runtime keeps it.
    type Text: Text;

    /// A member; nothing where it is missing, or where this is no object.
    fn get(&self, name: &'static str) -> Option<Self>;

    /// The value at the end of a path of members.
    #[inline(never)]
    fn at(&self, path: &[&'static str]) -> Option<Self> {
        let mut value = self.clone();
        for name in path {
            value = value.get(name)?;
        }
        Some(value)
    }

    /// The string at the end of a path of members, where it is not empty.
    #[inline(never)]
    fn text_at(&self, path: &[&'static str]) -> Option<Self::Text> {
        self.at(path)?.as_text().filter(|text| !text.is_empty())
    }

    /// Whether it is null.
    fn is_null(&self) -> bool;

    /// Whether it is a list.
    fn is_list(&self) -> bool;

    /// Whether it is an object: neither null nor a list.
    fn is_object(&self) -> bool;

    /// The boolean, if it is one.
    fn as_bool(&self) -> Option<bool>;

    /// The number, if it is one.
    fn as_number(&self) -> Option<f64>;

    /// The string, if it is one.
    fn as_text(&self) -> Option<Self::Text>;

    /// How many items it has, if it is a list.
    fn item_count(&self) -> usize;

    /// The items of a list, or the values of an object.
    fn values(&self) -> impl Iterator<Item = Self>;

    /// The names of the members of an object.
    fn names(&self) -> impl Iterator<Item = Self::Text>;

    /// An empty list.
    fn empty_list() -> Self;

    /// The JSON text.
    fn to_json(&self) -> Self::Text;
}

/// A JSON value that can be converted to a Rust model.
///
/// ```
/// use pipedrive_users::transport::{Json};
///
/// let user = serde_json::json!({ "id": 7 }).decode::<pipedrive_users::models::User>()?;
/// assert_eq!(user.id, 7);
/// # Ok::<(), String>(())
/// ```
pub trait Json: JsonRef {
    /// The members, if it is an object.
    fn members(&self) -> Vec<(String, Self)>;

    /// The value as a Rust model.
    ///
    /// # Errors
    ///
    /// Says what does not fit.
    fn decode<M: DeserializeOwned>(&self) -> Result<M, String>;
}

/// A request.
///
/// ```
/// use pipedrive_users::transport::Request;
///
/// fn log(request: &Request) {
///     println!("{} {} {:?}", request.method.as_str(), request.url, request.headers);
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request<T = String> {
    /// The method.
    pub method: Method,
    /// The complete URL.
    pub url: T,
    /// The headers, each name once and in lower case. They hold the credential: never print them.
    pub headers: RequestHeaders<T>,
    /// The JSON body.
    pub body: Option<T>,
    /// The most bytes that the body of the response may have, once it is decompressed.
    pub max_body_bytes: u32,
}

/// Headers that cannot be printed, since one of them is the credential.
///
/// ```
/// use pipedrive_users::transport::RequestHeaders;
///
/// let headers = RequestHeaders(vec![("x-api-token", "0123456789abcdef")]);
/// assert_eq!(format!("{headers:?}"), r#"["x-api-token"]"#);
/// ```
#[derive(Clone)]
pub struct RequestHeaders<T = String>(pub Vec<(T, T)>);

impl<T: fmt::Debug> fmt::Debug for RequestHeaders<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A complete response.
///
/// ```
/// use pipedrive_users::transport::{Response, Transport};
///
/// fn is_empty<T: Transport<Text = String>>(response: &Response<T>) -> bool {
///     response.status == 204 || response.body.is_empty()
/// }
/// ```
pub struct Response<T: Transport + ?Sized> {
    /// The status; 0 where a browser hides a redirect.
    pub status: u16,
    /// The headers.
    pub headers: T::Headers,
    /// The text of the body.
    pub body: T::Text,
}

impl<T: Transport + ?Sized> Clone for Response<T> {
    fn clone(&self) -> Self {
        Self { status: self.status, headers: self.headers.clone(), body: self.body.clone() }
    }
}

/// Why there is no response.
///
/// ```
/// use pipedrive_users::transport::{Cause, Progress, SendError, Transport};
///
/// fn refused<T: Transport<Thrown = Cause>>(error: std::io::Error) -> SendError<T> {
///     SendError { progress: Progress::NotSent, head: None, cause: Cause::new(error) }
/// }
/// ```
pub struct SendError<T: Transport + ?Sized> {
    /// How far the request got.
    pub progress: Progress,
    /// The status and the headers, where the response began.
    pub head: Option<(u16, T::Headers)>,
    /// What was thrown.
    pub cause: T::Thrown,
}

/// How far a request without a complete response got.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use pipedrive_users::transport::{Progress, SandboxWorld, Scripted};
///
/// SandboxWorld::default().script([Scripted::Fail(Progress::BodyCutOff)]);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// It certainly never left: the connection was not made.
    NotSent,
    /// Unknown.
    Unknown,
    /// What came is no response: the replacement for `fetch` returned something else.
    NoResponse,
    /// The response began, and its body was cut off.
    BodyCutOff,
    /// The response began, and its body is larger than the request allows.
    BodyTooLarge,
}
