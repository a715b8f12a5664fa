//! From rows of form 1 to rows of form 2, where they stand: step by step, while everything runs.
//!
//! Neighbours: local mode's doctor and the bootstrap function call it until it is done; `form` says
//! what differs. Guarantee: a row is replaced only as it was read; each step can be repeated, and
//! the next one goes on after it, also in another process.

use std::collections::BTreeMap;

use domain::activation::Activation;
use domain::decision::Decision;
use domain::ids::Id;
use domain::limits::{COMMIT_TRIES, MIGRATE_AT_ONCE, MIGRATE_ROWS};
use domain::record::Record;
use domain::request::Request;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::commit::Extra;
use crate::error::{StoreError, readable};
use crate::form::FORM;
use crate::keys::{self, Key, Table, attribute};
use crate::load::key;
use crate::mark::Mark;
use crate::port::{CommitError, Condition, Item, Store, Write};
use crate::rows::{decode, encode, is_first, plain};

/// How far a migration is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Migration {
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows that were written anew.
    pub changed: u64,
    /// Rows that cannot be read, which stay as they are.
    pub unreadable: u64,
    /// Nothing is left to be looked at.
    pub done: bool,
    /// The last row that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<(String, String)>,
}

impl dyn Store {
    /// The next step: some rows more, or the mark that says that all are done.
    ///
    /// # Errors
    /// When the store is not available. Nothing is lost: the step is repeated.
    pub async fn migrate(&self) -> Result<Migration, StoreError> {
        let place = keys::migration();
        let found: Option<Item> = self.get(std::slice::from_ref(&place)).await?.remove(0);
        let mut so_far: Migration =
            found.map(|row| plain(row, "migration")).transpose()?.unwrap_or_default();
        if so_far.done {
            return Ok(so_far);
        }
        let after = so_far.after.clone().map(|(pk, sk)| Key { table: Table::Core, pk, sk });
        let rows = self.scan(after, MIGRATE_ROWS).await?;
        so_far.rows += rows.len() as u64;
        so_far.after = rows.last().map(|row| (text(row, attribute::PK), text(row, attribute::SK)));
        so_far.done = rows.is_empty();
        for some in rows.chunks(MIGRATE_AT_ONCE) {
            for changed in try_join_all(some.iter().map(|row| self.renew(row))).await? {
                match changed {
                    Renewed::Changed => so_far.changed += 1,
                    Renewed::Unreadable => so_far.unreadable += 1,
                    Renewed::Same => {}
                }
            }
        }
        if so_far.done
            && let Some(mark) = self.find_mark().await?
        {
            self.replace_mark(&Mark { form: FORM, ..mark }).await?;
        }
        let write = Write::Put(place, encode(&so_far, "migration")?, Condition::Free);
        self.write(&[write]).await.map_err(|error| match error {
            CommitError::Refused(_) => StoreError::Conflict,
            CommitError::Unavailable(why) => StoreError::Unavailable(why),
        })?;
        Ok(so_far)
    }

    /// Writes one row anew, as long as it has form 1: somebody else may write it at the same time.
    async fn renew(&self, row: &Item) -> Result<Renewed, StoreError> {
        let (pk, sk) = (text(row, attribute::PK), text(row, attribute::SK));
        let place = Key { table: Table::Core, pk, sk };
        let Some(tenant) = keys::tenant_of(&place.pk) else { return Ok(Renewed::Same) };
        let mut row = Some(row.clone());
        for _ in 0..COMMIT_TRIES {
            let Some(first) = row.filter(is_first) else { return Ok(Renewed::Same) };
            let record = match readable(self.record(tenant, &place, first).await)? {
                None => return Ok(Renewed::Unreadable),
                Some(None) => return Ok(Renewed::Same),
                Some(Some(record)) => record,
            };
            let decision = Decision::default().save(record);
            match self.commit(tenant, &decision, &Extra::default()).await {
                Err(StoreError::Conflict) => {}
                other => return other.map(|()| Renewed::Changed),
            }
            row = self.get(std::slice::from_ref(&place)).await?.remove(0);
        }
        Err(StoreError::Conflict)
    }

    /// The record of a row, if its form 2 is another one.
    async fn record(
        &self,
        tenant: Id,
        place: &Key,
        row: Item,
    ) -> Result<Option<Record>, StoreError> {
        let entitlement = || place.pk.rsplit('#').next().and_then(|id| id.parse().ok());
        Ok(match place.sk.as_str() {
            keys::ENTITLEMENT => {
                let Some(id) = entitlement() else { return Ok(None) };
                Some(self.whole_entitlement(tenant, id, row).await?.in_full().into())
            }
            keys::ACTIVATION => Some(self.ordered(tenant, decode(row)?).await?.into()),
            keys::REQUEST => Some(decode::<Request>(row)?.into()),
            sk if sk.starts_with(keys::PRODUCT_KEYS) => {
                let Some(id) = entitlement() else { return Ok(None) };
                // The keys of an entitlement that was deleted are nobody's any more.
                match self.load_entitlement(tenant, id).await {
                    Err(StoreError::NotFound(_)) => None,
                    entitlement => Some(key(row, &entitlement?)?.into()),
                }
            }
            _ => None,
        })
    }

    /// An activation that names its requests by product.
    async fn ordered(&self, tenant: Id, of: Activation) -> Result<Activation, StoreError> {
        let requests = self.find_requests(tenant, &of.request_ids()).await?;
        let known: BTreeMap<Id, &Request> = requests.iter().map(|r| (r.id, r)).collect();
        let mut activation = of;
        for ordered in &mut activation.requests {
            if let Some(request) = known.get(&ordered.id) {
                *ordered = (*request).into();
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

fn text(row: &Item, name: &str) -> String {
    row.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}
