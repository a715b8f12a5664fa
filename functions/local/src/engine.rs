//! DynamoDB inside this process: the embedded engine behind its own HTTP port.
//!
//! Neighbours: the store talks to it through the AWS SDK, as it does to AWS.

use std::path::Path;

use dynoxide::{Database, server};
use edge::aws::Access;
use store::dynamo::DynamoStore;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::service::StartError;

/// Names of the tables.
const TABLES: (&str, &str) = ("provisio-core", "provisio-catalog");

/// Starts the engine on a file, and makes the tables where they are missing.
///
/// # Errors
/// When the file cannot be opened.
pub async fn start(
    path: &Path,
    tasks: &TaskTracker,
    stop: CancellationToken,
) -> Result<DynamoStore, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Database(error.to_string());
    let database = Database::new(&path.to_string_lossy()).map_err(|e| failed(&e))?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tasks.spawn(async move {
        let stopped = async move { stop.cancelled().await };
        if let Err(error) = server::serve_with_shutdown(listener, database, stopped).await {
            tracing::error!(%error, "embedded DynamoDB");
        }
    });
    let client = Access::embedded(format!("http://{address}")).dynamodb();
    let (core, catalog) = TABLES;
    store::tables::create(&client, core, catalog).await.map_err(|e| failed(&e))?;
    Ok(DynamoStore::new(client, core.to_owned(), catalog.to_owned()))
}
