//! A sample of the rows, read to see whether they can be.
//!
//! Neighbours: the edge's doctor. Guarantee: nothing is written, and a row that cannot be read is
//! told by its key alone.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::access::{Namespace, Role};
use domain::activation::Activation;
use domain::catalog::{CustomAttributeDef, Feature, Product};
use domain::customer::Customer;
use domain::decision::Kind;
use domain::entitlement::Entitlement;
use domain::ids::Id;
use domain::plan::Plan;
use domain::plan::association::Association;
use domain::plan::method::Method;
use domain::request::Request;

use crate::error::StoreError;
use crate::keys::{self, Key, Table, attribute};
use crate::port::{Item, Range, Store};
use crate::rows::{Row, decode};

/// The newest rows of a kind that are read.
const EACH: usize = 20;

/// A kind of row, and whether one can be read.
type Sampled = (Kind, fn(Item) -> Result<(), StoreError>);

const SAMPLED: [Sampled; 13] = [
    (Kind::Namespace, reads::<Namespace>),
    (Kind::Role, reads::<Role>),
    (Kind::Feature, reads::<Feature>),
    (Kind::Product, reads::<Product>),
    (Kind::Attribute, reads::<CustomAttributeDef>),
    (Kind::Customer, reads::<Customer>),
    (Kind::Partner, reads::<Customer>),
    (Kind::Plan, reads::<Plan>),
    (Kind::Method, reads::<Method>),
    (Kind::Association, reads::<Association>),
    (Kind::Entitlement, reads::<Entitlement>),
    (Kind::Activation, reads::<Activation>),
    (Kind::Request, reads::<Request>),
];

fn reads<T: Row>(item: Item) -> Result<(), StoreError> {
    decode::<T>(item).map(drop)
}

/// What a sample came to.
#[derive(Debug, Default)]
pub struct Sample {
    /// Rows that were read.
    pub read: usize,
    /// The keys of those that cannot be.
    pub unreadable: Vec<String>,
}

impl dyn Store {
    /// Reads the newest rows of every kind that has a list.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn sample(&self, tenant: Id) -> Result<Sample, StoreError> {
        let mut sample = Sample::default();
        for (kind, reads) in SAMPLED {
            let table = keys::listed_in(kind);
            let range = Range {
                table,
                index: Some(keys::LIST),
                pk: keys::list(tenant, kind),
                prefix: String::new(),
                below: None,
                after: None,
                descending: true,
                limit: EACH,
            };
            let listed = self.range(&range).await?.items;
            let places: Vec<Key> = listed.iter().filter_map(|item| place(table, item)).collect();
            if places.is_empty() {
                continue;
            }
            for (key, row) in places.iter().zip(self.get(&places).await?) {
                match row.map(reads) {
                    Some(Err(_)) => sample.unreadable.push(format!("{} {}", key.pk, key.sk)),
                    Some(Ok(())) => sample.read += 1,
                    None => {}
                }
            }
        }
        Ok(sample)
    }
}

fn place(table: Table, item: &Item) -> Option<Key> {
    let text = |name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    };
    Some(Key { table, pk: text(attribute::PK)?, sk: text(attribute::SK)? })
}
