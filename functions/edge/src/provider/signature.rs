//! Standard Webhooks v1: signing what we post, verifying what comes back.
//!
//! Neighbours: `dispatch` signs, `callbacks` verifies. Guarantee: constant-time comparison over the
//! raw bytes; a stale or future time-stamp is a wrong signature.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::limits::{SIGNATURE_SKEW, WEBHOOK_ID_CHARS};
use domain::time::Time;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::secret::Secret;

/// Header of the message's id, the key that receivers deduplicate by.
pub const ID: &str = "webhook-id";
/// Header of the time-stamp, seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// Header of the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// Seconds as 10 decimal digits.
const DIGITS: usize = 10;

/// The three headers of a message, signed with every live secret.
pub fn sign(secrets: &[Secret], id: &str, now: Time, body: &[u8]) -> Vec<(&'static str, String)> {
    let seconds = (now.millis() / 1000).to_string();
    let each = secrets
        .iter()
        .map(|secret| format!("v1,{}", STANDARD.encode(tag(secret, id, &seconds, body))));
    let signatures: Vec<String> = each.collect();
    vec![(ID, id.to_owned()), (TIMESTAMP, seconds), (SIGNATURE, signatures.join(" "))]
}

/// The headers of a message that came.
pub struct Signed<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signature: &'a str,
}

/// Whether one of the secrets signed it, just now. All secrets are always tried.
pub fn verify(secrets: &[Secret], signed: &Signed<'_>, now: Time, body: &[u8]) -> bool {
    let fresh = is_fresh(signed.timestamp, now);
    let id = is_id(signed.id);
    let mut right = false;
    for secret in secrets {
        let expected = tag(secret, signed.id, signed.timestamp, body);
        for candidate in signed.signature.split(' ').filter_map(|s| s.strip_prefix("v1,")) {
            let given = STANDARD.decode(candidate).unwrap_or_default();
            right |= bool::from(given.as_slice().ct_eq(&expected[..]));
        }
    }
    right & fresh & id
}

/// Whether a `webhook-id` has the form that is heard: `[A-Za-z0-9_-]{1,64}`.
pub fn is_id(id: &str) -> bool {
    let fine = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (1..=WEBHOOK_ID_CHARS).contains(&id.len()) && id.bytes().all(fine)
}

fn is_fresh(timestamp: &str, now: Time) -> bool {
    let digits = timestamp.len() == DIGITS && timestamp.bytes().all(|b| b.is_ascii_digit());
    let Some(seconds) = digits.then(|| timestamp.parse::<i64>().ok()).flatten() else {
        return false;
    };
    let apart = (now.millis() / 1000).abs_diff(seconds);
    i64::try_from(apart).is_ok_and(|apart| apart <= SIGNATURE_SKEW.millis() / 1000)
}

fn tag(secret: &Secret, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use domain::ids::Entropy;

    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn at(seconds_apart: i64) -> Time {
        Time::from_millis(NOW + seconds_apart * 1000)
    }

    fn secret(seed: u8) -> Secret {
        Secret::callback(&Entropy::new([seed; 32]))
    }

    fn check(headers: &[(&str, String)], body: &[u8], secrets: &[Secret], now: Time) -> bool {
        let signed =
            Signed { id: &headers[0].1, timestamp: &headers[1].1, signature: &headers[2].1 };
        verify(secrets, &signed, now, body)
    }

    #[test]
    fn what_is_signed_is_verified() {
        let headers = sign(&[secret(1)], "msg_1", at(0), b"{}");
        assert!(check(&headers, b"{}", &[secret(1)], at(0)));
        assert!(check(&headers, b"{}", &[secret(2), secret(1)], at(299)));
        assert!(check(&headers, b"{}", &[secret(1)], at(-300)));
    }

    #[test]
    fn anything_else_is_refused() {
        let headers = sign(&[secret(1)], "msg_1", at(0), b"{}");
        assert!(!check(&headers, b"{ }", &[secret(1)], at(0)), "other body");
        assert!(!check(&headers, b"{}", &[secret(2)], at(0)), "other secret");
        assert!(!check(&headers, b"{}", &[], at(0)), "no secret");
        assert!(!check(&headers, b"{}", &[secret(1)], at(301)), "stale");
        assert!(!check(&headers, b"{}", &[secret(1)], at(-301)), "future");
        let with = |i: usize, value: &str| {
            let mut changed = headers.clone();
            changed[i].1 = value.to_owned();
            changed
        };
        for (i, value) in [(0, "msg_2"), (1, "1800000001"), (1, "-9223372036854775808"), (1, "")] {
            assert!(!check(&with(i, value), b"{}", &[secret(1)], at(0)), "{value}");
        }
        for value in ["", "v1,", "v1,!!", "v2,AAAA", &headers[2].1.replace("v1", "v1a")] {
            assert!(!check(&with(2, value), b"{}", &[secret(1)], at(0)), "{value}");
        }
        let odd = sign(&[secret(1)], "a.b", at(0), b"{}");
        assert!(!check(&odd, b"{}", &[secret(1)], at(0)), "id with a dot");
    }

    #[test]
    fn the_reference_library_agrees() {
        let reference = standardwebhooks::Webhook::new(&secret(1).whsec()).unwrap();
        let ours = sign(&[secret(1)], "msg_1", at(0), b"{\"a\":1}");
        let theirs = reference.sign("msg_1", NOW / 1000, b"{\"a\":1}").unwrap();
        assert_eq!(ours[2].1, theirs);
    }
}
