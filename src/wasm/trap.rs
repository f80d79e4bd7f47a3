//! Faults on purpose, for a test build only: a panic, memory that cannot be had and a stack overflow, each before and
//! after the call has waited for something.

use crate::protocol::PreparedRequest;
use crate::text::Text;
use crate::transport::JsText;

/// What a call asks for with the header `x-trap`.
pub(super) fn fault_of(request: &PreparedRequest<JsText>) -> Option<String> {
    request.headers.iter().find(|(name, _)| name.is("x-trap")).map(|(_, fault)| fault.to_rust())
}

/// Stops the module if a call asks for it.
pub(super) fn trigger_fault(fault: Option<&str>, when: &str) {
    match fault.and_then(|fault| fault.strip_prefix(when)) {
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

/// Recurses until the stack overflows.
#[allow(unconditional_recursion)]
fn deep(above: &[u64; 64]) -> Box<[u64; 64]> {
    let mut frame = deep(&above.map(|number| number + 1));
    frame.reverse();
    frame
}
