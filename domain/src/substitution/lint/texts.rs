//! What is probably not meant in a text that goes into the payload as it is.

use std::sync::LazyLock;

use regex::Regex;

use super::{Found, Lint, PREFIX, is_known};
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

#[expect(clippy::expect_used, reason = "a literal that every test of a text goes through")]
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"-----BEGIN [A-Z ]*PRIVATE KEY|^(AKIA|ASIA)[A-Z0-9]{16}$|^whsec_|^pvk_|^gh[pousr]_",
        r"|^xox[bap]-|^sk_live_|^eyJ[\w-]+\.eyJ[\w-]+\.|^(?i:bearer|basic) [\w+/=.~-]{8,}$",
    ))
    .expect("the literal is a pattern")
});

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
    (named || SECRET.is_match(text)).then(|| Found::new(Lint::SecretText, detail))
}

fn person(address: &str) -> Option<Found> {
    let detail = "an e-mail address is written into every payload";
    text::email(address).is_ok().then(|| Found::new(Lint::PersonalData, detail))
}
