//! The world that the core is put into: a transport, a clock and randomness. Below this line there is no clock, no
//! network and no JavaScript type.

#[cfg(all(target_arch = "wasm32", not(feature = "npm-client")))]
mod fetch;
#[cfg(target_arch = "wasm32")]
mod js_value;
#[cfg(all(feature = "sandbox", not(target_arch = "wasm32")))]
mod sandbox;
mod text;

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::rc::Rc;

use serde::de::DeserializeOwned;

use crate::endpoint::Method;

#[cfg(all(target_arch = "wasm32", not(feature = "npm-client")))]
pub use fetch::Fetch;
#[cfg(all(feature = "sandbox", not(target_arch = "wasm32")))]
pub use sandbox::{SandboxWorld, Scripted};
pub use text::{HeaderList, TextBody};

/// Sends requests.
pub trait Transport {
    /// The headers of an answer.
    type Headers: Headers;
    /// The body of an answer.
    type Body: Body;

    /// Sends a request and reads the whole answer. Dropping the future gives the request up.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response<Self>, SendError>>;
}

/// Tells and waits for the time.
pub trait Clock {
    /// Milliseconds since 1970, UTC.
    fn now(&self) -> f64;

    /// Waits. Dropping the future takes the timer away.
    fn sleep(&self, milliseconds: f64) -> impl Future<Output = ()>;
}

/// Gives randomness.
pub trait Random {
    /// A number from 0 to 1, without 1.
    fn random(&self) -> f64;
}

/// All that the core needs from outside.
pub trait World: Transport + Clock + Random + 'static {}

impl<T: Transport + Clock + Random + 'static> World for T {}

/// The headers of an answer.
pub trait Headers: Clone + 'static {
    /// A header by its name in lower case.
    fn get(&self, name: &str) -> Option<String>;

    /// All headers, names in lower case.
    fn to_vec(&self) -> Vec<(String, String)>;
}

/// The body of an answer, wherever it is kept: in JavaScript it stays outside the module's memory.
pub trait Body: Clone + 'static {
    /// What the world's own JSON parser makes of it.
    type Json: Json;

    /// Parses the body, if it is JSON.
    fn json(&self) -> Option<Self::Json>;

    /// The text of the body, its first `limit` bytes or so.
    fn text(&self, limit: usize) -> String;
}

/// A JSON value that the world's own parser made, looked at where the world keeps it.
pub trait Peek: Clone + 'static {
    /// A member, or nothing where it is missing or where this is no object.
    fn get(&self, name: &str) -> Option<Self>;

    /// Whether it is null.
    fn is_null(&self) -> bool;

    /// Whether it is a list.
    fn is_list(&self) -> bool;

    /// Whether it is an object: neither null nor a list.
    fn is_object(&self) -> bool;

    /// Whether it is a string.
    fn is_text(&self) -> bool;

    /// The boolean, if it is one.
    fn as_bool(&self) -> Option<bool>;

    /// The number, if it is one.
    fn as_number(&self) -> Option<f64>;

    /// How many items it has, if it is a list.
    fn item_count(&self) -> u32;

    /// An empty list.
    fn empty_list() -> Self;
}

/// A JSON value that can be taken out of where the world keeps it.
pub trait Json: Peek {
    /// The string, if it is one.
    fn as_text(&self) -> Option<String>;

    /// The items of a list, or the values of an object.
    fn values(&self) -> Vec<Self>;

    /// The members, if it is an object.
    fn members(&self) -> Vec<(String, Self)>;

    /// The value as a Rust model.
    ///
    /// # Errors
    ///
    /// Says what does not fit.
    fn decode<M: DeserializeOwned>(&self) -> Result<M, String>;
}

/// A request on its way out.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// The headers, names in lower case. They hold the credential: never print them.
    pub headers: RequestHeaders,
    /// The JSON body.
    pub body: Option<String>,
}

/// Headers that cannot be printed, since one of them is the credential.
#[derive(Clone, Default)]
pub struct RequestHeaders(pub Vec<(String, String)>);

impl fmt::Debug for RequestHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// An answer, read to its end.
pub struct Response<T: Transport + ?Sized> {
    /// The status; 0 where a browser hides a redirect.
    pub status: u16,
    /// The headers.
    pub headers: T::Headers,
    /// The body.
    pub body: T::Body,
}

impl<T: Transport> Clone for Response<T> {
    fn clone(&self) -> Self {
        Self { status: self.status, headers: self.headers.clone(), body: self.body.clone() }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub struct SendError {
    /// How far it came.
    pub progress: Progress,
    /// What was thrown.
    pub cause: Cause,
}

/// How far a failed request came.
#[derive(Clone, Debug)]
pub enum Progress {
    /// It surely never left: the connection was not made.
    Unsent,
    /// Nobody knows.
    Unknown,
    /// What came is no answer: the stand-in for `fetch` gave something else.
    NoResponse,
    /// The answer began, and its body was cut off.
    Body {
        /// The status of the answer.
        status: u16,
        /// Its headers.
        headers: Vec<(String, String)>,
    },
}

/// Something that was thrown outside the core, kept as it is.
#[derive(Clone)]
pub struct Cause {
    /// Its text.
    pub text: String,
    /// The thing itself, for whoever knows its type.
    pub value: Option<Rc<dyn Any>>,
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
