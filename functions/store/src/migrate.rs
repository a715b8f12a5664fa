//! From rows of earlier forms to rows of form 3, where they stand: step by step, while everything
//! runs.
//!
//! Neighbours: local mode and the bootstrap function call it until it is done; `phase` says what
//! differs. Guarantee: a row is replaced only as it was read; each step can be repeated, and
//! the next one goes on after it, also in another process.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Tenant;
use domain::activation::Activation;
use domain::customer::contact::Contact;
use domain::decision::Decision;
use domain::entitlement::Entitlement;
use domain::ids::Id;
use domain::limits::{COMMIT_TRIES, MIGRATE_AT_ONCE, MIGRATE_ROWS};
use domain::record::{Kind, Record};
use domain::request::Request;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::commit::Extra;
use crate::error::{StoreError, readable};
use crate::keys::{self, Key, Table, attribute};
use crate::load::key;
use crate::mark::Mark;
use crate::phase::FORM;
use crate::port::{Condition, Item, Store, Write, text};
use crate::rows::{decode, encode, is_earlier, is_first, plain};

/// How far a migration is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    /// Rows that this pass has looked at.
    pub rows: u64,
    /// Rows that it has written anew.
    pub found: u64,
    /// Rows that the passes before it have.
    pub changed: u64,
    /// Rows that cannot be read, which stay as they are.
    pub unreadable: u64,
    /// A pass has found no row of an earlier form.
    pub done: bool,
    /// This pass has gone through the table `core`, and is in `catalog`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    catalog: bool,
    /// The last row that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<(String, String)>,
}

impl dyn Store {
    /// The next step: some rows more. Whoever still writes an earlier form may do it behind a pass,
    /// so there is another one after each that found something; the mark is set after one that did
    /// not. When all was done, the next step begins anew.
    ///
    /// # Errors
    /// When the store is not available. Nothing is lost: the step is repeated.
    pub async fn migrate(&self) -> Result<Migration, StoreError> {
        let place = keys::migration();
        let found: Option<Item> = self.get(std::slice::from_ref(&place)).await?.remove(0);
        let found: Option<Migration> = found.map(|row| plain(row, "migration")).transpose()?;
        let mut so_far = found.filter(|found| !found.done).unwrap_or_default();
        let table = if so_far.catalog { Table::Catalog } else { Table::Core };
        let after = so_far.after.clone().map(|(pk, sk)| Key { table, pk, sk });
        let rows = self.scan(table, after, MIGRATE_ROWS).await?;
        so_far.rows += rows.len() as u64;
        so_far.after = rows.last().map(|row| (text(row, attribute::PK), text(row, attribute::SK)));
        for some in rows.chunks(MIGRATE_AT_ONCE) {
            let renewed = match table {
                Table::Core => self.renew_all(some).await?,
                Table::Catalog => try_join_all(some.iter().map(|row| self.list_one(row))).await?,
            };
            for renewed in renewed {
                match renewed {
                    Renewed::Changed => so_far.found += 1,
                    Renewed::Unreadable => so_far.unreadable += 1,
                    Renewed::Same => {}
                }
            }
        }
        if rows.is_empty() && table == Table::Core {
            so_far.catalog = true;
        } else if rows.is_empty() {
            so_far.changed += so_far.found;
            so_far.done = so_far.found == 0;
            if !so_far.done {
                so_far = Migration { changed: so_far.changed, ..Migration::default() };
            } else if let Some(mark) = self.find_mark().await? {
                self.replace_mark(&Mark { form: FORM, ..mark }).await?;
            }
        }
        let write = Write::Put(place, encode(&so_far, "migration")?, Condition::Free);
        self.write(&[write]).await?;
        Ok(so_far)
    }

    /// Gives a contact its place among those of its e-mail, and a tenant its place among all, as
    /// long as it has none.
    async fn list_one(&self, row: &Item) -> Result<Renewed, StoreError> {
        let (pk, sk) = (text(row, attribute::PK), text(row, attribute::SK));
        let found = keys::tenant_of(&pk).filter(|_| !row.contains_key(attribute::LIST_PK));
        let Some(tenant) = found else { return Ok(Renewed::Same) };
        let own = keys::of_catalog(tenant, Kind::Tenant, tenant);
        let record = if sk.starts_with(keys::CONTACTS) {
            decode::<Contact>(row.clone()).map(Record::from)
        } else if (&pk, &sk) == (&own.pk, &own.sk) {
            decode::<Tenant>(row.clone()).map(Record::from)
        } else {
            return Ok(Renewed::Same);
        };
        let Some(record) = readable(record)? else { return Ok(Renewed::Unreadable) };
        let decision = Decision::default().save(record);
        match self.commit(tenant, &decision, &Extra::default()).await {
            // Whoever was first has given it its place, or the next pass does.
            Ok(()) | Err(StoreError::Conflict) => Ok(Renewed::Changed),
            Err(error) => Err(error),
        }
    }

    /// Writes those of these rows anew that have an earlier form.
    async fn renew_all(&self, rows: &[Item]) -> Result<Vec<Renewed>, StoreError> {
        let sold = self.sold(rows).await?;
        try_join_all(rows.iter().map(|row| self.renew(row, &sold))).await
    }

    /// The entitlements of the product keys among these rows.
    async fn sold(&self, rows: &[Item]) -> Result<BTreeMap<String, Entitlement>, StoreError> {
        let of_key = |row: &&Item| text(row, attribute::SK).starts_with(keys::PRODUCT_KEYS);
        let first = rows.iter().filter(of_key).filter(|row| is_first(row));
        let partitions: BTreeSet<String> = first.map(|row| text(row, attribute::PK)).collect();
        let mut sold = BTreeMap::new();
        for pk in partitions {
            let Some((tenant, id)) = keys::tenant_of(&pk).zip(keys::entitlement_in(&pk)) else {
                continue;
            };
            // The keys of an entitlement that was deleted are nobody's any more.
            match readable(self.load_entitlement(tenant, id).await) {
                Err(StoreError::NotFound(_)) | Ok(None) => {}
                Ok(Some(entitlement)) => drop(sold.insert(pk, entitlement)),
                Err(error) => return Err(error),
            }
        }
        Ok(sold)
    }

    /// Writes one row anew, as long as it has an earlier form: somebody else may write it at the
    /// same time.
    async fn renew(
        &self,
        row: &Item,
        sold: &BTreeMap<String, Entitlement>,
    ) -> Result<Renewed, StoreError> {
        let (pk, sk) = (text(row, attribute::PK), text(row, attribute::SK));
        let place = Key { table: Table::Core, pk, sk };
        let Some(tenant) = keys::tenant_of(&place.pk) else { return Ok(Renewed::Same) };
        let mut row = Some(row.clone());
        for _ in 0..COMMIT_TRIES {
            let Some(earlier) = row.filter(is_earlier) else { return Ok(Renewed::Same) };
            let record = match readable(self.record(tenant, &place, earlier, sold).await)? {
                None => return Ok(Renewed::Unreadable),
                Some(None) => return Ok(Renewed::Same),
                Some(Some(record)) => record,
            };
            let names = match &record {
                Record::Entitlement(entitlement) => entitlement.names(),
                _ => Vec::new(),
            };
            let decision = names.into_iter().fold(Decision::default().save(record), Decision::take);
            match self.commit(tenant, &decision, &Extra::default()).await {
                Err(StoreError::Conflict) => {}
                other => return other.map(|()| Renewed::Changed),
            }
            row = self.get(std::slice::from_ref(&place)).await?.remove(0);
        }
        Err(StoreError::Conflict)
    }

    /// The record of a row, if its present form is another one.
    async fn record(
        &self,
        tenant: Id,
        place: &Key,
        row: Item,
        sold: &BTreeMap<String, Entitlement>,
    ) -> Result<Option<Record>, StoreError> {
        Ok(match place.sk.as_str() {
            keys::ENTITLEMENT => {
                let Some(id) = keys::entitlement_in(&place.pk) else { return Ok(None) };
                Some(self.whole_entitlement(tenant, id, row).await?.in_full().into())
            }
            keys::ACTIVATION => Some(self.naming(tenant, decode(row)?).await?.into()),
            keys::REQUEST => Some(decode::<Request>(row)?.into()),
            sk if sk.starts_with(keys::PRODUCT_KEYS) => match sold.get(&place.pk) {
                Some(entitlement) => Some(key(row, entitlement)?.into()),
                None => None,
            },
            _ => None,
        })
    }

    /// An activation that names its requests by product.
    async fn naming(
        &self,
        tenant: Id,
        mut activation: Activation,
    ) -> Result<Activation, StoreError> {
        let requests = self.find_requests(tenant, &activation.request_ids()).await?;
        for named in &mut activation.requests {
            if let Some(request) = requests.iter().find(|request| request.id == named.id) {
                *named = request.into();
            }
        }
        Ok(activation)
    }
}

/// The end of one row.
enum Renewed {
    Changed,
    Same,
    Unreadable,
}
