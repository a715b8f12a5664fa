//! AWS clients: one TLS stack, credentials as given, retries and time-outs set by hand.
//!
//! Neighbours: the Lambda entry points, local mode and tests make their clients here.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_types::SdkConfig;
use domain::limits::{AWS_TIMEOUT, AWS_TRIES};
use url::Url;

use crate::provider::egress::is_loopback;

/// Where AWS is and who asks; its clients share their connections.
#[derive(Clone, Debug)]
pub struct Access(SdkConfig);

/// The roots that AWS's own addresses are certified by (<https://www.amazontrust.com/repository>).
/// Reading all roots of a machine would be most of a function's start.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

impl Access {
    /// To AWS, or to what is given in its place.
    pub fn new(region: String, endpoint_url: Option<String>, credentials: Credentials) -> Self {
        let client = http(endpoint_url.as_deref());
        Self::through(client, region, endpoint_url, credentials)
    }

    fn through(
        client: SharedHttpClient,
        region: String,
        endpoint_url: Option<String>,
        credentials: Credentials,
    ) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(AWS_TIMEOUT.duration()).build();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::standard().with_max_attempts(AWS_TRIES))
            .timeout_config(timeouts)
            .http_client(client);
        config.set_endpoint_url(endpoint_url);
        Self(config.build())
    }

    /// An embedded engine that this client hands calls to; it asks for no credentials, and the
    /// address leads nowhere.
    pub fn embedded(client: SharedHttpClient) -> Self {
        let credentials = Credentials::new("local", "local", None, None, "embedded");
        let nowhere = "http://embedded.invalid".to_owned();
        Self::through(client, "local".to_owned(), Some(nowhere), credentials)
    }

    /// Whether AWS is emulated on this machine; true of no Lambda on AWS.
    pub fn is_on_this_machine(&self) -> bool {
        let url = self.0.endpoint_url().and_then(|url| Url::parse(url).ok());
        url.is_some_and(|url| url.host().is_some_and(|host| is_loopback(&host)))
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.0)
    }

    /// A client of Secrets Manager.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.0)
    }

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.0)
    }
}

fn http(endpoint_url: Option<&str>) -> SharedHttpClient {
    if endpoint_url.is_some_and(|url| url.starts_with("http://")) {
        return Builder::new().build_http();
    }
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let tls = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    #[expect(clippy::expect_used, reason = "the certificates are part of the binary")]
    let context = TlsContext::builder().with_trust_store(roots).build().expect("they read");
    tls.tls_context(context).build_https()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// The same keys are in the list of roots that browsers trust.
    #[test]
    fn the_roots_are_those_that_everybody_trusts() {
        let text = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        let certificates: Vec<Vec<u8>> = text
            .split("-----BEGIN CERTIFICATE-----")
            .skip(1)
            .map(|rest| rest.split("-----END").next().unwrap().replace('\n', ""))
            .map(|text| STANDARD.decode(text).unwrap())
            .collect();
        assert_eq!(certificates.len(), 5);
        for certificate in certificates {
            let key = |anchor: &&rustls::pki_types::TrustAnchor<'_>| {
                let key = anchor.subject_public_key_info.as_ref();
                certificate.windows(key.len()).any(|part| part == key)
            };
            let known = webpki_roots::TLS_SERVER_ROOTS.iter().find(key).unwrap();
            let name = String::from_utf8_lossy(known.subject.as_ref());
            assert!(name.contains("Amazon") || name.contains("Starfield"), "{name}");
        }
    }

    #[test]
    fn only_a_loopback_address_is_this_machine() {
        let check = |url: Option<&str>, here: bool| {
            let credentials = Credentials::new("a", "b", None, None, "test");
            let access = Access::new("r".to_owned(), url.map(str::to_owned), credentials);
            assert_eq!(access.is_on_this_machine(), here, "{url:?}");
        };
        check(None, false);
        check(Some("http://127.0.0.1:4566"), true);
        check(Some("http://localhost:4566"), true);
        check(Some("https://vpce-1.dynamodb.us-east-1.vpce.amazonaws.com"), false);
        check(Some("http://10.0.0.7:4566"), false);
        check(Some("not an address"), false);
    }
}
