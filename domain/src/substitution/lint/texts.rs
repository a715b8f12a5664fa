//! Warnings about a text that goes into the payload as it is.

use super::{Found, Lint, PREFIX, is_known};
use crate::limits::SECRET_BYTES;
use crate::substitution::expression::is_expression;
use crate::text;

/// Words of a key whose value is kept secret.
const SECRET_KEYS: [&str; 9] = [
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "accesskey",
    "credential",
    "passphrase",
];

/// The starts of secrets: keys of AWS, GitHub, Slack, Stripe, JSON Web Tokens, our own.
const SECRET_STARTS: [&str; 13] = [
    "AKIA", "ASIA", "whsec_", "pvk_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "xoxb-", "xoxp-",
    "sk_live_", "eyJ",
];

/// Everything about a text; `key` is that of the member it belongs to.
pub(super) fn lint(text: &str, key: Option<&str>) -> Vec<Found> {
    expression_like(text).into_iter().chain(secret(text, key)).chain(person(text)).collect()
}

/// At most one: the nearest to what was meant.
fn expression_like(text: &str) -> Option<Found> {
    let bare = text.trim_start();
    if bare.len() < text.len() && is_expression(bare) {
        let detail = "white space in front makes this a plain text; remove it";
        return Some(Found::new(Lint::LeadingSpace, detail).mean(bare));
    }
    if is_expression(text) {
        let detail = format!("\"${text}\" is escaped: the text {text} is sent, not its value");
        let found = Found::new(Lint::EscapedExpression, detail);
        return Some(if is_known(text) { found.mean(text) } else { found });
    }
    // `provisioningRequest.id`, `$provisioningRequest.id`, `entitlement.eId`
    let path = bare.trim_start_matches('$');
    let meant = [format!("$.{path}"), format!("{PREFIX}.{path}")];
    if path.contains('.')
        && let Some(meant) = meant.into_iter().find(|meant| is_known(meant))
    {
        let detail = format!("{text} is a plain text: an expression starts with {PREFIX}");
        return Some(Found::new(Lint::PrefixMissing, detail).mean(meant));
    }
    if text.contains(&format!("{PREFIX}.")) {
        let detail = "an expression inside a longer text is not replaced: the text is sent as it \
                      is; give the expression a member of its own";
        return Some(Found::new(Lint::InsideText, detail));
    }
    let detail = format!("{text} stays as it is: only $. and $[ in front make an expression");
    text.starts_with('$').then(|| Found::new(Lint::DollarText, detail))
}

fn secret(text: &str, key: Option<&str>) -> Option<Found> {
    let key: String = key.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
    let key = key.to_ascii_lowercase();
    let named = !text.is_empty() && SECRET_KEYS.iter().any(|word| key.contains(word));
    let detail = "looks like a secret: everybody who may see the plan or a payload can read it. \
                  Let the method's authProfile carry it";
    (named || is_secret(text)).then(|| Found::new(Lint::SecretText, detail))
}

/// A secret by its form: one word that starts so, a credential of a header, a private key.
fn is_secret(text: &str) -> bool {
    let token = |word: &str| word.len() >= SECRET_BYTES && !word.contains(char::is_whitespace);
    let credential = text.split_once(' ').is_some_and(|(scheme, word)| {
        ["bearer", "basic"].iter().any(|s| s.eq_ignore_ascii_case(scheme)) && token(word)
    });
    let known = SECRET_STARTS.iter().any(|start| text.starts_with(start));
    credential || known && token(text) || text.contains("PRIVATE KEY-----")
}

fn person(address: &str) -> Option<Found> {
    let detail = "an e-mail address is written into every payload";
    text::email(address).is_ok().then(|| Found::new(Lint::PersonalData, detail))
}
