//! A sample of the rows, read to see whether they can be.
//!
//! Neighbours: the edge's doctor. Guarantee: nothing is written, and a row that cannot be read is
//! told by its key alone.

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
use serde::Deserialize;

use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::list::PageOf;
use crate::port::{Item, Store};
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

/// Where a listed row is.
#[derive(Deserialize)]
struct Place {
    pk: String,
    sk: String,
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
            let newest = PageOf { limit: EACH, after: None, ascending: false };
            let listed = self.list(tenant, kind, &newest, |_: &Place| true).await?.rows;
            let places: Vec<Key> =
                listed.into_iter().map(|Place { pk, sk }| Key { table, pk, sk }).collect();
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
