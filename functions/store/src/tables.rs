//! The two tables as the code needs them: local mode and tests create them so, and the AWS
//! template is held against the same list.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction,
    DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndex, GlobalSecondaryIndexDescription,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};

use crate::error::StoreError;
use crate::keys::{Index, Table, attribute};
use crate::phase::Phase;
use crate::sdk_error::unavailable;

/// What the index `list` of `core` has of a row in form 1: all that lists show and filter.
const LISTED: &[&str] = &[
    "id",
    "state",
    "moved",
    "product",
    "eId",
    "aid",
    "quantity",
    "comments",
    "plan",
    "method",
    "createdDate",
    "enabled",
    "customerId",
    "contactId",
    "partnerId",
    "startDate",
    "endDate",
    "refId1",
    "pkId",
    "activationDate",
];

/// Whether both tables are there already.
///
/// # Errors
/// When the engine refuses.
pub async fn exist(client: &Client, core: &str, catalog: &str) -> Result<bool, StoreError> {
    let there = names(client).await?;
    Ok([core, catalog].iter().all(|table| there.iter().any(|name| name == table)))
}

async fn names(client: &Client) -> Result<Vec<String>, StoreError> {
    Ok(client.list_tables().send().await.map_err(unavailable)?.table_names.unwrap_or_default())
}

/// The indexes that a table has in a phase.
pub const fn indexes(table: Table, phase: Phase) -> &'static [Index] {
    match (table, phase) {
        (Table::Catalog, _) => &[Index::List],
        (Table::Core, Phase::First) => &[Index::List, Index::Due],
        (Table::Core, Phase::Mixed | Phase::Whole) => &[Index::Listed, Index::Owner, Index::Due],
    }
}

/// The attributes that an index has of a row, besides the keys; none: all of them.
pub const fn projected(table: Table, index: Index) -> Option<&'static [&'static str]> {
    match (table, index) {
        (Table::Catalog, _) => None,
        (Table::Core, Index::List) => Some(LISTED),
        (Table::Core, Index::Listed | Index::Owner) => Some(&[attribute::LISTED]),
        (Table::Core, Index::Due) => Some(&[]),
    }
}

/// The parts that a table lacks of what a phase needs: indexes, and members in them.
///
/// # Errors
/// When it cannot be described.
pub async fn lacks(
    client: &Client,
    table: Table,
    name: &str,
    phase: Phase,
) -> Result<Vec<String>, StoreError> {
    let there = described(client, name).await?;
    let mut lacks = Vec::new();
    for index in indexes(table, phase) {
        let members = projected(table, *index).unwrap_or_default();
        let index = index.name();
        let found = there.iter().find(|found| found.index_name.as_deref() == Some(index));
        let Some(found) = found else {
            lacks.push(format!("{name} has no index {index}"));
            continue;
        };
        let projection = found.projection.as_ref();
        let projected = projection.and_then(|p| p.non_key_attributes.clone()).unwrap_or_default();
        let missing: Vec<&str> =
            members.iter().copied().filter(|m| !projected.iter().any(|p| p == m)).collect();
        if !missing.is_empty() {
            lacks.push(format!("the index {index} of {name} lacks {}", missing.join(", ")));
        }
    }
    Ok(lacks)
}

async fn described(
    client: &Client,
    name: &str,
) -> Result<Vec<GlobalSecondaryIndexDescription>, StoreError> {
    let told = client.describe_table().table_name(name).send().await.map_err(unavailable)?;
    Ok(told.table.and_then(|table| table.global_secondary_indexes).unwrap_or_default())
}

/// Creates what is missing, with the indexes of a phase, and has rows removed when their time is
/// over.
///
/// # Errors
/// When the engine refuses.
pub async fn create(
    client: &Client,
    core: &str,
    catalog: &str,
    phase: Phase,
) -> Result<(), StoreError> {
    let there = names(client).await?;
    for (table, name) in [(Table::Core, core), (Table::Catalog, catalog)] {
        if !there.iter().any(|known| known == name) {
            make(client, table, name, phase).await?;
        }
        expire(client, name).await?;
    }
    Ok(())
}

async fn make(client: &Client, table: Table, name: &str, phase: Phase) -> Result<(), StoreError> {
    let mut call = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let mut keys = vec![attribute::PK, attribute::SK];
    for index in indexes(table, phase) {
        keys.extend(<[_; 2]>::from(index.keys()));
        let made = GlobalSecondaryIndex::builder()
            .index_name(index.name())
            .set_key_schema(Some(schema(*index)?))
            .projection(projection(table, *index));
        call = call.global_secondary_indexes(made.build().map_err(wrong)?);
    }
    let schema = key_schema(attribute::PK, attribute::SK)?;
    let call = call.set_key_schema(Some(schema));
    let call = call.set_attribute_definitions(Some(defined(&keys)?));
    call.send().await.map(drop).map_err(unavailable)
}

/// Makes an index of the table `core`, where it is missing: its rows come into it at once.
///
/// # Errors
/// When the engine refuses.
pub async fn add(client: &Client, core: &str, index: Index) -> Result<(), StoreError> {
    if has(client, core, index).await? {
        return Ok(());
    }
    let action = CreateGlobalSecondaryIndexAction::builder()
        .index_name(index.name())
        .set_key_schema(Some(schema(index)?))
        .projection(projection(Table::Core, index));
    let update = GlobalSecondaryIndexUpdate::builder();
    let update = update.create(action.build().map_err(wrong)?).build();
    let keys = defined(&<[_; 2]>::from(index.keys()))?;
    let call = patient(client).update_table().table_name(core);
    let call = call.set_attribute_definitions(Some(keys));
    call.global_secondary_index_updates(update).send().await.map(drop).map_err(unavailable)
}

/// Removes an index of the table `core`, where it is there.
///
/// # Errors
/// When the engine refuses.
pub async fn remove(client: &Client, core: &str, index: Index) -> Result<(), StoreError> {
    if !has(client, core, index).await? {
        return Ok(());
    }
    let action = DeleteGlobalSecondaryIndexAction::builder().index_name(index.name());
    let update = GlobalSecondaryIndexUpdate::builder();
    let update = update.delete(action.build().map_err(wrong)?).build();
    let call = patient(client).update_table().table_name(core);
    let call = call.global_secondary_index_updates(update);
    call.send().await.map(drop).map_err(unavailable)
}

/// The embedded engine answers when the index is whole, however many rows there are: a call that is
/// repeated meanwhile would find half of it.
fn patient(client: &Client) -> Client {
    let config = client.config().to_builder().timeout_config(TimeoutConfig::disabled());
    let config = config.retry_config(RetryConfig::disabled());
    let config = config.stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Client::from_conf(config.build())
}

async fn has(client: &Client, core: &str, index: Index) -> Result<bool, StoreError> {
    let there = described(client, core).await?;
    Ok(there.iter().any(|found| found.index_name.as_deref() == Some(index.name())))
}

async fn expire(client: &Client, table: &str) -> Result<(), StoreError> {
    let told = client.describe_time_to_live().table_name(table).send().await;
    let told = told.map_err(unavailable)?.time_to_live_description;
    if told.is_some_and(|told| told.attribute_name.as_deref() == Some(attribute::TTL)) {
        return Ok(());
    }
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute::TTL);
    let call = client.update_time_to_live().table_name(table);
    let call = call.time_to_live_specification(ttl.build().map_err(wrong)?);
    call.send().await.map(drop).map_err(unavailable)
}

fn defined(keys: &[&str]) -> Result<Vec<AttributeDefinition>, StoreError> {
    let once: BTreeSet<&str> = keys.iter().copied().collect();
    let define = |key: &str| {
        let definition = AttributeDefinition::builder().attribute_name(key);
        definition.attribute_type(ScalarAttributeType::S).build().map_err(wrong)
    };
    once.into_iter().map(define).collect()
}

fn projection(table: Table, index: Index) -> Projection {
    let projection = Projection::builder();
    match projected(table, index) {
        None => projection.projection_type(ProjectionType::All),
        Some([]) => projection.projection_type(ProjectionType::KeysOnly),
        Some(members) => projection
            .projection_type(ProjectionType::Include)
            .set_non_key_attributes(Some(members.iter().map(ToString::to_string).collect())),
    }
    .build()
}

fn schema(index: Index) -> Result<Vec<KeySchemaElement>, StoreError> {
    let (pk, sk) = index.keys();
    key_schema(pk, sk)
}

fn key_schema(pk: &str, sk: &str) -> Result<Vec<KeySchemaElement>, StoreError> {
    let element = |name: &str, kind| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(wrong)
    };
    Ok(vec![element(pk, KeyType::Hash)?, element(sk, KeyType::Range)?])
}

#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` hands over")]
fn wrong(error: aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
