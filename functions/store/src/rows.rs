//! From entities to rows and back.
//!
//! Neighbours: `places` says where a row stands, `commit` writes rows, `load` reads them.
//! Guarantee: the revision is the store's own.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::Id;
use domain::record::Record;
use domain::rev::Revised;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::compact::{pack, unpack};
use crate::error::StoreError;
use crate::keys::{Key, attribute};
use crate::phase::{FORM, Phase};
use crate::port::{Condition, Item};

/// An entity that has a row.
pub trait Row: DeserializeOwned + Revised {
    /// Its name in an error.
    const WHAT: &'static str;
}

/// Reads a row.
///
/// # Errors
/// `Corrupt` when it does not read.
pub fn decode<T: Row>(item: Item) -> Result<T, StoreError> {
    let rev = match item.get(attribute::REV) {
        Some(AttributeValue::N(text)) => text.parse().unwrap_or(0),
        _ => 0,
    };
    let mut row: T = plain(item, T::WHAT)?;
    row.read_at(rev);
    Ok(row)
}

/// Reads the attributes of a row as `T`.
///
/// # Errors
/// `Corrupt` when they do not read.
pub fn plain<T: DeserializeOwned>(item: Item, what: &'static str) -> Result<T, StoreError> {
    serde_dynamo::from_item(unpack(item))
        .map_err(|error| StoreError::Corrupt(what, error.to_string()))
}

/// An entity as attributes.
///
/// # Errors
/// `Corrupt` when it cannot be written.
pub fn encode(value: &impl Serialize, what: &'static str) -> Result<Item, StoreError> {
    let encoded = serde_dynamo::to_item(value);
    let mut item: Item = encoded.map_err(|error| StoreError::Corrupt(what, error.to_string()))?;
    // What is absent needs no place: a write is billed by the whole row.
    item.retain(|_, value| !value.is_null());
    Ok(pack(item))
}

/// A row to write.
pub struct Encoded {
    /// Its key.
    pub key: Key,
    /// Its attributes, with those of the indexes.
    pub item: Item,
    /// The revision that was read.
    pub rev: u64,
    /// When it may be written.
    pub condition: Condition,
}

/// Notes the form in a row that is to be written; in form 1 it becomes what 0.1.0 reads.
pub(crate) fn in_form(phase: Phase, record: &Record, item: &mut Item) {
    if phase != Phase::First {
        item.insert(attribute::FORM.to_owned(), AttributeValue::N(FORM.to_string()));
        return;
    }
    match record {
        Record::ProductKey(key) => {
            item.remove("activated");
            let remaining = AttributeValue::N(key.remaining().to_string());
            item.insert("remaining".to_owned(), remaining);
        }
        Record::Activation(activation) => {
            let number = |id: Id| AttributeValue::N(id.to_string());
            let ids = activation.request_ids().into_iter().map(number).collect();
            item.insert("requests".to_owned(), AttributeValue::L(ids));
        }
        _ => {}
    }
}

/// Whether a row has form 1.
pub(crate) fn is_first(item: &Item) -> bool {
    !item.contains_key(attribute::FORM)
}

/// Whether a row must be written anew: one of form 1, and one of form 2 that names a partner.
pub(crate) fn is_earlier(item: &Item) -> bool {
    let form = item.get(attribute::FORM).and_then(|form| form.as_n().ok()?.parse::<u32>().ok());
    let names = || item.contains_key("partnerId");
    form.is_none_or(|form| form < FORM && names())
}
