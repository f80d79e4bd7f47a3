//! How a call waits: for one piece of boxed work, so many milliseconds at most.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use super::caller::{Caller, TextOf, ThrownOf};
use super::exchange::Exchanged;
use crate::transport::{Response, Runtime, SendError};

/// Work under way. One type for everything that a call waits for keeps the compiled code small.
pub(super) type Work<T> = Pin<Box<dyn Future<Output = T>>>;

/// What work resulted in.
pub(super) enum Done<C: Caller> {
    /// It is the turn of a queued call.
    Woken,
    /// What the credential function returned.
    Credential(Result<TextOf<C>, ThrownOf<C>>),
    /// What the transport returned.
    Sent(Result<Response<C::Runtime>, SendError<C::Runtime>>),
    /// What a request resulted in.
    Exchanged(Exchanged<C>),
}

/// Waits for work, so many milliseconds at most.
#[inline(never)]
pub(super) async fn within<R: Runtime, T>(runtime: &R, milliseconds: f64, work: &mut Work<T>) -> Option<T> {
    let mut timer = pin!(runtime.sleep(milliseconds));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => timer.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Returns to whoever polls, once, without asking to be woken.
pub(super) async fn pause() {
    let mut is_first = true;
    poll_fn(|_| if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
}
