//! Faults on purpose, for a test build alone: a panic and an allocation that cannot be had, each before and after the
//! call has waited for something.

use js_sys::{Array, Reflect};
use wasm_bindgen::JsCast;

use super::convert::Flight;

/// What a call asks for with the header `x-trap` among those that it sends.
fn asked(call: &Flight) -> Option<String> {
    let job = Reflect::get(call, &"job".into()).ok()?;
    let headers: Array = Reflect::get(&job, &"headers".into()).ok()?.dyn_into().ok()?;
    let entry = headers.iter().map(JsCast::unchecked_into::<Array>).find(|entry| entry.get(0) == "x-trap")?;
    entry.get(1).as_string()
}

/// Stops the module if a call asks for it.
pub(crate) fn spring(call: &Flight, when: &str) {
    match asked(call).as_deref().and_then(|fault| fault.strip_prefix(when)) {
        #[allow(clippy::panic)]
        Some("panic") => panic!("on purpose"),
        Some("memory") => {
            let mut held = Vec::new();
            loop {
                held.push(std::hint::black_box(Vec::<u64>::with_capacity(1 << 27)));
            }
        }
        Some("deep") => drop(deep(&[0; 64])),
        _ => {}
    }
}

/// Flights itself until the stack is used up.
#[allow(unconditional_recursion)]
fn deep(above: &[u64; 64]) -> Box<[u64; 64]> {
    let mut frame = deep(&above.map(|number| number + 1));
    frame.reverse();
    frame
}
