//! An entitlement in one row, or in two: what it was sold with has a row of its own where it would
//! make the first larger than a kilobyte, which each activation writes.
//!
//! Neighbours: `commit` writes by it, `load` reads by it. Guarantee: both rows are written in one
//! transaction, the second only when its content changes; what is read of both belongs together.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::entitlement::Entitlement;
use domain::ids::Id;
use domain::limits::{CONTENT_READS, ENTITLEMENT_ROW_BYTES};

use crate::compact::size_of;
use crate::error::StoreError;
use crate::keys;
use crate::phase::Phase;
use crate::port::{Condition, Item, Store, Write};
use crate::rows::{Row, decode};

/// The members that move to the second row together.
const MEMBERS: [&str; 3] = ["items", "keyRanges", "customAttributes"];
/// Which content the first row belongs to, and the second one has: a number that no other has.
const CONTENT: &str = "content";

/// The write of the second row, if there is one to be written or to be removed. Where there is a
/// second row, its members leave the first.
pub(crate) fn beside(
    tenant: Id,
    entitlement: &Entitlement,
    row: &mut Item,
    phase: Phase,
) -> Option<Write> {
    let key = keys::content(tenant, entitlement.id);
    if phase == Phase::First || size_of(row) <= ENTITLEMENT_ROW_BYTES {
        return (entitlement.content > 0).then(|| Write::Delete(key, Condition::Free));
    }
    let mut content: Item = MEMBERS.iter().filter_map(|name| row.remove_entry(*name)).collect();
    let same = |was: &Entitlement| {
        was.items == entitlement.items
            && was.key_ranges == entitlement.key_ranges
            && was.custom_attributes == entitlement.custom_attributes
    };
    let stays = entitlement.content > 0 && entitlement.rev.was().is_some_and(same);
    let next = entitlement.rev.number() + 1;
    let number = if stays { entitlement.content } else { next };
    let number = AttributeValue::N(number.to_string());
    row.insert(CONTENT.to_owned(), number.clone());
    content.insert(CONTENT.to_owned(), number);
    (!stays).then(|| Write::Put(key, content, Condition::Free))
}

/// The entitlement of both rows; none where they do not belong together.
///
/// # Errors
/// `Corrupt` when it does not read.
pub fn joined(mut row: Item, content: Option<Item>) -> Result<Option<Entitlement>, StoreError> {
    let Some(number) = row.remove(CONTENT) else { return decode(row).map(Some) };
    let fits = |content: &Item| content.get(CONTENT) == Some(&number);
    let Some(content) = content.filter(fits) else { return Ok(None) };
    row.extend(content.into_iter().filter(|(name, _)| MEMBERS.contains(&name.as_str())));
    let number = number.as_n().ok().and_then(|number| number.parse().ok()).unwrap_or_default();
    Ok(Some(Entitlement { content: number, ..decode(row)? }))
}

impl dyn Store {
    /// The entitlement of a row; another read where its content is in another one, and more as long
    /// as somebody writes both at the same time.
    pub(crate) async fn whole_entitlement(
        &self,
        tenant: Id,
        id: Id,
        row: Item,
    ) -> Result<Entitlement, StoreError> {
        if !row.contains_key(CONTENT) {
            return decode(row);
        }
        let keys = [keys::content(tenant, id), keys::entitlement(tenant, id)];
        let mut head = row;
        for read in 0..CONTENT_READS {
            let wanted = if read == 0 { &keys[..1] } else { &keys };
            let mut rows = self.get(wanted).await?.into_iter();
            let content = rows.next().flatten();
            if read > 0 {
                head = rows.next().flatten().ok_or(StoreError::NotFound(Entitlement::WHAT))?;
            }
            if let Some(whole) = joined(head.clone(), content)? {
                return Ok(whole);
            }
        }
        Err(StoreError::Corrupt(Entitlement::WHAT, "its content is not there".to_owned()))
    }
}
