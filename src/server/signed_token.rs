//! The token that identifies the user of an app extension: a JSON Web Token that Pipedrive signs with the app's secret
//! and that is valid for five minutes. It gives no access to Pipedrive's API.

use hmac::digest::{CtOutput, Output};
use serde_json::Value;

use super::Refusal;
use super::mac::{Sha256Mac, mac};
use crate::platform::timestamp::Timestamp;
use crate::text::{base64, split_once};
use crate::transport::JsonRef;

/// How far Pipedrive's clock may be ahead of this one, in seconds.
const CLOCK_SKEW_S: f64 = 30.0;

/// How far ahead a token may expire, in seconds. Pipedrive's are valid for five minutes.
const MAX_LIFETIME_S: f64 = 3600.0;

/// Maximum length of a token in bytes. Pipedrive's have about 250.
const MAX_LENGTH: usize = 4096;

/// The user whom a signed token identifies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignedToken {
    /// The id of the company.
    pub company_id: u64,
    /// The id of the user, which is only unique within the company.
    pub user_id: u64,
    /// Expiration time.
    pub expires_at: Timestamp,
}

impl SignedToken {
    /// Verifies a token at the time `now`. `secret` is the app's JWT secret, or its
    /// client secret if it has no JWT secret. Only HS256 is accepted, and signatures are compared in constant time.
    ///
    /// ```
    /// use pipedrive_users::Timestamp;
    /// use pipedrive_users::server::SignedToken;
    ///
    /// let now = Timestamp::from_unix_millis(1_795_348_800_000);
    /// let refusal = SignedToken::verify("header.payload.signature", "the app's secret", now).unwrap_err();
    /// assert_eq!(refusal.status, 401);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a refusal that names the problem and does not contain the token.
    pub fn verify(jwt: &str, secret: &str, now: Timestamp) -> Result<Self, Refusal> {
        Self::verify_with(jwt, secret.as_bytes(), now.as_ms(), |json| {
            serde_json::from_str::<Value>(json).ok()
        })
    }

    /// The same with a JSON parser of the runtime.
    pub(crate) fn verify_with<J: JsonRef>(
        jwt: &str,
        secret: &[u8],
        now_ms: f64,
        parse: impl Fn(&str) -> Option<J>,
    ) -> Result<Self, Refusal> {
        let Some((header, payload, signature)) = parts(jwt) else {
            return Err(Refusal::unauthorized("The signed token is no JSON Web Token."));
        };
        if jwt.len() > MAX_LENGTH {
            return Err(Refusal::unauthorized("The signed token is too long."));
        }
        let object = |part| decode(part, &parse);
        let header = object(header)?;
        let alg = header.get("alg").and_then(|alg| alg.as_text());
        if !alg.is_some_and(|alg| crate::text::Text::is(&alg, "HS256")) || header.get("crit").is_some() {
            return Err(Refusal::unauthorized("The signed token is not signed with HS256."));
        }
        let signed = jwt.get(..jwt.len().saturating_sub(signature.len() + 1)).unwrap_or_default();
        if secret.is_empty() || !is_signed(signed, signature, secret) {
            return Err(Refusal::unauthorized(
                "The signed token's signature is wrong: it was changed, or signed with another app's secret.",
            ));
        }
        let claims = object(payload)?;
        let id = |name| claims.get(name).and_then(|id| id.as_number()).and_then(positive_integer);
        let seconds = |name| claims.get(name).map(|value| value.as_number().unwrap_or(f64::NAN));
        let (Some(company_id), Some(user_id)) = (id("companyId"), id("userId")) else {
            return Err(Refusal::unauthorized("The signed token names no user of a company."));
        };
        let now = now_ms / 1000.0;
        // A claim that is not a number is NaN, for which every comparison is false. So each comparison states what must
        // hold.
        let expires_at = seconds("exp").filter(|exp| *exp > now);
        let Some(expires_at) = expires_at else {
            return Err(Refusal::unauthorized(
                "The signed token has expired: ask for a new one with GET_SIGNED_TOKEN.",
            ));
        };
        if expires_at > now + MAX_LIFETIME_S + CLOCK_SKEW_S {
            return Err(Refusal::unauthorized(
                "The signed token expires more than an hour from now: Pipedrive's are valid for five minutes.",
            ));
        }
        let has_started = |at: Option<f64>| at.is_none_or(|at| at <= now + CLOCK_SKEW_S);
        if !(has_started(seconds("nbf")) && has_started(seconds("iat"))) {
            return Err(Refusal::unauthorized(
                "The signed token is not valid yet: check this server's clock.",
            ));
        }
        Ok(Self { company_id, user_id, expires_at: Timestamp::from_ms(expires_at * 1000.0) })
    }
}

/// A token's three parts.
fn parts(jwt: &str) -> Option<(&str, &str, &str)> {
    let (header, rest) = split_once(jwt, b'.')?;
    let (payload, signature) = split_once(rest, b'.')?;
    split_once(signature, b'.').is_none().then_some((header, payload, signature))
}

/// Decodes a part of the token to a JSON object.
fn decode<J: JsonRef>(part: &str, parse: impl Fn(&str) -> Option<J>) -> Result<J, Refusal> {
    let bytes = base64::decode(part, base64::URL_SAFE);
    let value = bytes.and_then(|bytes| parse(&String::from_utf8(bytes).ok()?));
    value.filter(J::is_object).ok_or(Refusal::unauthorized("The signed token is no JSON Web Token."))
}

/// The id that a number is: a positive integer that JSON's numbers hold exactly.
fn positive_integer(number: f64) -> Option<u64> {
    let is_id = number.fract() == 0.0 && (1.0..=9_007_199_254_740_991.0).contains(&number);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was checked")]
    is_id.then_some(number as u64)
}

/// Returns whether the signature is valid.
fn is_signed(signed: &str, signature: &str, secret: &[u8]) -> bool {
    let Some(signature) = base64::decode(signature, base64::URL_SAFE) else { return false };
    let Ok(signature) = Output::<Sha256Mac>::try_from(signature.as_slice()) else { return false };
    mac(secret, signed.as_bytes()).is_some_and(|expected| expected == CtOutput::new(signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64ct::{Base64UrlUnpadded, Encoding};
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    const NOW_MS: f64 = 1_767_225_600_000.0;
    const NOW: u64 = 1_767_225_600;
    const SECRET: &str = "the app's secret";

    fn sign(header: &str, payload: &str, secret: &str) -> String {
        let signed = [
            Base64UrlUnpadded::encode_string(header.as_bytes()),
            Base64UrlUnpadded::encode_string(payload.as_bytes()),
        ]
        .join(".");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
        mac.update(signed.as_bytes());
        [signed, Base64UrlUnpadded::encode_string(&mac.finalize().into_bytes())].join(".")
    }

    fn token(payload: &str) -> String {
        sign(r#"{"alg":"HS256","typ":"JWT"}"#, payload, SECRET)
    }

    fn valid_payload() -> String {
        format!(r#"{{"userId":13,"companyId":7,"iat":{NOW},"exp":{}}}"#, NOW + 300)
    }

    fn refused(jwt: &str) -> &'static str {
        let refusal = SignedToken::verify(jwt, SECRET, Timestamp::from_ms(NOW_MS)).expect_err("invalid");
        assert_eq!((refusal.status, refusal.error), (401, "unauthorized access"));
        refusal.info
    }

    #[test]
    fn valid_token_identifies_its_user() {
        let expected =
            SignedToken { company_id: 7, user_id: 13, expires_at: Timestamp::from_ms(NOW_MS + 300_000.0) };
        assert_eq!(
            SignedToken::verify(&token(&valid_payload()), SECRET, Timestamp::from_ms(NOW_MS)),
            Ok(expected)
        );
    }

    #[test]
    fn tokens_of_other_libraries_are_verified() {
        // The example of jwt.io, whose payload has no company and no user.
        let jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
                   eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
                   SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
        let refusal =
            SignedToken::verify(jwt, "your-256-bit-secret", Timestamp::from_ms(NOW_MS)).expect_err("no user");
        assert_eq!(refusal.info, "The signed token names no user of a company.");
        let refusal = SignedToken::verify(jwt, "your-256-bit-secreT", Timestamp::from_ms(NOW_MS))
            .expect_err("another secret");
        assert!(refusal.info.contains("signature is wrong"), "{}", refusal.info);
    }

    #[test]
    fn only_hs256_is_accepted() {
        for alg in ["none", "None", "RS256", "HS512", "hs256", ""] {
            let header = format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#);
            assert!(refused(&sign(&header, &valid_payload(), SECRET)).contains("HS256"), "{alg}");
        }
        let unsigned = sign(r#"{"alg":"none"}"#, &valid_payload(), SECRET);
        let unsigned =
            unsigned.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).expect("three parts");
        assert!(refused(&unsigned).contains("HS256"));
        assert!(
            refused(&sign(r#"{"alg":"HS256","crit":["x"]}"#, &valid_payload(), SECRET)).contains("HS256")
        );
    }

    #[test]
    fn changed_token_or_another_secret_is_refused() {
        let jwt = token(&valid_payload());
        let other = token(&valid_payload().replace("13", "14"));
        let (signed, _) = other.rsplit_once('.').expect("three parts");
        let (_, signature) = jwt.rsplit_once('.').expect("three parts");
        assert!(refused(&format!("{signed}.{signature}")).contains("signature"));
        assert!(refused(&format!("{signed}.")).contains("signature"));
        assert!(refused(&jwt[..jwt.len() - 2]).contains("signature"));
        assert!(
            refused(&sign(r#"{"alg":"HS256"}"#, &valid_payload(), "another app's secret"))
                .contains("signature")
        );
        let empty = sign(r#"{"alg":"HS256"}"#, &valid_payload(), "");
        assert!(
            SignedToken::verify(&empty, "", Timestamp::from_ms(NOW_MS)).is_err(),
            "an empty secret is refused"
        );
    }

    #[test]
    fn times_are_checked() {
        let with = |times: &str| token(&format!(r#"{{"userId":13,"companyId":7,{times}}}"#));
        let (past, soon, later) = (NOW - 1, NOW + 10, NOW + 60);
        assert!(refused(&with(&format!(r#""exp":{past}"#))).contains("expired"));
        assert!(refused(&with(&format!(r#""exp":{NOW}"#))).contains("expired"));
        assert!(refused(&with(&format!(r#""iat":{NOW}"#))).contains("expired"), "no expiration");
        assert!(refused(&with(r#""exp":"never""#)).contains("expired"));
        assert!(refused(&with(r#""exp":null"#)).contains("expired"));
        assert!(refused(&with(&format!(r#""exp":{later},"nbf":{later}"#))).contains("not valid yet"));
        assert!(refused(&with(&format!(r#""exp":{later},"iat":{later}"#))).contains("not valid yet"));
        assert!(refused(&with(&format!(r#""exp":{later},"nbf":"now""#))).contains("not valid yet"));
        for exp in ["1e308", "9999999999", &(NOW + 3631).to_string()] {
            assert!(refused(&with(&format!(r#""exp":{exp}"#))).contains("more than an hour"), "{exp}");
        }
        let hour = with(&format!(r#""exp":{}"#, NOW + 3600));
        assert!(SignedToken::verify(&hour, SECRET, Timestamp::from_ms(NOW_MS)).is_ok(), "an hour");
        let skewed = with(&format!(r#""exp":{later},"iat":{soon}"#));
        assert!(SignedToken::verify(&skewed, SECRET, Timestamp::from_ms(NOW_MS)).is_ok(), "clock skew");
    }

    /// The vectors of Wycheproof for JSON Web Signatures, of which `PIPEDRIVE_WYCHEPROOF` names the file. Their payloads name
    /// no user, so that every one of them is refused: a valid one for its content, and any other before that.
    #[test]
    fn wycheproofs_signatures() {
        let Ok(path) = std::env::var("PIPEDRIVE_WYCHEPROOF") else {
            eprintln!(
                "SKIPPED: PIPEDRIVE_WYCHEPROOF names no file with Wycheproof's JSON Web Signature vectors"
            );
            return;
        };
        let text = std::fs::read_to_string(path).expect("a file");
        let vectors: Value = serde_json::from_str(&text).expect("JSON");
        // Two vectors with base64's padding are the text of a valid one, without it.
        let all = || {
            let groups = vectors["testGroups"].as_array().into_iter().flatten();
            groups.flat_map(|group| group["tests"].as_array().into_iter().flatten())
        };
        let is_valid = |jws: &str| all().any(|test| test["result"] == "valid" && test["jws"] == jws);
        let (mut valid, mut refused) = (0, 0);
        for group in vectors["testGroups"].as_array().expect("groups") {
            // Of keys for other algorithms the text is tried, as where a public key is taken for a secret.
            let key = group["private"]["k"].as_str();
            let key = key.map_or_else(
                || group["public"].to_string().into_bytes(),
                |key| Base64UrlUnpadded::decode_vec(key).expect("base64url"),
            );
            for test in group["tests"].as_array().expect("tests") {
                let jws = test["jws"].as_str().expect("a text");
                let parse = |json: &str| serde_json::from_str::<Value>(json).ok();
                let refusal = SignedToken::verify_with(jws, &key, NOW_MS, parse).expect_err("no user");
                let parts: Vec<_> = jws.split('.').collect();
                let [header, payload, signature] = parts[..] else {
                    refused += 1;
                    continue;
                };
                let is_hs256 = decode(header, parse)
                    .is_ok_and(|header| header["alg"] == "HS256" && header.get("crit").is_none());
                let is_accepted = is_hs256
                    && Base64UrlUnpadded::decode_vec(payload).is_ok()
                    && is_signed(&[header, payload].join("."), signature, &key);
                if is_accepted {
                    assert!(is_valid(jws), "{}", test["comment"]);
                    assert!(!refusal.info.contains("signature"), "{}", refusal.info);
                    valid += 1;
                } else {
                    refused += 1;
                }
            }
        }
        assert!(valid >= 2 && refused > 300, "{valid} valid, {refused} refused");
    }

    #[test]
    fn malformed_tokens_are_refused() {
        for text in
            ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "eyJhbGciOiJIUzI1NiJ9.e30", "v1u:token"]
        {
            refused(text);
        }
        let long = format!("{}.{}.{}", "a".repeat(5000), "b", "c");
        assert!(refused(&long).contains("too long"));
        for ids in [
            r#""userId":13"#,
            r#""companyId":7"#,
            r#""userId":0,"companyId":7"#,
            r#""userId":"13","companyId":7"#,
        ] {
            assert!(refused(&token(&format!(r#"{{{ids},"exp":{}}}"#, NOW + 60))).contains("names no user"));
        }
        assert!(refused(&token("[]")).contains("no JSON Web Token"));
    }
}
