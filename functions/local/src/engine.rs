//! DynamoDB inside this process: the SDK's calls are handed to the embedded engine, without a
//! socket.
//!
//! Neighbours: `service` opens it, the tests have one in memory. Guarantee: nobody but this process
//! can read or write what it keeps.

use std::path::Path;

use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use edge::aws::Access;
use rusqlite::Connection;
use serde_json::{from_str, to_string};
use store::dynamo::DynamoStore;
use tokio::task::spawn_blocking;

use crate::limits::LOG_BUSY;

/// Names of the tables.
pub const TABLES: (&str, &str) = ("provisio-core", "provisio-catalog");

/// An embedded DynamoDB.
#[derive(Clone)]
pub struct Engine(Database);

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// On a file, which it makes where it is missing.
    ///
    /// # Errors
    /// In the engine's words.
    pub fn open(path: &Path) -> Result<Self, String> {
        Database::new(&path.to_string_lossy()).map(Self).map_err(|error| error.to_string())
    }

    /// In memory.
    ///
    /// # Errors
    /// In the engine's words.
    pub fn memory() -> Result<Self, String> {
        Database::memory().map(Self).map_err(|error| error.to_string())
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        Access::embedded(self.connector()).dynamodb()
    }

    /// A store in its two tables.
    pub fn store(&self) -> DynamoStore {
        let (core, catalog) = TABLES;
        DynamoStore::new(self.client(), core.to_owned(), catalog.to_owned())
    }

    /// The connector that the SDK calls in place of HTTP.
    fn connector(&self) -> aws_smithy_runtime_api::client::http::SharedHttpClient {
        let engine = self.clone();
        http_client_fn(move |_, _| SharedHttpConnector::new(engine.clone()))
    }

    /// Removes the rows whose time is over, as DynamoDB does by itself.
    ///
    /// # Errors
    /// In the engine's words.
    pub async fn expire(&self) -> Result<usize, String> {
        let database = self.0.clone();
        let swept = spawn_blocking(move || database.sweep_ttl()).await;
        swept.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }

    /// Writes the file anew without what was removed, and empties its log, which the engine itself
    /// never does.
    ///
    /// # Errors
    /// In the engine's words; while the file is read elsewhere.
    pub async fn compact(&self) -> Result<(), String> {
        let database = self.0.clone();
        let compacted = spawn_blocking(move || {
            database.vacuum().map_err(|error| error.to_string())?;
            match database.db_path().map_err(|error| error.to_string())? {
                Some(path) => empty_log(&path).map_err(|error| error.to_string()),
                None => Ok(()),
            }
        });
        compacted.await.map_err(|error| error.to_string())?
    }

    /// Writes all of it to a file that is empty.
    ///
    /// # Errors
    /// In the engine's words.
    pub async fn write(&self, path: &Path) -> Result<(), String> {
        let (database, path) = (self.0.clone(), path.to_string_lossy().into_owned());
        let written = spawn_blocking(move || database.vacuum_into(&path)).await;
        written.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }

    /// The answer to a call of DynamoDB's protocol: HTTP status and JSON.
    pub fn answer(&self, target: &str, body: &str) -> (u16, String) {
        let operation = target.strip_prefix("DynamoDB_20120810.").unwrap_or_default();
        match self.run(operation, body) {
            Ok(text) => (200, text),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }

    /// The operations that the product calls, and the one by which a test sees every row.
    fn run(&self, operation: &str, body: &str) -> Result<String, DynoxideError> {
        let malformed =
            |error: serde_json::Error| DynoxideError::SerializationException(error.to_string());
        macro_rules! hand_over {
            ($operation:ident) => {
                to_string(&self.0.$operation(from_str(body).map_err(malformed)?)?)
                    .map_err(malformed)
            };
        }
        match operation {
            "GetItem" => hand_over!(get_item),
            "BatchGetItem" => hand_over!(batch_get_item),
            "Query" => hand_over!(query),
            "Scan" => hand_over!(scan),
            "PutItem" => hand_over!(put_item),
            "UpdateItem" => hand_over!(update_item),
            "DeleteItem" => hand_over!(delete_item),
            "TransactWriteItems" => hand_over!(transact_write_items),
            "ListTables" => hand_over!(list_tables),
            "CreateTable" => hand_over!(create_table),
            "UpdateTable" => hand_over!(update_table),
            "DescribeTable" => hand_over!(describe_table),
            "DescribeTimeToLive" => hand_over!(describe_time_to_live),
            "UpdateTimeToLive" => hand_over!(update_time_to_live),
            other => Err(DynoxideError::ValidationException(format!("{other} is not embedded"))),
        }
    }
}

fn empty_log(path: &str) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(LOG_BUSY)?;
    let busy = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    match connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], busy)? {
        0 => Ok(()),
        _ => Err(rusqlite::Error::InvalidQuery),
    }
}

impl HttpConnector for Engine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.clone();
        // The engine works on the disk: not where everybody else waits.
        let work = spawn_blocking(move || {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let body = request.body().bytes().unwrap_or_default();
            engine.answer(target, &String::from_utf8_lossy(body))
        });
        HttpConnectorFuture::new(async move {
            let broken = |error: tokio::task::JoinError| ConnectorError::other(error.into(), None);
            let (status, text) = work.await.map_err(broken)?;
            let status = status.try_into().map_err(|_| ConnectorError::user("no status".into()))?;
            Ok(HttpResponse::new(status, SdkBody::from(text)))
        })
    }
}
