//! Notes every call that a function makes of DynamoDB, the queue and Secrets Manager.
//!
//! Neighbours: `permissions` gives each function a client that is noted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextRef as Before;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemInput;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::scan::ScanInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use domain::task::Message;
use edge::master::MasterKeys;
use edge::ports::{Depth, Queue, QueueError, Vault, VaultError};
use simulator::vault::Kept;

/// What the functions did: function, resource, action.
pub(crate) type Used = Arc<Mutex<BTreeSet<(&'static str, String, &'static str)>>>;

/// Notes the calls of one function.
#[derive(Clone, Debug)]
pub(crate) struct Notes {
    pub(crate) function: &'static str,
    pub(crate) used: Used,
}

impl Notes {
    fn note(&self, resource: &str, action: &'static str) {
        self.used.lock().unwrap().insert((self.function, resource.to_owned(), action));
    }
}

impl Intercept for Notes {
    fn name(&self) -> &'static str {
        "Notes"
    }

    fn read_before_serialization(
        &self,
        context: &Before<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input();
        if let Some(get) = input.downcast_ref::<GetItemInput>() {
            self.note(get.table_name().unwrap(), "GetItem");
        } else if let Some(batch) = input.downcast_ref::<BatchGetItemInput>() {
            let tables = batch.request_items().unwrap().keys();
            tables.for_each(|table| self.note(table, "BatchGetItem"));
        } else if let Some(query) = input.downcast_ref::<QueryInput>() {
            let index = query.index_name().map_or_else(String::new, |name| format!("/{name}"));
            self.note(&format!("{}{index}", query.table_name().unwrap()), "Query");
        } else if let Some(scan) = input.downcast_ref::<ScanInput>() {
            self.note(scan.table_name().unwrap(), "Scan");
        } else if let Some(put) = input.downcast_ref::<PutItemInput>() {
            self.note(put.table_name().unwrap(), "PutItem");
        } else if let Some(update) = input.downcast_ref::<UpdateItemInput>() {
            self.note(update.table_name().unwrap(), "UpdateItem");
        } else if let Some(delete) = input.downcast_ref::<DeleteItemInput>() {
            self.note(delete.table_name().unwrap(), "DeleteItem");
        } else if let Some(told) = input.downcast_ref::<DescribeTableInput>() {
            self.note(told.table_name().unwrap(), "DescribeTable");
        } else if let Some(all) = input.downcast_ref::<TransactWriteItemsInput>() {
            for item in all.transact_items() {
                item.put().into_iter().for_each(|put| self.note(put.table_name(), "PutItem"));
                item.update().into_iter().for_each(|u| self.note(u.table_name(), "UpdateItem"));
                item.delete().into_iter().for_each(|d| self.note(d.table_name(), "DeleteItem"));
                assert!(item.condition_check().is_none(), "a kind of item that nobody notes");
            }
        } else {
            panic!("a call that nobody notes: {input:?}");
        }
        Ok(())
    }
}

/// A queue whose messages are noted.
pub(crate) struct NotingQueue(pub(crate) Arc<dyn Queue>, pub(crate) Notes);

#[async_trait]
impl Queue for NotingQueue {
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        self.1.note("queue", "SendMessage");
        self.0.send(messages).await
    }

    async fn depth(&self) -> Result<Option<Depth>, QueueError> {
        self.1.note("queue", "GetQueueAttributes");
        self.1.note("dead-letters", "GetQueueAttributes");
        self.0.depth().await
    }
}

/// Master keys whose reads and writes are noted.
struct NotingVault(Arc<Kept>, Notes);

impl Notes {
    /// The keys as a function reads them at its start.
    pub(crate) fn master_keys(&self, text: &str, vault: &Arc<Kept>) -> MasterKeys {
        self.note("master-key", "GetSecretValue");
        let noting = Arc::new(NotingVault(Arc::clone(vault), self.clone()));
        MasterKeys::of(text, noting).unwrap()
    }
}

#[async_trait]
impl Vault for NotingVault {
    async fn read(&self) -> Result<String, VaultError> {
        self.1.note("master-key", "GetSecretValue");
        self.0.read().await
    }

    async fn write(&self, text: &str) -> Result<(), VaultError> {
        self.1.note("master-key", "PutSecretValue");
        self.0.write(text).await
    }
}
