//! AWS clients: one TLS stack, credentials as given, retries and time-outs set by hand.
//!
//! Neighbours: the Lambda entry points, local mode and tests make their clients here.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_types::SdkConfig;
use url::Url;

use crate::provider::egress::is_loopback;

/// Where AWS is and who asks.
#[derive(Clone, Debug)]
pub struct Access {
    /// The region.
    pub region: String,
    /// Where AWS is, when it is not AWS.
    pub endpoint_url: Option<String>,
    /// Who asks.
    pub credentials: Credentials,
}

/// The roots that AWS's own addresses are certified by (<https://www.amazontrust.com/repository>).
/// Reading all roots of a machine would be most of a function's start.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");
/// Attempts of one call: the first and two more.
const TRIES: u32 = 3;
/// No single attempt takes longer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

impl Access {
    /// An embedded engine that asks for no credentials.
    pub fn embedded(endpoint_url: String) -> Self {
        Self {
            region: "local".to_owned(),
            endpoint_url: Some(endpoint_url),
            credentials: Credentials::new("local", "local", None, None, "embedded"),
        }
    }

    /// Whether AWS is emulated on this machine; true of no Lambda on AWS.
    pub fn is_on_this_machine(&self) -> bool {
        let url = self.endpoint_url.as_deref().and_then(|url| Url::parse(url).ok());
        url.is_some_and(|url| url.host().is_some_and(|host| is_loopback(&host)))
    }

    fn http(&self) -> SharedHttpClient {
        if self.endpoint_url.as_ref().is_some_and(|url| url.starts_with("http://")) {
            return Builder::new().build_http();
        }
        let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
        let tls = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
        #[expect(clippy::expect_used, reason = "the certificates are part of the binary")]
        let context = TlsContext::builder().with_trust_store(roots).build().expect("they read");
        tls.tls_context(context).build_https()
    }

    fn config(&self) -> SdkConfig {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(timeouts)
            .http_client(self.http());
        config.set_endpoint_url(self.endpoint_url.clone());
        config.build()
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config())
    }

    /// A client of Secrets Manager.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config())
    }

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config())
    }
}
