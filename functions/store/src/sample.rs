//! A sample of the rows, read to see whether they can be.
//!
//! Neighbours: the edge's doctor. Guarantee: nothing is written, and a row that cannot be read is
//! known by its key alone.

use domain::ids::Id;
use domain::limits::SAMPLE_ROWS;
use serde::Deserialize;

use crate::error::{StoreError, readable};
use crate::keys::{self, Key};
use crate::list::PageOf;
use crate::places::{LISTS, table};
use crate::port::Store;

/// Where a listed row is.
#[derive(Deserialize)]
struct Place {
    pk: String,
    sk: String,
}

/// The result of a sample.
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
        for (kind, reads) in LISTS {
            let table = table(*kind);
            let newest = PageOf { limit: SAMPLE_ROWS, ..PageOf::default() };
            let listed = self.list(tenant, *kind, &newest, |_: &Place| true).await?.rows;
            let places: Vec<Key> =
                listed.into_iter().map(|Place { pk, sk }| Key { table, pk, sk }).collect();
            if places.is_empty() {
                continue;
            }
            for (key, row) in places.iter().zip(self.get(&places).await?) {
                let Some(row) = row else { continue };
                // The content of an entitlement may be in a second row.
                let read = match keys::entitlement_of(key) {
                    Some(id) => readable(self.whole_entitlement(tenant, id, row).await)?.is_some(),
                    None => reads(row).is_ok(),
                };
                if read {
                    sample.read += 1;
                } else {
                    sample.unreadable.push(format!("{} {}", key.pk, key.sk));
                }
            }
        }
        Ok(sample)
    }
}
