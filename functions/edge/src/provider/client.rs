//! Posts to a provider: one deadline over everything, a cap on what is read, public addresses only.
//!
//! Neighbours: the port `Provider`. Guarantee: it neither follows redirects nor uses a proxy, and
//! the address that was judged is the one that is connected to.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use domain::limits::PROVIDER_BODY_BYTES;
use domain::request::dispatched::{Answer, Silence};
use domain::time::{Period, Time};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect;

use crate::ports::{Clock, Post, Provider};
use crate::provider::egress::Policy;

/// The provider at the other end of HTTP.
pub struct HttpProvider {
    policy: Policy,
    clock: Arc<dyn Clock>,
    // Made at the first POST, so that a function that never posts does not pay for it.
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl HttpProvider {
    /// With these egress rules.
    pub fn new(policy: Policy, clock: Arc<dyn Clock>) -> Self {
        Self { policy, clock, client: OnceLock::new() }
    }

    fn client(&self) -> Result<&reqwest::Client, Answer> {
        let made = self.client.get_or_init(|| build(self.policy.clone()));
        made.as_ref().map_err(|error| Answer::None(Silence::Connect, error.clone()))
    }

    async fn exchange(&self, post: &Post, url: url::Url) -> Result<Answer, Answer> {
        let mut call = self.client()?.post(url).body(post.body.clone());
        for (name, value) in &post.headers {
            call = call.header(&**name, value);
        }
        let mut answer = call.send().await.map_err(|error| silence(&error))?;
        let status = answer.status().as_u16();
        let retry_after = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after(value, self.clock.now()));
        let mut body = Vec::new();
        while body.len() < PROVIDER_BODY_BYTES {
            match answer.chunk().await.map_err(|error| silence(&error))? {
                Some(chunk) => body.extend_from_slice(&chunk),
                None => break,
            }
        }
        body.truncate(PROVIDER_BODY_BYTES);
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer::Http { status, body, retry_after })
    }
}

#[async_trait]
impl Provider for HttpProvider {
    async fn post(&self, post: &Post) -> Answer {
        let url = match self.policy.judge(&post.url) {
            Ok(url) => url,
            Err(why) => return Answer::Blocked(why),
        };
        let deadline = Duration::from_millis(post.timeout.millis().unsigned_abs());
        if let Ok(Ok(answer) | Err(answer)) =
            tokio::time::timeout(deadline, self.exchange(post, url)).await
        {
            answer
        } else {
            let detail = format!("No whole answer within {}.", post.timeout);
            Answer::None(Silence::Timeout, detail)
        }
    }
}

/// An HTTP client that heeds the egress rules for names; literal addresses are judged before.
///
/// # Errors
/// When the TLS stack cannot be set up.
pub fn build(policy: Policy) -> Result<reqwest::Client, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(JudgedResolver(policy)))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .user_agent(concat!("Provisio/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}

/// Resolves once, and refuses if any answer is not public. Literal addresses never come here:
/// `Policy::judge` has judged them.
struct JudgedResolver(Policy);

/// The resolver's no.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

/// The name has no address.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NoAddress(String);

impl Resolve for JudgedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> =
                found.map_err(|error| Box::new(NoAddress(error.to_string())))?.collect();
            for address in &found {
                let judged = policy.judge_resolved(name.as_str(), address.ip());
                judged.map_err(|why| Box::new(Refused(format!("{}: {why}", name.as_str()))))?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Why there was no answer, by the innermost cause.
fn silence(error: &reqwest::Error) -> Answer {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut innermost = error.to_string();
    while let Some(current) = cause {
        if let Some(Refused(why)) = current.downcast_ref() {
            return Answer::Blocked(why.clone());
        }
        if let Some(NoAddress(why)) = current.downcast_ref() {
            return Answer::None(Silence::Dns, why.clone());
        }
        innermost = current.to_string();
        cause = current.source();
    }
    let kind = if error.is_connect() { Silence::Connect } else { Silence::Broken };
    Answer::None(kind, innermost)
}

/// Seconds, or a date (RFC 9110 section 10.2.3).
fn retry_after(value: &str, now: Time) -> Option<Period> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // A number too large for us is still a wish to be left alone for long.
        return Some(Period::from_secs(value.parse().unwrap_or(i64::MAX)));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp().as_millisecond();
    Some(Period::from_millis(at - now.millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_takes_seconds_and_dates() {
        let now = Time::from_millis(784_111_777_000);
        let check = |value: &str, wait: Option<i64>| {
            assert_eq!(retry_after(value, now).map(Period::millis), wait, "{value}");
        };
        check("120", Some(120_000));
        check("Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000));
        check("Sun, 06 Nov 1994 08:49:27 GMT", Some(0));
        check("-1", None);
        check("soon", None);
        check("99999999999999999999", Some(i64::MAX));
    }
}
