//! How far the rows are on their way to a newer master key, and which rows those are.
//!
//! Neighbours: `rotation` of the edge seals, the sweeper finds by the index `due` that there is
//! something to do. Guarantee: every row before the cursor was looked at.

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::access::Tenant;
use domain::customer::Customer;
use domain::ids::Id;
use domain::plan::door::Door;
use domain::plan::method::Method;
use domain::record::{Kind, Record};
use domain::task::{Task, TaskKind};
use domain::time::Time;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::keys::{self, Key, Table, attribute};
use crate::mark::Mark;
use crate::port::{Condition, Item, Store, Write, text};
use crate::rows::{decode, encode, plain};

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resealing {
    /// The number of the master key that seals from now on.
    pub number: u32,
    /// Every tenant's own row names that number, so that whoever calls learns it.
    pub announced: bool,
    /// Rows that this pass has looked at.
    pub rows: u64,
    /// Rows that it has sealed anew.
    pub found: u64,
    /// Rows that the passes before it have.
    pub changed: u64,
    /// Rows that cannot be read, which stay as they are.
    pub unreadable: u64,
    /// A pass has found nothing that an older key has sealed.
    pub done: bool,
    /// When it goes on; null: it is done, or the key is being made.
    pub due: Option<Time>,
    /// Until then a call may be making the key; nothing is sealed with it before that has ended.
    pub making: Option<Time>,
    /// Revision of the row.
    pub rev: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<(String, String)>,
}

/// A row that may have something sealed in it, with its tenant.
pub type Holder = (Id, Record);

impl Resealing {
    /// The beginning: until then, whoever keeps this alone may make the key of a number.
    pub fn make(&self, number: u32, until: Time) -> Self {
        Self { number, making: Some(until), rev: self.rev, ..Self::default() }
    }

    /// The key is made, and seals from now on.
    pub fn begin(self, now: Time) -> Self {
        Self { making: None, due: Some(now), ..self }
    }

    /// Whether the pass has come to its end.
    pub const fn is_at_end(&self) -> bool {
        self.after.is_none()
    }

    /// The next pass; or the end, when this one has found nothing.
    pub fn turn(self) -> Self {
        let changed = self.changed + self.found;
        if self.found == 0 {
            return Self { changed, done: true, due: None, ..self };
        }
        let Self { number, announced, due, rev, .. } = self;
        Self { number, announced, changed, due, rev, ..Self::default() }
    }
}

impl dyn Store {
    /// How far it is; none before the first rotation.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_resealing(&self) -> Result<Option<Resealing>, StoreError> {
        let row: Option<Item> = self.get(&[keys::resealing()]).await?.remove(0);
        row.map(|row| plain(row, "resealing")).transpose()
    }

    /// Keeps how far it is, as long as nobody else has; with the mark, where that changes, too. As
    /// long as it is due, the sweeper finds it.
    ///
    /// # Errors
    /// `Conflict` when somebody else has; when the store is not available.
    pub async fn keep_resealing(
        &self,
        so_far: &mut Resealing,
        mark: Option<&Mark>,
    ) -> Result<(), StoreError> {
        let read = so_far.rev;
        so_far.rev += 1;
        let mut row = encode(so_far, "resealing")?;
        if let Some(at) = so_far.due {
            let number = Id::try_from(u64::from(so_far.number)).unwrap_or(Id::FIRST_TENANT);
            let task = Task { kind: TaskKind::Reseal, tenant: Id::FIRST_TENANT, id: number };
            let (pk, sk) = keys::due(task, at, self.phase());
            row.insert(attribute::DUE_PK.to_owned(), AttributeValue::S(pk));
            row.insert(attribute::DUE_SK.to_owned(), AttributeValue::S(sk));
        }
        let condition = if read == 0 { Condition::Absent } else { Condition::Rev(read) };
        let mut writes = vec![Write::Put(keys::resealing(), row, condition)];
        if let Some(mark) = mark {
            writes.push(Write::Put(keys::mark(), encode(mark, "mark")?, Condition::Present));
        }
        Ok(self.write(&writes).await?)
    }

    /// Those of the next rows of the table `catalog` that may have something sealed in them. Counts
    /// all that it looks at, and moves the cursor behind them.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn next_holders(
        &self,
        so_far: &mut Resealing,
        limit: usize,
    ) -> Result<Vec<Result<Holder, StoreError>>, StoreError> {
        let place = |(pk, sk): (String, String)| Key { table: Table::Catalog, pk, sk };
        let rows = self.scan(Table::Catalog, so_far.after.take().map(place), limit).await?;
        so_far.rows += rows.len() as u64;
        so_far.after = rows.last().map(|row| (text(row, attribute::PK), text(row, attribute::SK)));
        Ok(rows.into_iter().filter_map(|row| holder(row).transpose()).collect())
    }
}

impl fmt::Display for Resealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, rows, found, changed, unreadable, .. } = self;
        let sealed = changed + found;
        if self.making.is_some() {
            return write!(f, "Master key {number} is being made.");
        }
        if let Some(due) = self.due.filter(|_| *rows == 0 && *changed == 0) {
            return write!(f, "Master key {number} seals what is new; the rest from {due} on.");
        }
        if !self.done {
            let looked = format!("{rows} rows were looked at, {sealed} sealed anew");
            return write!(f, "Master key {number} seals what is new: {looked}.");
        }
        write!(f, "Master key {number} seals everything: {sealed} rows were sealed anew.")?;
        match unreadable {
            0 => Ok(()),
            some => write!(f, " {some} rows cannot be read: provisio doctor names some."),
        }
    }
}

/// A row as what may have something sealed in it; none for any other.
fn holder(row: Item) -> Result<Option<Holder>, StoreError> {
    let (pk, sk) = (text(&row, attribute::PK), text(&row, attribute::SK));
    if sk == keys::DOOR {
        let door: Door = decode(row)?;
        // The door of a method that is there is written with it.
        return Ok(door.expires.is_some().then(|| (door.tenant, door.into())));
    }
    let Some((tenant, kind)) = keys::catalogued(&pk, &sk) else { return Ok(None) };
    Ok(match kind {
        Kind::Tenant => Some((tenant, decode::<Tenant>(row)?.into())),
        Kind::Method => Some((tenant, decode::<Method>(row)?.into())),
        Kind::Customer => Some((tenant, decode::<Customer>(row)?.into())),
        _ => None,
    })
}
