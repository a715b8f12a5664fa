//! The two tables as the code needs them: local mode and tests create them so, and the AWS
//! template is held against the same list.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};

use crate::error::StoreError;
use crate::keys::{Index, Table, attribute};
use crate::sdk_error::unavailable;

/// What the index `list` of `core` has of a row: all that lists show and filter.
pub const LISTED: &[&str] = &[
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

/// The parts that a table lacks: indexes, and members in them.
///
/// # Errors
/// When it cannot be described.
pub async fn lacks(client: &Client, table: Table, name: &str) -> Result<Vec<String>, StoreError> {
    let told = client.describe_table().table_name(name).send().await.map_err(unavailable)?;
    let there = told.table.and_then(|table| table.global_secondary_indexes).unwrap_or_default();
    let needed: &[(Index, &[&str])] = match table {
        Table::Core => &[(Index::List, LISTED), (Index::Due, &[])],
        Table::Catalog => &[(Index::List, &[])],
    };
    let mut lacks = Vec::new();
    for (index, members) in needed {
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

/// Creates what is missing, and has rows removed when their time is over.
///
/// # Errors
/// When the engine refuses.
pub async fn create(client: &Client, core: &str, catalog: &str) -> Result<(), StoreError> {
    let listed = LISTED.iter().map(ToString::to_string).collect();
    let list = |projection| index(Index::List, projection);
    let some = Projection::builder()
        .projection_type(ProjectionType::Include)
        .set_non_key_attributes(Some(listed))
        .build();
    let all = Projection::builder().projection_type(ProjectionType::All).build();
    let only_keys = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    let due = index(Index::Due, only_keys)?;
    let of_core = table(client, core, &[attribute::DUE_PK, attribute::DUE_SK])?;
    let there = names(client).await?;
    if !there.iter().any(|name| name == core) {
        let of_core = of_core.global_secondary_indexes(list(some)?).global_secondary_indexes(due);
        of_core.send().await.map_err(unavailable)?;
    }
    if !there.iter().any(|name| name == catalog) {
        let of_catalog = table(client, catalog, &[])?.global_secondary_indexes(list(all)?);
        of_catalog.send().await.map_err(unavailable)?;
    }
    expire(client, core).await?;
    expire(client, catalog).await
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

fn table(
    client: &Client,
    name: &str,
    also: &[&str],
) -> Result<CreateTableFluentBuilder, StoreError> {
    let keys = [attribute::PK, attribute::SK, attribute::LIST_PK, attribute::LIST_SK];
    let mut call = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for key in keys.iter().chain(also) {
        let definition = AttributeDefinition::builder()
            .attribute_name(*key)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(wrong)?;
        call = call.attribute_definitions(definition);
    }
    let schema = schema(attribute::PK, attribute::SK)?;
    Ok(call.set_key_schema(Some(schema)))
}

fn schema(pk: &str, sk: &str) -> Result<Vec<KeySchemaElement>, StoreError> {
    let element = |name: &str, kind| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(wrong)
    };
    Ok(vec![element(pk, KeyType::Hash)?, element(sk, KeyType::Range)?])
}

fn index(index: Index, projection: Projection) -> Result<GlobalSecondaryIndex, StoreError> {
    let (pk, sk) = index.keys();
    let index = GlobalSecondaryIndex::builder()
        .index_name(index.name())
        .set_key_schema(Some(schema(pk, sk)?))
        .projection(projection);
    index.build().map_err(wrong)
}

#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` hands over")]
fn wrong(error: aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
