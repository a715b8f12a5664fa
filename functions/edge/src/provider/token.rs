//! Access tokens by client credentials (RFC 6749, section 4.4): one for many calls, kept in memory
//! until shortly before it ends.
//!
//! Neighbours: `call` asks for them. Guarantee: the token server's address obeys the same egress
//! rules as every endpoint, since the same client calls it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::cause::Silence;
use domain::ids::Id;
use domain::limits::{TOKEN_CHARS, TOKEN_KEPT, TOKEN_LONGEST, TOKEN_MARGIN, TOKENS};
use domain::request::dispatched::Answer;
use domain::text::object;
use domain::time::{Period, Time};
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::ports::{Clock, Post, Provider};

/// Tenant, method and version of the method: another version may have other credentials.
pub type Owner = (Id, Id, u64);

/// The client that a token server knows.
pub struct Client {
    /// Where tokens come from.
    pub url: String,
    /// The client's id there.
    pub id: String,
    /// Our secret there.
    pub secret: String,
    /// The scope of the token.
    pub scope: Option<String>,
}

/// A token to use.
pub struct Grant {
    /// The token.
    pub token: String,
    /// It was kept from an earlier call.
    pub kept: bool,
}

/// The tokens of this process.
#[derive(Default)]
pub struct Tokens(Mutex<HashMap<(Id, Id), Arc<Slot>>>);

/// One method's token. Who asks waits for who fetches: one fetch for all.
#[derive(Default)]
struct Slot(tokio::sync::Mutex<Option<Kept>>);

struct Kept {
    version: u64,
    token: String,
    until: Time,
}

/// The members of a token server's answer that we read (RFC 6749, sections 5.1 and 5.2).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Issued {
    access_token: String,
    token_type: Option<String>,
    expires_in: Value,
    error: Option<String>,
}

/// A number of seconds as token servers write it: also with a fraction, or as a text.
fn seconds(told: &Value) -> Option<i64> {
    let text = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
    let seconds: f64 = text.trim().parse().ok()?;
    // The conversion saturates.
    (seconds >= 0.0).then_some(seconds as i64)
}

impl Tokens {
    /// A token: the kept one, unless it is `refused` or about to end; else a new one.
    ///
    /// # Errors
    /// The answer that stands for the whole attempt.
    pub async fn get(
        &self,
        (clock, provider): (&dyn Clock, &dyn Provider),
        (tenant, method, version): Owner,
        client: &Client,
        timeout: Period,
        refused: Option<String>,
    ) -> Result<Grant, Answer> {
        let slot = self.slot((tenant, method));
        let deadline = clock.now().after(timeout);
        let mut kept = slot.0.lock().await;
        let now = clock.now();
        if let Some(found) = &*kept
            && found.version == version
            && found.until > now
            && refused.as_ref() != Some(&found.token)
        {
            return Ok(Grant { token: found.token.clone(), kept: true });
        }
        *kept = None;
        let left = deadline.since(now);
        if left.millis() <= 0 {
            return Err(no_token("The wait for the token server was too long.".to_owned()));
        }
        let (token, life) = fetch(provider, client, left).await?;
        let until = now.after(usable(life));
        *kept = Some(Kept { version, token: token.clone(), until });
        Ok(Grant { token, kept: false })
    }

    fn slot(&self, owner: (Id, Id)) -> Arc<Slot> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= TOKENS && !slots.contains_key(&owner) {
            slots.clear();
        }
        Arc::clone(slots.entry(owner).or_default())
    }
}

/// How long a token of this life is used.
fn usable(life: Period) -> Period {
    let margin = TOKEN_MARGIN.min(Period::from_millis(life.millis() / 5));
    Period::from_millis(life.millis() - margin.millis())
}

fn form(scope: Option<&str>) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    scope.into_iter().for_each(|scope| {
        form.append_pair("scope", scope);
    });
    form.finish()
}

async fn fetch(
    provider: &dyn Provider,
    client: &Client,
    timeout: Period,
) -> Result<(String, Period), Answer> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let basic = format!("{}:{}", encoded(&client.id), encoded(&client.secret));
    let post = Post {
        url: client.url.clone(),
        headers: vec![
            ("content-type".into(), "application/x-www-form-urlencoded".to_owned()),
            ("accept".into(), "application/json".to_owned()),
            ("authorization".into(), format!("Basic {}", STANDARD.encode(basic))),
        ],
        body: form(client.scope.as_deref()),
        timeout,
    };
    match provider.post(&post).await {
        Answer::Blocked(why) => Err(Answer::Blocked(format!("The token server: {why}"))),
        Answer::None(_, why) => Err(no_token(format!("The token server: {why}"))),
        Answer::Http { status, body, .. } => issued(status, &body),
    }
}

fn issued(status: u16, body: &str) -> Result<(String, Period), Answer> {
    let read = object(body).and_then(|body| serde_json::from_str(body).ok());
    let read: Issued = read.unwrap_or_default();
    if !(200..300).contains(&status) {
        // Only the code: the rest of the answer may repeat what we sent.
        let code = |c: char| c.is_ascii_lowercase() || c == '_';
        let error = read.error.filter(|text| text.len() <= 40 && text.chars().all(code));
        let error = error.map(|error| format!(" ({error})")).unwrap_or_default();
        return Err(no_token(format!("The token server answered {status}{error}.")));
    }
    let token = read.access_token;
    let visible = token.bytes().all(|b| b.is_ascii_graphic());
    if token.is_empty() || token.len() > TOKEN_CHARS || !visible {
        return Err(no_token(format!("The token server answered {status} without a token.")));
    }
    if read.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(no_token("The token server gave a token that is no bearer token.".to_owned()));
    }
    let life = seconds(&read.expires_in).map_or(TOKEN_KEPT, Period::from_secs);
    Ok((token, life.min(TOKEN_LONGEST)))
}

fn no_token(detail: String) -> Answer {
    Answer::None(Silence::Token, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_before_it_ends() {
        let check = |life: i64, used: i64| {
            assert_eq!(usable(Period::from_secs(life)), Period::from_secs(used));
        };
        check(3600, 3540);
        check(300, 240);
        check(100, 80);
        check(0, 0);
    }

    #[test]
    fn how_long_it_lives_decides_over_nothing_else() {
        let check = |life: &str, seconds: i64| {
            let body = format!("{{\"access_token\":\"a\",\"expires_in\":{life}}}");
            let Ok((token, kept)) = issued(200, &body) else { panic!("{body}") };
            assert_eq!((token.as_str(), kept), ("a", Period::from_secs(seconds)), "{body}");
        };
        check("600", 600);
        check("600.9", 600);
        check("\"600\"", 600);
        check("0", 0);
        for unusable in ["-1", "\"soon\"", "null", "[1]"] {
            check(unusable, 300);
        }
        check("99999999999999999999999", 86_400);
        check("1e300", 86_400);
    }

    #[test]
    fn what_is_no_token_is_told_without_repeating_it() {
        let told = |status, body| match issued(status, body) {
            Err(Answer::None(Silence::Token, why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(issued(200, r#"{"access_token":"a","token_type":"bearer"}"#).is_ok());
        assert_eq!(
            told(401, r#"{"error":"invalid_client"}"#),
            "The token server answered 401 (invalid_client)."
        );
        assert_eq!(told(500, r#"{"error":"SECRET=1"}"#), "The token server answered 500.");
        for body in
            ["", "[]", r#"["a"]"#, "{}", r#"{"access_token":5}"#, r#"{"access_token":"a b"}"#]
        {
            assert!(told(200, body).contains("without a token"), "{body}");
        }
        let mac = r#"{"access_token":"a","token_type":"mac"}"#;
        assert!(told(200, mac).contains("no bearer"));
    }
}
