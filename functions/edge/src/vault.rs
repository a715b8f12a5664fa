//! The master keys in Secrets Manager.
//!
//! Neighbours: `lambda` makes it, `master` reads and writes. Guarantee: what was there before a
//! write stays there as the version before (`AWSPREVIOUS`).

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;

use crate::ports::{Vault, VaultError};

/// A secret of Secrets Manager.
pub struct SecretsManager {
    /// The client.
    pub client: Client,
    /// The secret's ARN.
    pub arn: String,
}

#[async_trait]
impl Vault for SecretsManager {
    async fn read(&self) -> Result<String, VaultError> {
        let found = self.client.get_secret_value().secret_id(&self.arn).send().await;
        let found = found
            .map_err(|error| VaultError::Unavailable(DisplayErrorContext(error).to_string()))?;
        found.secret_string.ok_or(VaultError::NoKeys)
    }

    async fn write(&self, text: &str) -> Result<(), VaultError> {
        let put = self.client.put_secret_value().secret_id(&self.arn).secret_string(text);
        let put = put.send().await;
        put.map_err(|error| VaultError::Unavailable(DisplayErrorContext(error).to_string()))?;
        Ok(())
    }
}
