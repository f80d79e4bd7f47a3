//! HMAC-SHA-256, which signs tokens.

use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub(super) type Sha256Mac = Hmac<Sha256>;

/// The authentication code of a text. Codes are compared in constant time.
///
/// Where it is called it would be copied, which was a thirtieth of the server's module.
#[inline(never)]
pub(super) fn mac(key: &[u8], text: &[u8]) -> Option<CtOutput<Sha256Mac>> {
    // A key may have any length.
    Some(Sha256Mac::new_from_slice(key).ok()?.chain_update(text).finalize())
}
