//! Faults on purpose, for a test build alone: a panic and an allocation that cannot be had, each before and after the
//! call has waited for something.

use crate::options::CallOptions;

/// Stops the module if a call asks for it with the header `x-trap`.
pub(crate) fn spring(options: &CallOptions, when: &str) {
    let asked = options.headers.iter().find(|(name, _)| name == "x-trap");
    match asked.and_then(|(_, fault)| fault.strip_prefix(when)) {
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

/// Calls itself until the stack is used up.
#[allow(unconditional_recursion)]
fn deep(above: &[u64; 64]) -> Box<[u64; 64]> {
    let mut frame = deep(&above.map(|number| number + 1));
    frame.reverse();
    frame
}
