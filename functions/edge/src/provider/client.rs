//! Posts to a provider: one deadline over everything, a cap on what is read, public addresses only.
//!
//! Neighbours: the port `Provider`. Guarantee: it neither follows redirects nor uses a proxy, and
//! the address that was judged is the one that is connected to.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use domain::cause::Silence;
use domain::limits::{DESCRIPTOR_WAIT, LADDER_LONGEST, LOCATION_BYTES, PROVIDER_BODY_BYTES};
use domain::request::dispatched::{Answer, Heard};
use domain::text::cut;
use domain::time::{Period, Time};
use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::redirect;
use tokio::time::{Instant, sleep, timeout_at};

use crate::ports::{Clock, Post, Provider};
use crate::provider::egress::Policy;

/// How a name is looked up: the system's way, or a test's own.
pub type Lookup = fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;

/// The provider at the other end of HTTP.
pub struct HttpProvider {
    policy: Policy,
    clock: Arc<dyn Clock>,
    lookup: Lookup,
    // Made at the first POST, so that a function that never posts does not pay for it.
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl HttpProvider {
    /// With these egress rules.
    pub fn new(policy: Policy, clock: Arc<dyn Clock>) -> Self {
        Self::looking_up(policy, clock, of_the_system)
    }

    /// The same, with names looked up so.
    pub fn looking_up(policy: Policy, clock: Arc<dyn Clock>, lookup: Lookup) -> Self {
        Self { policy, clock, lookup, client: OnceLock::new() }
    }

    fn client(&self) -> Result<&reqwest::Client, Answer> {
        let made = self.client.get_or_init(|| build_with(self.policy.clone(), self.lookup));
        made.as_ref().map_err(|error| Answer::None(Silence::Connect, error.clone()))
    }

    async fn exchange(&self, post: &Post, url: url::Url) -> Result<Answer, Failed> {
        let mut call = self.client().map_err(Failed::Silent)?.post(url).body(post.body.clone());
        for (name, value) in &post.headers {
            call = call.header(&**name, value);
        }
        let mut answer = call.send().await.map_err(|error| silence(&error))?;
        let status = answer.status().as_u16();
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let heard = Heard {
            retry_after: header(RETRY_AFTER).and_then(|it| retry_after(it, self.clock.now())),
            location: header(LOCATION).map(|it| cut(it, LOCATION_BYTES).to_owned()),
        };
        let mut body = Vec::new();
        while body.len() < PROVIDER_BODY_BYTES {
            match answer.chunk().await.map_err(|error| silence(&error))? {
                Some(chunk) => body.extend_from_slice(&chunk),
                None => break,
            }
        }
        body.truncate(PROVIDER_BODY_BYTES);
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer::Http { status, body, heard })
    }
}

#[async_trait]
impl Provider for HttpProvider {
    async fn post(&self, post: &Post) -> Answer {
        let url = match self.policy.judge(&post.url) {
            Ok(url) => url,
            Err(why) => return Answer::Blocked(why),
        };
        let deadline = Instant::now() + post.timeout.duration();
        // As soon as this machine can: a lack of its own is no silence of the provider.
        loop {
            let Ok(ended) = timeout_at(deadline, self.exchange(post, url.clone())).await else {
                let detail = format!("No whole answer within {}.", post.timeout);
                return Answer::None(Silence::Timeout, detail);
            };
            match ended {
                Ok(answer) | Err(Failed::Silent(answer)) => return answer,
                Err(Failed::Lacking) if Instant::now() + DESCRIPTOR_WAIT.duration() < deadline => {
                    sleep(DESCRIPTOR_WAIT.duration()).await;
                }
                Err(Failed::Lacking) => {
                    let detail = "This machine had no file descriptor left; nothing was sent.";
                    return Answer::None(Silence::Connect, detail.to_owned());
                }
            }
        }
    }
}

/// An HTTP client that heeds the egress rules for names; literal addresses are judged before.
///
/// # Errors
/// When the TLS stack cannot be set up.
pub fn build(policy: Policy) -> Result<reqwest::Client, String> {
    build_with(policy, of_the_system)
}

fn build_with(policy: Policy, lookup: Lookup) -> Result<reqwest::Client, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(JudgedResolver { policy, lookup }))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .user_agent(concat!("Provisio/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}

/// Resolves once, and refuses if any answer is not public. Literal addresses never come here:
/// `Policy::judge` has judged them.
struct JudgedResolver {
    policy: Policy,
    lookup: Lookup,
}

/// The resolver's no.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

/// The name has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name {0} has no address: {1}")]
struct NoAddress(String, io::Error);

impl Resolve for JudgedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, found) = (self.policy.clone(), (self.lookup)(name.as_str().to_owned()));
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let found = found.await.map_err(|error| NoAddress(name.clone(), error))?;
            if found.is_empty() {
                let none = io::Error::from(io::ErrorKind::NotFound);
                return Err(NoAddress(name, none).into());
            }
            for address in &found {
                let judged = policy.judge_resolved(&name, *address);
                judged.map_err(|why| Refused(format!("{name}: {why}")))?;
            }
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::from((address, 0)))) as Addrs)
        })
    }
}

fn of_the_system(name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
    async move {
        let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
    .boxed()
}

/// Why an exchange came to nothing.
enum Failed {
    /// The provider, or the way to it.
    Silent(Answer),
    /// This process has no file descriptor left; nothing was sent.
    Lacking,
}

/// `EMFILE` and `ENFILE`: no descriptor is left, for this process or for all.
const NO_DESCRIPTORS: [i32; 2] = [24, 23];

/// Why there was no answer, by the innermost cause.
fn silence(error: &reqwest::Error) -> Failed {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut innermost = error.to_string();
    while let Some(current) = cause {
        if let Some(Refused(why)) = current.downcast_ref() {
            return Failed::Silent(Answer::Blocked(why.clone()));
        }
        let lacks = |error: &io::Error| {
            error.raw_os_error().is_some_and(|code| NO_DESCRIPTORS.contains(&code))
        };
        if current.downcast_ref().is_some_and(lacks) && error.is_connect() {
            return Failed::Lacking;
        }
        if let Some(unknown @ NoAddress(_, error)) = current.downcast_ref() {
            if lacks(error) {
                return Failed::Lacking;
            }
            return Failed::Silent(Answer::None(Silence::Dns, unknown.to_string()));
        }
        innermost = current.to_string();
        cause = current.source();
    }
    let kind = if error.is_connect() { Silence::Connect } else { Silence::Broken };
    Failed::Silent(Answer::None(kind, innermost))
}

/// Seconds, or a date (RFC 9110 section 10.2.3); a day at most, whatever is asked for.
fn retry_after(value: &str, now: Time) -> Option<Period> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // A number too large for us is still a wish to be left alone for long.
        Period::from_secs(value.parse().unwrap_or(i64::MAX))
    } else {
        Period::from_millis(http_date(value)? - now.millis())
    };
    Some(wait.min(LADDER_LONGEST))
}

/// A date of HTTP in any of its three forms, milliseconds since 1970.
pub fn http_date(text: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(text).ok()?;
    let since = date.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
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
        check("Sunday, 06-Nov-94 08:49:47 GMT", Some(10_000));
        check("Sun Nov  6 08:49:47 1994", Some(10_000));
        check("-1", None);
        check("soon", None);
        check("99999999999999999999", Some(86_400_000));
        check("Tue, 31 Dec 2999 23:59:59 GMT", Some(86_400_000));
    }
}
