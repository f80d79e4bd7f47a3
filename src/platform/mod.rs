//! What differs between the host and WebAssembly below everything else: how things are shared between tasks, and the time of day.

pub(crate) mod sync;
pub(crate) mod timestamp;
