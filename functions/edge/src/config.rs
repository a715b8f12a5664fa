//! Configuration: every name of the environment, here and nowhere else.
//!
//! Neighbours: the Lambda entry points read it once at start.

use confique::Config as _;

/// What a function is told by its environment.
#[derive(Debug, confique::Config)]
pub struct Config {
    /// Name of the table `core`.
    #[config(env = "TABLE_CORE")]
    pub table_core: String,
    /// Name of the table `catalog`.
    #[config(env = "TABLE_CATALOG")]
    pub table_catalog: String,
    /// URL of the dispatch queue.
    #[config(env = "DISPATCH_QUEUE_URL")]
    pub queue_url: String,
    /// What callback links are made of.
    #[config(env = "PUBLIC_URL")]
    pub public_url: String,
    /// The master key, 64 hex digits.
    #[config(env = "MASTER_KEY")]
    pub master_key: String,
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
