//! The token by which an app extension's page proves who it is: a JSON Web Token, signed by Pipedrive with the app's secret,
//! good for five minutes. It opens nothing at Pipedrive.

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::Refusal;

/// How far Pipedrive's clock may be ahead of this one.
const CLOCK_SKEW_S: f64 = 30.0;

/// Far more than Pipedrive's, which have some 250 letters.
const LONGEST: usize = 4096;

/// Who a signed token speaks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignedToken {
    /// The company.
    pub company_id: u64,
    /// The user, who counts only together with the company.
    pub user_id: u64,
    /// Until when, in milliseconds since 1970.
    pub expires_at: f64,
}

impl SignedToken {
    /// Verifies a token that came at `now_ms`. The app's JWT secret is its client secret where none was set for it. Only
    /// HS256 counts, whatever the token says of itself; the signatures are compared in constant time.
    ///
    /// # Errors
    ///
    /// Says what is wrong, without showing the token.
    pub fn verify(jwt: &str, secret: &str, now_ms: f64) -> Result<Self, Refusal> {
        let mut parts = jwt.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::unauthorized("The signed token is no JSON Web Token."));
        };
        if jwt.len() > LONGEST {
            return Err(Refusal::unauthorized("The signed token is too long."));
        }
        let header = decode(header)?;
        if header.get("alg").and_then(Value::as_str) != Some("HS256") || header.get("crit").is_some() {
            return Err(Refusal::unauthorized("The signed token is not signed with HS256."));
        }
        let signed = jwt.rsplit_once('.').map_or("", |(signed, _)| signed);
        if secret.is_empty() || !is_signed(signed, signature, secret) {
            return Err(Refusal::unauthorized(
                "The signed token's signature is wrong: it was changed, or signed with another app's secret.",
            ));
        }
        let claims = decode(payload)?;
        let id = |name| claims.get(name).and_then(Value::as_u64).filter(|id| *id > 0);
        let seconds = |name| claims.get(name).map(|value| value.as_f64().unwrap_or(f64::NAN));
        let (Some(company_id), Some(user_id)) = (id("companyId"), id("userId")) else {
            return Err(Refusal::unauthorized("The signed token names no user of a company."));
        };
        let now = now_ms / 1000.0;
        // What is no number is neither before nor after now, so each test says what has to hold.
        let expires_at = seconds("exp").filter(|exp| *exp > now);
        let Some(expires_at) = expires_at else {
            return Err(Refusal::unauthorized(
                "The signed token has expired: ask for a new one with GET_SIGNED_TOKEN.",
            ));
        };
        let has_begun = |at: Option<f64>| at.is_none_or(|at| at <= now + CLOCK_SKEW_S);
        if !(has_begun(seconds("nbf")) && has_begun(seconds("iat"))) {
            return Err(Refusal::unauthorized(
                "The signed token is not valid yet: check this server's clock.",
            ));
        }
        Ok(Self { company_id, user_id, expires_at: expires_at * 1000.0 })
    }
}

/// A part of the token as JSON.
fn decode(part: &str) -> Result<Value, Refusal> {
    let bytes = Base64UrlUnpadded::decode_vec(part).ok();
    let value = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    value.filter(Value::is_object).ok_or(Refusal::unauthorized("The signed token is no JSON Web Token."))
}

fn is_signed(signed: &str, signature: &str, secret: &str) -> bool {
    let Ok(signature) = Base64UrlUnpadded::decode_vec(signature) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(signed.as_bytes());
    mac.verify_slice(&signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn good() -> String {
        format!(r#"{{"userId":13,"companyId":7,"iat":{NOW},"exp":{}}}"#, NOW + 300)
    }

    fn refused(jwt: &str) -> &'static str {
        let refusal = SignedToken::verify(jwt, SECRET, NOW_MS).expect_err("it must be refused");
        assert_eq!((refusal.status, refusal.error), (401, "unauthorized access"));
        refusal.info
    }

    #[test]
    fn a_good_token_names_its_user() {
        let expected = SignedToken { company_id: 7, user_id: 13, expires_at: NOW_MS + 300_000.0 };
        assert_eq!(SignedToken::verify(&token(&good()), SECRET, NOW_MS), Ok(expected));
    }

    #[test]
    fn a_token_of_another_library_is_verified() {
        // RFC 7515, appendix A.1, whose key is binary, is left out; this is jwt.io's example with this payload's names.
        let jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
                   eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
                   SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
        let refusal = SignedToken::verify(jwt, "your-256-bit-secret", NOW_MS).expect_err("it names nobody");
        assert_eq!(refusal.info, "The signed token names no user of a company.");
        let refusal = SignedToken::verify(jwt, "your-256-bit-secreT", NOW_MS).expect_err("another secret");
        assert!(refusal.info.contains("signature is wrong"), "{}", refusal.info);
    }

    #[test]
    fn only_hs256_counts() {
        for alg in ["none", "None", "RS256", "HS512", "hs256", ""] {
            let header = format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#);
            assert!(refused(&sign(&header, &good(), SECRET)).contains("HS256"), "{alg}");
        }
        let unsigned = sign(r#"{"alg":"none"}"#, &good(), SECRET);
        let unsigned =
            unsigned.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).expect("three parts");
        assert!(refused(&unsigned).contains("HS256"));
        assert!(refused(&sign(r#"{"alg":"HS256","crit":["x"]}"#, &good(), SECRET)).contains("HS256"));
    }

    #[test]
    fn a_changed_token_or_another_secret() {
        let jwt = token(&good());
        let other = token(&good().replace("13", "14"));
        let (signed, _) = other.rsplit_once('.').expect("three parts");
        let (_, signature) = jwt.rsplit_once('.').expect("three parts");
        assert!(refused(&format!("{signed}.{signature}")).contains("signature"));
        assert!(refused(&format!("{signed}.")).contains("signature"));
        assert!(refused(&jwt[..jwt.len() - 2]).contains("signature"));
        assert!(refused(&sign(r#"{"alg":"HS256"}"#, &good(), "another app's secret")).contains("signature"));
        let empty = sign(r#"{"alg":"HS256"}"#, &good(), "");
        assert!(SignedToken::verify(&empty, "", NOW_MS).is_err(), "an empty secret signs nothing");
    }

    #[test]
    fn the_times() {
        let with = |times: &str| token(&format!(r#"{{"userId":13,"companyId":7,{times}}}"#));
        let (past, soon, later) = (NOW - 1, NOW + 10, NOW + 60);
        assert!(refused(&with(&format!(r#""exp":{past}"#))).contains("expired"));
        assert!(refused(&with(&format!(r#""exp":{NOW}"#))).contains("expired"));
        assert!(refused(&with(&format!(r#""iat":{NOW}"#))).contains("expired"), "without an end");
        assert!(refused(&with(r#""exp":"never""#)).contains("expired"));
        assert!(refused(&with(r#""exp":null"#)).contains("expired"));
        assert!(refused(&with(&format!(r#""exp":{later},"nbf":{later}"#))).contains("not valid yet"));
        assert!(refused(&with(&format!(r#""exp":{later},"iat":{later}"#))).contains("not valid yet"));
        assert!(refused(&with(&format!(r#""exp":{later},"nbf":"now""#))).contains("not valid yet"));
        let skewed = with(&format!(r#""exp":{later},"iat":{soon}"#));
        assert!(SignedToken::verify(&skewed, SECRET, NOW_MS).is_ok(), "clocks differ a little");
    }

    #[test]
    fn what_is_no_token() {
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
