//! An entitlement in one row, or in two: its line items have a row of their own where they would
//! make its own larger than a kilobyte, which each activation writes.
//!
//! Neighbours: `commit` writes by it, `load` reads by it. Guarantee: both rows are written in one
//! transaction, and the second only when the line items change.

use domain::entitlement::Entitlement;
use domain::ids::Id;
use domain::limits::ENTITLEMENT_ROW_BYTES;

use crate::compact::size_of;
use crate::error::StoreError;
use crate::form::Form;
use crate::keys;
use crate::port::{Condition, Item, Store, Write};
use crate::rows::{Row, decode};

/// The members of the second row.
const CONTENT: [&str; 2] = ["items", "keyRanges"];

/// The write of the second row, if there is one to be written or to be removed; then the first has
/// no line items.
pub(crate) fn beside(
    tenant: Id,
    entitlement: &Entitlement,
    row: &mut Item,
    form: Form,
) -> Option<Write> {
    let key = keys::content(tenant, entitlement.id);
    if form == Form::First || size_of(row) <= ENTITLEMENT_ROW_BYTES {
        return entitlement.apart.then(|| Write::Delete(key, Condition::Free));
    }
    let content: Item = CONTENT.iter().filter_map(|name| row.remove_entry(*name)).collect();
    let same = |was: &Entitlement| {
        was.items == entitlement.items && was.key_ranges == entitlement.key_ranges
    };
    let there = entitlement.apart && entitlement.rev.was().is_some_and(same);
    (!there).then(|| Write::Put(key, content, Condition::Free))
}

/// Whether the line items of an entitlement are in a row of their own.
fn is_apart(row: &Item) -> bool {
    !row.contains_key("items")
}

/// The entitlement of both rows; of form 1, with what follows from what its row says.
///
/// # Errors
/// `Corrupt` when it does not read.
pub fn joined(mut row: Item, content: Option<Item>) -> Result<Entitlement, StoreError> {
    if is_apart(&row) {
        let lost = || StoreError::Corrupt(Entitlement::WHAT, "no line items".to_owned());
        let content = content.ok_or_else(lost)?;
        row.extend(content.into_iter().filter(|(name, _)| CONTENT.contains(&name.as_str())));
        return Ok(Entitlement { apart: true, ..decode(row)? });
    }
    decode(row)
}

impl dyn Store {
    /// The entitlement of a row; another read where its line items are in another one.
    pub(crate) async fn whole_entitlement(
        &self,
        tenant: Id,
        id: Id,
        mut row: Item,
    ) -> Result<Entitlement, StoreError> {
        if !is_apart(&row) {
            return joined(row, None);
        }
        let keys = [keys::entitlement(tenant, id), keys::content(tenant, id)];
        let content: Option<Item> = self.get(&keys[1..]).await?.remove(0);
        if content.is_some() {
            return joined(row, content);
        }
        // It was made smaller between the two reads.
        let mut again = self.get(&keys).await?.into_iter();
        row = again.next().flatten().ok_or(StoreError::NotFound(Entitlement::WHAT))?;
        joined(row, again.next().flatten())
    }
}
