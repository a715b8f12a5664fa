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
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_types::SdkConfig;

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

    fn http(&self) -> SharedHttpClient {
        if self.endpoint_url.as_ref().is_some_and(|url| url.starts_with("http://")) {
            return Builder::new().build_http();
        }
        Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
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

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config())
    }
}
