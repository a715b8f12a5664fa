//! The port on DynamoDB, through the AWS SDK: Lambda, local mode and tests alike.
//!
//! Neighbours: `port`. Guarantee: the expressions of conditions are made here alone.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use domain::limits::{BATCH_KEYS, BATCH_READS, BATCH_WAIT};

use crate::error::StoreError;
use crate::keys::{Index, Key, Table, attribute};
use crate::phase::Phase;
use crate::port::{CommitError, Condition, Found, Item, Range, Store, Test, Write, text};
use crate::sdk_error::{cancelled, refused, unavailable};
use crate::tables;

/// A store in two DynamoDB tables.
#[derive(Clone, Debug)]
pub struct DynamoStore {
    client: Client,
    core: String,
    catalog: String,
    phase: Phase,
}

impl DynamoStore {
    /// Over a client and the names of the two tables.
    pub const fn new(client: Client, core: String, catalog: String) -> Self {
        Self { client, core, catalog, phase: Phase::Whole }
    }

    /// The same store, in this phase.
    #[must_use]
    pub fn in_phase(self, phase: Phase) -> Self {
        Self { phase, ..self }
    }

    fn table(&self, table: Table) -> &str {
        match table {
            Table::Core => &self.core,
            Table::Catalog => &self.catalog,
        }
    }

    async fn one(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let call = self.client.get_item().table_name(self.table(key.table)).consistent_read(true);
        let answer = call.set_key(Some(place(key))).send().await.map_err(unavailable)?;
        Ok(answer.item)
    }

    async fn many(
        &self,
        keys: &[Key],
        consistent: bool,
    ) -> Result<HashMap<(Table, String, String), Item>, StoreError> {
        let mut wanted: HashMap<String, KeysAndAttributes> = HashMap::new();
        for table in [Table::Core, Table::Catalog] {
            let mut rows: Vec<&Key> = keys.iter().filter(|key| key.table == table).collect();
            rows.sort();
            rows.dedup();
            if rows.is_empty() {
                continue;
            }
            let rows = rows.into_iter().map(place).collect();
            let rows =
                KeysAndAttributes::builder().set_keys(Some(rows)).consistent_read(consistent);
            let rows = rows.build().map_err(|e| StoreError::Unavailable(e.to_string()))?;
            wanted.insert(self.table(table).to_owned(), rows);
        }
        let mut found = HashMap::new();
        for read in 0..BATCH_READS {
            let call = self.client.batch_get_item().set_request_items(Some(wanted));
            let answer = call.send().await.map_err(unavailable)?;
            for (name, items) in answer.responses.unwrap_or_default() {
                let table = if name == self.core { Table::Core } else { Table::Catalog };
                for item in items {
                    let (pk, sk) = (text(&item, attribute::PK), text(&item, attribute::SK));
                    found.insert((table, pk, sk), item);
                }
            }
            wanted = answer.unprocessed_keys.unwrap_or_default();
            if wanted.is_empty() {
                return Ok(found);
            }
            tokio::time::sleep(BATCH_WAIT.duration() * 2_u32.pow(read)).await;
        }
        Err(StoreError::Unavailable("UnprocessedKeys".to_owned()))
    }

    async fn each(&self, keys: &[Key], consistent: bool) -> Result<Vec<Option<Item>>, StoreError> {
        let mut found = HashMap::new();
        for chunk in keys.chunks(BATCH_KEYS) {
            found.extend(self.many(chunk, consistent).await?);
        }
        let take = |key: &Key| found.get(&(key.table, key.pk.clone(), key.sk.clone())).cloned();
        Ok(keys.iter().map(take).collect())
    }

    /// One write needs no transaction, which would cost twice.
    async fn single(&self, write: &Write) -> Result<(), CommitError> {
        let table = self.table(write.key().table);
        let condition = Expression::of(write.condition());
        match write {
            Write::Put(key, item, _) => {
                let mut item = with_key(key, item);
                let writer = AttributeValue::N(fastrand::u64(..).to_string());
                item.insert(attribute::WRITER.to_owned(), writer.clone());
                let call = self.client.put_item().table_name(table).set_item(Some(item));
                let old = ReturnValuesOnConditionCheckFailure::AllOld;
                let call = call.return_values_on_condition_check_failure(old);
                let call = call.set_condition_expression(condition.text);
                let call = call.set_expression_attribute_names(condition.names);
                let call = call.set_expression_attribute_values(condition.values);
                match call.send().await {
                    // The call is repeated when its answer is lost: this is what it wrote itself.
                    Err(SdkError::ServiceError(error)) if is_own(error.err(), &writer) => Ok(()),
                    other => other.map(drop).map_err(refused),
                }
            }
            Write::Delete(key, _) => {
                let call = self.client.delete_item().table_name(table);
                let call = call.set_key(Some(place(key)));
                let call = call.set_condition_expression(condition.text);
                let call = call.set_expression_attribute_names(condition.names);
                let call = call.set_expression_attribute_values(condition.values);
                call.send().await.map(drop).map_err(refused)
            }
            Write::Add(key, adds, _) => {
                let (update, condition) = condition.adding(adds);
                let call = self.client.update_item().table_name(table);
                let call = call.set_key(Some(place(key))).update_expression(update);
                let call = call.set_condition_expression(condition.text);
                let call = call.set_expression_attribute_names(condition.names);
                let call = call.set_expression_attribute_values(condition.values);
                call.send().await.map(drop).map_err(refused)
            }
        }
    }

    fn item(&self, write: &Write) -> Result<TransactWriteItem, CommitError> {
        let table = self.table(write.key().table);
        let condition = Expression::of(write.condition());
        let item = TransactWriteItem::builder();
        let wrong = |error: aws_sdk_dynamodb::error::BuildError| {
            CommitError::Unavailable(error.to_string())
        };
        Ok(match write {
            Write::Put(key, row, _) => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(with_key(key, row)))
                    .set_condition_expression(condition.text)
                    .set_expression_attribute_names(condition.names)
                    .set_expression_attribute_values(condition.values)
                    .build()
                    .map_err(wrong)?,
            ),
            Write::Delete(key, _) => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(place(key)))
                    .set_condition_expression(condition.text)
                    .set_expression_attribute_names(condition.names)
                    .set_expression_attribute_values(condition.values)
                    .build()
                    .map_err(wrong)?,
            ),
            Write::Add(key, adds, _) => {
                let (update, condition) = condition.adding(adds);
                item.update(
                    Update::builder()
                        .table_name(table)
                        .set_key(Some(place(key)))
                        .update_expression(update)
                        .set_condition_expression(condition.text)
                        .set_expression_attribute_names(condition.names)
                        .set_expression_attribute_values(condition.values)
                        .build()
                        .map_err(wrong)?,
                )
            }
        }
        .build())
    }
}

#[async_trait]
impl Store for DynamoStore {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        if let [key] = keys {
            return Ok(vec![self.one(key).await?]);
        }
        self.each(keys, true).await
    }

    async fn glance(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        self.each(keys, false).await
    }

    async fn scan(
        &self,
        table: Table,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let call = self.client.scan().table_name(self.table(table)).consistent_read(true);
        let call = call.set_exclusive_start_key(after.as_ref().map(place));
        let call = call.limit(i32::try_from(limit).unwrap_or(i32::MAX));
        Ok(call.send().await.map_err(unavailable)?.items.unwrap_or_default())
    }

    fn phase(&self) -> Phase {
        self.phase
    }

    async fn range(&self, range: &Range) -> Result<Found, StoreError> {
        let (pk, sk) = range.index.map_or((attribute::PK, attribute::SK), Index::keys);
        let after = if range.descending { None } else { range.after.clone() };
        let to = if range.descending { range.after.clone() } else { None };
        let to = to.or_else(|| range.below.clone()).unwrap_or_else(|| format!("{}~", range.prefix));
        let first = || range.from.clone().unwrap_or_else(|| range.prefix.clone());
        let from = after.map_or_else(first, |after| format!("{after}!"));
        let from = if from.is_empty() { " ".to_owned() } else { from };
        // DynamoDB refuses such a range.
        if from > to {
            return Ok(Found { items: Vec::new(), last: None });
        }
        // One more than asked for tells whether there is more; `to` itself is never wanted.
        let call = self
            .client
            .query()
            .table_name(self.table(range.table))
            .set_index_name(range.index.map(|index| index.name().to_owned()))
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", pk)
            .expression_attribute_names("#sk", sk)
            .expression_attribute_values(":pk", AttributeValue::S(range.pk.clone()))
            .expression_attribute_values(":from", AttributeValue::S(from))
            .expression_attribute_values(":to", AttributeValue::S(to.clone()))
            .scan_index_forward(!range.descending)
            .consistent_read(range.index.is_none())
            .limit(i32::try_from(range.limit + 2).unwrap_or(i32::MAX));
        let answer = call.send().await.map_err(unavailable)?;
        let cut_off = answer.last_evaluated_key.is_some();
        let mut items = answer.items.unwrap_or_default();
        items.retain(|item| text(item, sk) != to);
        let more = items.len() > range.limit || cut_off;
        items.truncate(range.limit);
        let last = items.last().filter(|_| more).map(|item| text(item, sk));
        Ok(Found { items, last })
    }

    async fn write(&self, writes: &[Write]) -> Result<(), CommitError> {
        if let [write] = writes {
            return self.single(write).await;
        }
        let items = writes.iter().map(|w| self.item(w)).collect::<Result<Vec<_>, _>>()?;
        let call = self.client.transact_write_items().set_transact_items(Some(items));
        call.send().await.map(drop).map_err(|error| cancelled(&error))
    }

    async fn lacks(&self) -> Result<Vec<String>, StoreError> {
        let core = tables::lacks(&self.client, Table::Core, &self.core, self.phase).await?;
        let catalog =
            tables::lacks(&self.client, Table::Catalog, &self.catalog, self.phase).await?;
        Ok(core.into_iter().chain(catalog).collect())
    }
}

/// A condition as DynamoDB wants it.
struct Expression {
    text: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Expression {
    fn of(condition: &Condition) -> Self {
        let number = |n: u64| AttributeValue::N(n.to_string());
        match condition {
            Condition::Free => Self { text: None, names: None, values: None },
            Condition::Absent => Self::new("attribute_not_exists(#pk)", &[("#pk", "pk")], []),
            Condition::Present => Self::new("attribute_exists(#pk)", &[("#pk", "pk")], []),
            Condition::Rev(rev) => {
                Self::new("#rev = :rev", &[("#rev", "rev")], [(":rev", number(*rev))])
            }
            Condition::Expired(now) => Self::new(
                "attribute_not_exists(#pk) OR #expires <= :now",
                &[("#pk", "pk"), ("#expires", "expires")],
                [(":now", AttributeValue::N(now.millis().to_string()))],
            ),
            Condition::All(tests) => Self::all(tests),
        }
    }

    fn all(tests: &[Test]) -> Self {
        let mut out = Self { text: None, names: None, values: None };
        let mut parts = Vec::new();
        for (i, test) in tests.iter().enumerate() {
            let (member, sign, value) = match test {
                Test::Is(member, value) => (member, "=", value.clone()),
                Test::AtLeast(member, n) => (member, ">=", AttributeValue::N(n.to_string())),
                Test::Below(member, n) => (member, "<", AttributeValue::N(n.to_string())),
            };
            parts.push(format!("#m{i} {sign} :m{i}"));
            out.name(&format!("#m{i}"), member);
            out.value(&format!(":m{i}"), value);
        }
        out.text = Some(parts.join(" AND "));
        out
    }

    fn new<const N: usize>(
        text: &str,
        names: &[(&str, &str)],
        values: [(&str, AttributeValue); N],
    ) -> Self {
        let mut out = Self { text: Some(text.to_owned()), names: None, values: None };
        names.iter().for_each(|(key, name)| out.name(key, name));
        values.into_iter().for_each(|(key, value)| out.value(key, value));
        out
    }

    fn name(&mut self, key: &str, name: &str) {
        self.names.get_or_insert_default().insert(key.to_owned(), name.to_owned());
    }

    fn value(&mut self, key: &str, value: AttributeValue) {
        self.values.get_or_insert_default().insert(key.to_owned(), value);
    }

    /// The update that adds, with its names and values beside those of the condition.
    fn adding(mut self, adds: &[(&str, i64)]) -> (String, Self) {
        let mut parts = Vec::new();
        for (i, (name, amount)) in adds.iter().enumerate() {
            parts.push(format!("#a{i} :a{i}"));
            self.name(&format!("#a{i}"), name);
            self.value(&format!(":a{i}"), AttributeValue::N(amount.to_string()));
        }
        (format!("ADD {}", parts.join(", ")), self)
    }
}

fn place(key: &Key) -> Item {
    Item::from([
        (attribute::PK.to_owned(), AttributeValue::S(key.pk.clone())),
        (attribute::SK.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

fn with_key(key: &Key, item: &Item) -> Item {
    item.clone().into_iter().chain(place(key)).collect()
}

/// Whether a put was refused because its own row is there already.
fn is_own(error: &PutItemError, writer: &AttributeValue) -> bool {
    let PutItemError::ConditionalCheckFailedException(failed) = error else { return false };
    failed.item().and_then(|item| item.get(attribute::WRITER)) == Some(writer)
}
