//! Configuration: every name of the environment, here and nowhere else.
//!
//! Neighbours: `lambda` reads it once at start; `infra/template.yaml` sets it.

use confique::Config as _;

use crate::mark::Indexes;

/// The settings of a function, from its environment.
#[derive(Debug, confique::Config)]
pub struct Config {
    /// Name of the stack: metrics have it as a dimension.
    #[config(env = "SERVICE")]
    pub service: String,
    /// Name of the table `core`.
    #[config(env = "TABLE_CORE")]
    pub table_core: String,
    /// Name of the table `catalog`.
    #[config(env = "TABLE_CATALOG")]
    pub table_catalog: String,
    /// Which indexes the table `core` has.
    #[config(env = "INDEXES")]
    pub indexes: Indexes,
    /// URL of the dispatch queue.
    #[config(env = "DISPATCH_QUEUE_URL")]
    pub queue_url: String,
    /// URL of its dead letters; only for the function that looks at them.
    #[config(env = "DEAD_LETTER_QUEUE_URL")]
    pub dead_letter_queue_url: Option<String>,
    /// The start of callback links.
    #[config(env = "PUBLIC_URL")]
    pub public_url: String,
    /// ARN of the master key in Secrets Manager; only for functions that need it.
    #[config(env = "MASTER_KEY_ARN")]
    pub master_key_arn: Option<String>,
    /// Name of this function.
    #[config(env = "AWS_LAMBDA_FUNCTION_NAME")]
    pub function: String,
    /// The AWS region.
    #[config(env = "AWS_REGION")]
    pub region: String,
    /// Where AWS is, when it is not AWS.
    #[config(env = "AWS_ENDPOINT_URL")]
    pub endpoint_url: Option<String>,
    /// The Lambda's own credentials.
    #[config(env = "AWS_ACCESS_KEY_ID")]
    pub access_key_id: String,
    /// The Lambda's own credentials.
    #[config(env = "AWS_SECRET_ACCESS_KEY")]
    pub secret_access_key: String,
    /// The Lambda's own credentials.
    #[config(env = "AWS_SESSION_TOKEN")]
    pub session_token: Option<String>,
}

impl Config {
    /// From the environment.
    ///
    /// # Errors
    /// Which name is missing.
    pub fn from_environment() -> Result<Self, confique::Error> {
        Self::builder().env().load()
    }
}

/// The X-Ray trace of this invocation; the runtime sets it anew each time.
pub(crate) fn trace_header() -> Option<String> {
    std::env::var("_X_AMZN_TRACE_ID").ok()
}
