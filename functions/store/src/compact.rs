//! Text that is shorter as bytes: instants, GUIDs and long texts. A write is billed by the
//! kilobyte of the whole row, with every index that it is in.
//!
//! Neighbours: `rows` packs what it writes and unpacks what it reads. Guarantee: every value comes
//! back as it was, and rows that were never packed read as well.

use std::io::Read;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::time::Time;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use uuid::Uuid;

use crate::port::Item;

/// The first byte of packed values.
mod tag {
    pub(super) const TIME: u8 = 1;
    pub(super) const GUID: u8 = 2;
    pub(super) const TEXT: u8 = 3;
}

/// Shorter texts are left alone: they gain little, and can be read in the AWS console.
const LONG: usize = 512;

/// Packs every value of a row.
pub fn pack(mut item: Item) -> Item {
    item.values_mut().for_each(|value| each(value, packed));
    item
}

/// Unpacks every value of a row.
pub fn unpack(mut item: Item) -> Item {
    item.values_mut().for_each(|value| each(value, unpacked));
    item
}

fn each(value: &mut AttributeValue, change: fn(&AttributeValue) -> Option<AttributeValue>) {
    match value {
        AttributeValue::L(list) => list.iter_mut().for_each(|value| each(value, change)),
        AttributeValue::M(map) => map.values_mut().for_each(|value| each(value, change)),
        other => {
            if let Some(changed) = change(other) {
                *other = changed;
            }
        }
    }
}

/// The bytes of a row or of a map, as DynamoDB counts them, or a few more.
pub fn size_of(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size(value)).sum()
}

fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(blob) => blob.as_ref().len(),
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + size(value)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.len() + size_of(map),
        _ => 1,
    }
}

fn packed(value: &AttributeValue) -> Option<AttributeValue> {
    let AttributeValue::S(text) = value else { return None };
    let packed = time(text).or_else(|| guid(text)).or_else(|| deflated(text))?;
    Some(AttributeValue::B(Blob::new(packed)))
}

/// Only what is written exactly as we write it: it must come back to the letter.
fn time(text: &str) -> Option<Vec<u8>> {
    if text.len() != 24 {
        return None;
    }
    let time: Time = text.parse().ok()?;
    let tagged = || [&[tag::TIME], &time.millis().to_be_bytes()[2..]].concat();
    (time.to_string() == text).then(tagged)
}

fn guid(text: &str) -> Option<Vec<u8>> {
    if text.len() != 36 {
        return None;
    }
    let guid: Uuid = text.parse().ok()?;
    (guid.to_string() == text).then(|| [&[tag::GUID], guid.as_bytes().as_slice()].concat())
}

fn deflated(text: &str) -> Option<Vec<u8>> {
    if text.len() < LONG {
        return None;
    }
    let mut bytes = vec![tag::TEXT];
    DeflateEncoder::new(text.as_bytes(), Compression::fast()).read_to_end(&mut bytes).ok()?;
    (bytes.len() < text.len()).then_some(bytes)
}

fn unpacked(value: &AttributeValue) -> Option<AttributeValue> {
    let AttributeValue::B(blob) = value else { return None };
    let text = match blob.as_ref().split_first()? {
        (&tag::TIME, bytes) => {
            let millis = bytes.iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte));
            Time::from_millis(millis).to_string()
        }
        (&tag::GUID, bytes) => Uuid::from_slice(bytes).ok()?.to_string(),
        (&tag::TEXT, bytes) => {
            let mut text = String::new();
            DeflateDecoder::new(bytes).read_to_string(&mut text).ok()?;
            text
        }
        _ => return None,
    };
    Some(AttributeValue::S(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The length of the packed value; it must come back as it was.
    fn check(text: &str) -> usize {
        let item = Item::from([
            ("plain".to_owned(), AttributeValue::S(text.to_owned())),
            ("list".to_owned(), AttributeValue::L(vec![AttributeValue::S(text.to_owned())])),
        ]);
        let packed = pack(item.clone());
        assert_eq!(unpack(packed.clone()), item, "{text}");
        match &packed["plain"] {
            AttributeValue::B(blob) => blob.as_ref().len(),
            _ => text.len(),
        }
    }

    #[test]
    fn instants_and_guids_are_short() {
        assert_eq!(check("2027-01-15T08:00:00.000Z"), 7);
        assert_eq!(check("1970-01-01T00:00:00.000Z"), 7);
        assert_eq!(check("9999-12-30T21:59:59.999Z"), 7);
        assert_eq!(check("0b2b052e-004d-8348-80e2-abe062410ad4"), 17);
        assert!(check(&"{\"row\":\"A1\"}".repeat(100)) < 100);
    }

    #[test]
    fn what_only_looks_so_stays_as_it_is() {
        for text in [
            "",
            "2027-01-15T08:00:00Z",
            "2027-01-15t08:00:00.000z",
            "2027-13-15T08:00:00.000Z",
            "0B2B052E-004D-8348-80E2-ABE062410AD4",
            "0b2b052e004d834880e2abe062410ad4",
            "exactly twenty-four char",
            &"x".repeat(511),
        ] {
            assert_eq!(check(text), text.len());
        }
    }
}
