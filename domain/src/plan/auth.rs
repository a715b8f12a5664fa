//! How a provider recognises us besides the signature: the authentication profile of a method.
//!
//! Neighbours: `method` has one, the edge's credentials carry it out. Guarantee: its secret is kept
//! sealed, never answered, and never taken along to another address.

use serde::{Deserialize, Serialize};

use crate::limits::{CREDENTIAL_CHARS, ENDPOINT_CHARS, HEADER_NAME_CHARS};
use crate::rejection::{Code, Faults};
use crate::text;

/// The kinds of profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(Serialize, Deserialize, strum::Display, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthType {
    /// By the signature alone.
    #[default]
    None,
    /// User and password in the header `Authorization`.
    Basic,
    /// An access token of a token server, kept until it ends (RFC 6749, section 4.4).
    OauthClientCredentials,
    /// A fixed value in a header.
    Header,
}

/// A profile, as it is kept and answered: without its secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthProfile {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: AuthType,
    /// BASIC: the user.
    pub username: Option<String>,
    /// `OAUTH_CLIENT_CREDENTIALS`: where tokens come from.
    pub token_url: Option<String>,
    /// `OAUTH_CLIENT_CREDENTIALS`: who we are there.
    pub client_id: Option<String>,
    /// `OAUTH_CLIENT_CREDENTIALS`: what the token is for.
    pub scope: Option<String>,
    /// HEADER: its name.
    pub name: Option<String>,
}

/// A profile with its secret, as a body has it. A change without the secret keeps the one that is
/// there, as long as it goes to the same place.
#[derive(Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthInput {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: AuthType,
    /// BASIC: the user, without a colon.
    pub username: Option<String>,
    /// BASIC: write-only.
    pub password: Option<String>,
    /// `OAUTH_CLIENT_CREDENTIALS`: under the same rules as an endpoint.
    pub token_url: Option<String>,
    /// `OAUTH_CLIENT_CREDENTIALS`: who we are there.
    pub client_id: Option<String>,
    /// `OAUTH_CLIENT_CREDENTIALS`: write-only.
    pub client_secret: Option<String>,
    /// `OAUTH_CLIENT_CREDENTIALS`: what the token is for; optional.
    pub scope: Option<String>,
    /// HEADER: `Authorization`, or a name that starts with `X-` or ends with `-Key` or `-Token`.
    pub name: Option<String>,
    /// HEADER: visible ASCII; write-only.
    pub value: Option<String>,
}

impl std::fmt::Debug for AuthInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuthInput({})", self.kind)
    }
}

impl AuthInput {
    /// The secret that it brings.
    pub fn secret(&self) -> Option<&str> {
        let secret = match self.kind {
            AuthType::None => &None,
            AuthType::Basic => &self.password,
            AuthType::OauthClientCredentials => &self.client_secret,
            AuthType::Header => &self.value,
        };
        secret.as_deref()
    }

    /// The profile. `keeps` says whether the secret that is there goes on; else one must be given.
    pub fn check(&self, keeps: impl Fn(&AuthProfile) -> bool, faults: &mut Faults) -> AuthProfile {
        let mut profile = AuthProfile { kind: self.kind, ..AuthProfile::default() };
        for (member, value) in self.members() {
            let (at, wanted) = (format!("/authProfile/{member}"), self.kind.wants(member));
            match (value, wanted) {
                (Some(_), Wants::Nothing) => {
                    let detail = format!("does not belong to {}", self.kind);
                    faults.add(at, Code::ValidationFailed, detail);
                }
                (None, Wants::Text) => faults.add(at, Code::ValidationFailed, "must be given"),
                (Some(value), _) => {
                    let checked = faults.take(&at, rule(member, value));
                    profile.set(member, checked);
                }
                (None, _) => {}
            }
        }
        let secret = self.members().into_iter().find(|(m, _)| self.kind.wants(m) == Wants::Secret);
        if let Some((member, None)) = secret
            && !keeps(&profile)
        {
            let detail = "must be given; a secret that is there is not taken along to another \
                          profile or address";
            faults.add(format!("/authProfile/{member}"), Code::ValidationFailed, detail);
        }
        profile
    }

    const fn members(&self) -> [(&'static str, &Option<String>); 8] {
        [
            ("username", &self.username),
            ("password", &self.password),
            ("tokenUrl", &self.token_url),
            ("clientId", &self.client_id),
            ("clientSecret", &self.client_secret),
            ("scope", &self.scope),
            ("name", &self.name),
            ("value", &self.value),
        ]
    }
}

impl AuthProfile {
    /// Whether a secret of this profile, used at this endpoint, goes on for another one: the kind
    /// and every address that it is sent to are the same.
    pub fn keeps(&self, endpoint: &str, next: &Self, next_endpoint: &str) -> bool {
        let token = |profile: &Self| profile.token_url.as_deref().map(origin);
        self.kind == next.kind
            && self.name == next.name
            && origin(endpoint) == origin(next_endpoint)
            && token(self) == token(next)
    }

    fn set(&mut self, member: &str, value: Option<String>) {
        match member {
            "username" => self.username = value,
            "tokenUrl" => self.token_url = value,
            "clientId" => self.client_id = value,
            "scope" => self.scope = value,
            "name" => self.name = value,
            _ => {}
        }
    }
}

/// Scheme, host and port of an address: all before the third slash.
fn origin(url: &str) -> String {
    url.split('/').take(3).collect::<Vec<_>>().join("/").to_ascii_lowercase()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    Nothing,
    Text,
    Optional,
    Secret,
}

impl AuthType {
    fn wants(self, member: &str) -> Wants {
        match (self, member) {
            (Self::Basic, "username")
            | (Self::OauthClientCredentials, "tokenUrl" | "clientId")
            | (Self::Header, "name") => Wants::Text,
            (Self::OauthClientCredentials, "scope") => Wants::Optional,
            (Self::Basic, "password")
            | (Self::OauthClientCredentials, "clientSecret")
            | (Self::Header, "value") => Wants::Secret,
            _ => Wants::Nothing,
        }
    }
}

fn rule(member: &str, value: &str) -> Result<String, (Code, String)> {
    let wrong = |detail: &str| Err((Code::ValidationFailed, detail.to_owned()));
    let fits = (1..=CREDENTIAL_CHARS).contains(&value.chars().count());
    match member {
        "tokenUrl" if value.is_empty() || value.chars().count() > ENDPOINT_CHARS => {
            wrong(&format!("must have 1 to {ENDPOINT_CHARS} characters"))
        }
        "tokenUrl" => Ok(value.to_owned()),
        "name" => header_name(value),
        _ if !fits => wrong(&format!("must have 1 to {CREDENTIAL_CHARS} characters")),
        "username" if value.contains(':') => wrong("a user of BASIC has no colon"),
        "value" if !value.bytes().all(|b| matches!(b, 0x20..=0x7e)) || value.trim() != value => {
            Err((Code::InvalidCharacter, "must be visible ASCII, no spaces around it".to_owned()))
        }
        _ => text::free(value, CREDENTIAL_CHARS).map(|_| value.to_owned()),
    }
}

/// Names that a header may have: none that steers the call or that we set ourselves.
fn header_name(name: &str) -> Result<String, (Code, String)> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let lower = name.to_ascii_lowercase();
    let ours = ["x-forwarded-", "x-amz", "x-real-", "x-http-method", "x-original-", "x-rewrite-"];
    let open = lower == "authorization"
        || lower.starts_with("x-")
        || lower.ends_with("-key")
        || lower.ends_with("-token");
    let fine = open
        && name.len() <= HEADER_NAME_CHARS
        && name.bytes().all(token)
        && !ours.iter().any(|start| lower.starts_with(start))
        && !["webhook-", "provisioning-", "proxy-", "sec-"].iter().any(|s| lower.starts_with(s));
    if fine {
        return Ok(name.to_owned());
    }
    let detail = "take Authorization, or a name that starts with X- or ends with -Key or -Token; \
                  names that steer the call are refused";
    Err((Code::ValidationFailed, detail.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_that_authenticate_are_allowed() {
        for name in ["Authorization", "X-Api-Key", "x-token", "Api-Key", "Private-Token"] {
            assert!(header_name(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "Host",
            "Content-Length",
            "Content-Type",
            "Transfer-Encoding",
            "Connection",
            "Cookie",
            "Forwarded",
            "X-Forwarded-For",
            "X-Amz-Date",
            "X-Real-Ip",
            "Webhook-Key",
            "webhook-id",
            "Provisioning-Token",
            "Proxy-Token",
            "X-A:B",
            "X-\r\nHost",
            "X é",
            "X-Http-Method-Override",
            "Sec-Websocket-Key",
        ] {
            assert!(header_name(name).is_err(), "{name}");
        }
    }

    fn check(input: &AuthInput, keeps: bool) -> Vec<String> {
        let mut faults = Faults::default();
        input.check(|_| keeps, &mut faults);
        let told = faults.finish().err().map(|r| r.faults).unwrap_or_default();
        told.into_iter().map(|fault| fault.pointer.replace("/authProfile/", "")).collect()
    }

    #[expect(clippy::unnecessary_wraps, reason = "what a body has")]
    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn every_kind_has_its_members() {
        let none = AuthInput::default();
        assert!(check(&none, false).is_empty());
        let basic = AuthInput { kind: AuthType::Basic, ..none.clone() };
        assert_eq!(check(&basic, false), ["username", "password"]);
        assert_eq!(check(&basic, true), ["username"]);
        let wrong = AuthInput { username: some("a:b"), password: some(""), ..basic };
        assert_eq!(check(&wrong, false), ["username", "password"]);
        let oauth = AuthInput { kind: AuthType::OauthClientCredentials, ..none.clone() };
        assert_eq!(check(&oauth, false), ["tokenUrl", "clientId", "clientSecret"]);
        let mixed = AuthInput { value: some("x"), password: some("x"), ..oauth };
        let told = ["password", "tokenUrl", "clientId", "value", "clientSecret"];
        assert_eq!(check(&mixed, false), told);
        let header = AuthInput { kind: AuthType::Header, name: some("X-Key"), ..none };
        let bad = AuthInput { value: some("a\r\nHost: b"), ..header.clone() };
        assert_eq!(check(&bad, false), ["value"]);
        assert_eq!(check(&AuthInput { value: some("Bearer abc"), ..header }, false), [""; 0]);
    }

    #[test]
    fn a_secret_stays_with_its_addresses() {
        let token = |url: &str| AuthProfile {
            kind: AuthType::OauthClientCredentials,
            token_url: some(url),
            ..AuthProfile::default()
        };
        let (a, b) = ("https://a.example/x", "https://b.example/x");
        let of_a = token(a);
        assert!(of_a.keeps(a, &token("https://A.example/y?z"), "https://a.example"));
        assert!(!of_a.keeps(a, &of_a, b), "another endpoint");
        assert!(!of_a.keeps(a, &of_a, "https://a.example:8443/x"), "another port");
        assert!(!of_a.keeps(a, &token(b), a), "another token server");
        assert!(!of_a.keeps(a, &AuthProfile::default(), a), "another kind");
    }
}
