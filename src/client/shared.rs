//! One piece of work that several callers await: it runs as long as anyone awaits it, and all get the same result.
//!
//! Only the first of them polls the work. In a Worker, I/O belongs to the request that began it; another one takes the
//! work over only when the first has left.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use super::wait::Work;

struct Inner<T> {
    state: RefCell<State<T>>,
    /// How often the work has been polled: where it does not change, nobody drives it.
    polls: Cell<u32>,
}

struct State<T> {
    /// The work, until it is done; taken out while it is polled.
    work: Option<Work<T>>,
    result: Option<T>,
    next_id: u32,
    /// In the order in which they came; the first drives the work.
    waiting: Vec<(u32, Option<Waker>)>,
}

/// A share of the work. Dropping the last share drops the work.
pub(crate) struct Shared<T> {
    inner: Rc<Inner<T>>,
    id: u32,
}

/// A weak reference to the work while it runs.
pub(crate) struct Handle<T>(Weak<Inner<T>>);

impl<T: Clone> Shared<T> {
    pub(crate) fn new(work: Work<T>) -> Self {
        let state = State { work: Some(work), result: None, next_id: 1, waiting: vec![(0, None)] };
        Self { inner: Rc::new(Inner { state: RefCell::new(state), polls: Cell::new(0) }), id: 0 }
    }

    pub(crate) fn handle(&self) -> Handle<T> {
        Handle(Rc::downgrade(&self.inner))
    }

    /// Whether this share drives the work.
    pub(crate) fn is_first(&self) -> bool {
        self.inner.state.borrow().waiting.first().is_some_and(|(id, _)| *id == self.id)
    }
}

impl<T> Handle<T> {
    /// How often the work has been polled.
    pub(crate) fn polls(&self) -> u32 {
        self.0.upgrade().map_or(0, |inner| inner.polls.get())
    }

    /// A further share, if the work is still running.
    pub(crate) fn join(&self) -> Option<Shared<T>> {
        let inner = self.0.upgrade()?;
        let mut state = inner.state.borrow_mut();
        if state.result.is_some() {
            return None;
        }
        let id = state.next_id;
        state.next_id = id.wrapping_add(1);
        state.waiting.push((id, None));
        drop(state);
        Some(Shared { inner, id })
    }
}

impl<T: Clone> Future for Shared<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut state = self.inner.state.borrow_mut();
        if let Some(result) = &state.result {
            return Poll::Ready(result.clone());
        }
        let index = state.waiting.iter().position(|(id, _)| *id == self.id).unwrap_or_default();
        if let Some((_, waker)) = state.waiting.get_mut(index) {
            *waker = Some(context.waker().clone());
        }
        if index > 0 {
            return Poll::Pending;
        }
        let Some(mut work) = state.work.take() else { return Poll::Pending };
        drop(state);
        self.inner.polls.set(self.inner.polls.get().wrapping_add(1));
        let polled = work.as_mut().poll(context);
        let mut state = self.inner.state.borrow_mut();
        let Poll::Ready(result) = polled else {
            state.work = Some(work);
            return Poll::Pending;
        };
        state.result = Some(result.clone());
        let others = std::mem::take(&mut state.waiting);
        drop(state);
        for (id, waker) in others {
            if let Some(waker) = waker.filter(|_| id != self.id) {
                waker.wake();
            }
        }
        Poll::Ready(result)
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        let mut state = self.inner.state.borrow_mut();
        let was_first = state.waiting.first().is_some_and(|(id, _)| *id == self.id);
        state.waiting.retain(|(id, _)| *id != self.id);
        // The next one drives the work from now on.
        let next = state.waiting.first_mut().filter(|_| was_first).and_then(|(_, waker)| waker.take());
        drop(state);
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicU32);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll<T: Clone>(share: &mut Shared<T>, wakes: &Arc<Wakes>) -> Poll<T> {
        Pin::new(share).poll(&mut Context::from_waker(&Waker::from(Arc::clone(wakes))))
    }

    #[test]
    fn the_first_drives_the_work_and_wakes_the_others() {
        let is_done = Rc::new(Cell::new(false));
        let done = Rc::clone(&is_done);
        let mut first =
            Shared::new(Box::pin(poll_fn(move |_| if done.get() { Poll::Ready(7) } else { Poll::Pending })));
        let mut second = first.handle().join().expect("it runs");
        let (a, b) = (Arc::<Wakes>::default(), Arc::<Wakes>::default());
        assert!(poll(&mut second, &b).is_pending());
        assert_eq!(first.handle().polls(), 0, "only the first polls");
        assert!(poll(&mut first, &a).is_pending());
        is_done.set(true);
        assert!(poll(&mut second, &b).is_pending());
        assert_eq!(poll(&mut first, &a), Poll::Ready(7));
        assert_eq!(b.0.load(Ordering::Relaxed), 1);
        assert_eq!(poll(&mut second, &b), Poll::Ready(7));
        assert!(first.handle().join().is_none());
    }

    #[test]
    fn another_takes_over_when_the_first_leaves() {
        let mut first = Shared::new(Box::pin(poll_fn(|_| Poll::<u32>::Pending)));
        let mut second = first.handle().join().expect("it runs");
        let (a, b) = (Arc::<Wakes>::default(), Arc::<Wakes>::default());
        assert!(poll(&mut first, &a).is_pending() && poll(&mut second, &b).is_pending());
        drop(first);
        assert_eq!(b.0.load(Ordering::Relaxed), 1);
        assert!(second.is_first() && poll(&mut second, &b).is_pending());
        assert_eq!(second.handle().polls(), 2);
        let handle = second.handle();
        drop(second);
        assert!(handle.join().is_none());
    }
}
