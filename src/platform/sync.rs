//! What is shared and sent. On the host a client can move between threads and be used by several; in WebAssembly there is
//! one thread and the same code costs nothing: `Arc` is `Rc`, a lock is a `RefCell`, and no future has to be `Send`.

#[cfg(not(target_arch = "wasm32"))]
mod threads {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    pub(crate) use std::sync::Arc as SharedRef;

    /// A boxed future: on the host it is `Send`.
    pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

    /// Requires [`Send`] on the host, and nothing in WebAssembly.
    ///
    /// ```
    /// fn keep<T: pipedrive_users::transport::SendOutsideWasm>(value: T) -> Box<T> {
    ///     Box::new(value)
    /// }
    /// ```
    pub trait SendOutsideWasm: Send {}
    impl<T: Send + ?Sized> SendOutsideWasm for T {}

    /// Requires [`Sync`] on the host, and nothing in WebAssembly.
    ///
    /// ```
    /// fn share<T: pipedrive_users::transport::SyncOutsideWasm>(value: T) -> std::sync::Arc<T> {
    ///     std::sync::Arc::new(value)
    /// }
    /// ```
    pub trait SyncOutsideWasm: Sync {}
    impl<T: Sync + ?Sized> SyncOutsideWasm for T {}

    /// A `RefCell` between threads. It is held for a moment only, and never while another is taken, but for the wakers'.
    #[derive(Debug, Default)]
    pub(crate) struct Lock<T>(Mutex<T>);

    impl<T> Lock<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(Mutex::new(value))
        }

        pub(crate) fn borrow(&self) -> MutexGuard<'_, T> {
            self.borrow_mut()
        }

        /// What a panicking hook left behind is still whole: nothing of the caller's runs while it is held.
        pub(crate) fn borrow_mut(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod threads {
    use std::future::Future;
    use std::pin::Pin;

    pub(crate) use std::cell::RefCell as Lock;
    pub(crate) use std::rc::Rc as SharedRef;

    /// A boxed future: on the host it is `Send`.
    pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

    /// Requires [`Send`] on the host, and nothing in WebAssembly.
    pub trait SendOutsideWasm {}
    impl<T: ?Sized> SendOutsideWasm for T {}

    /// Requires [`Sync`] on the host, and nothing in WebAssembly.
    pub trait SyncOutsideWasm {}
    impl<T: ?Sized> SyncOutsideWasm for T {}
}

pub use threads::{BoxFuture, SendOutsideWasm, SyncOutsideWasm};
pub(crate) use threads::{Lock, SharedRef};
