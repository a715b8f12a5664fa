//! The erasure of a customer or partner: an API key begins it, the sweeper carries it out, step by
//! step, over all rows that may tell of them.
//!
//! Neighbours: `access::erased` says what is blanked of each row. Guarantee: a step can be
//! repeated, and what was blanked is counted.

use serde::{Deserialize, Serialize};

use crate::access::Bound;
use crate::customer::Customer;
use crate::decision::Decision;
use crate::ids::Id;
use crate::limits::BACKUPS_KEPT;
use crate::record::Record;
use crate::rejection::{Code, Rejection};
use crate::request::manual::{CommentsInput, comments};
use crate::rev::Rev;
use crate::stamp::Stamp;
use crate::time::Time;

/// How far an erasure is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erasure {
    /// The customer or partner.
    pub id: Id,
    /// It is a partner.
    pub partner: bool,
    /// When it was begun.
    pub begun_date: Time,
    /// When it had ended.
    pub ended_date: Option<Time>,
    /// What was blanked.
    pub erased: Counts,
    /// Activations that this round left for a later one: a request of them is open.
    pub waiting: u64,
    /// Rows that cannot be read, and stay as they are.
    pub unreadable: u64,
    /// When it goes on; none when it has ended.
    pub due: Option<Time>,
    /// The part that comes next.
    pub part: Part,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev,
}

/// The parts of an erasure, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// The customer, their contacts and API keys.
    Person,
    /// What was sold to them, and what they use.
    Theirs(Walk),
    /// What the audit has of contacts that were deleted, after this entry.
    Contacts(Option<Id>),
    /// Answers that are kept to be repeated, after this row.
    Answers(Option<(String, String)>),
    /// The storage, where what was removed may still be.
    Storage,
}

/// Where a walk over what was sold to a customer, or by a partner, and what is used of it, goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Walk {
    /// With the entitlement after this one.
    Sold(Option<Id>),
    /// With the activations of an entitlement, after this one.
    Of(Id, Option<Id>),
    /// With activations for this customer of what was sold to nobody or to others, after this one.
    Elsewhere(Option<Id>),
    /// Nowhere.
    Over,
}

/// How many of each were blanked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ErasedCounts)]
#[expect(missing_docs, reason = "the nouns of these names")]
pub struct Counts {
    pub customers: u64,
    pub contacts: u64,
    pub api_keys: u64,
    pub entitlements: u64,
    pub activations: u64,
    pub provisioning_requests: u64,
    pub payloads: u64,
    pub attempts: u64,
    /// Responses and comments of callbacks.
    pub callbacks: u64,
    /// Parts of long histories.
    pub histories: u64,
    pub audit_entries: u64,
    /// Answers that are kept for an Idempotency-Key: repeated, they have no body any more.
    pub answers: u64,
}

/// An erasure as answers show it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Erasure)]
pub struct ErasureView {
    /// The customer or partner.
    pub id: Id,
    /// When it was begun.
    pub begun_date: Time,
    /// When it had ended; null: it is under way.
    pub ended_date: Option<Time>,
    /// What was blanked so far.
    pub erased: Counts,
    /// Activations that wait, because a request of them is open.
    pub waiting: u64,
    /// Rows that cannot be read, and stay as they are.
    pub unreadable: u64,
    /// On AWS, backups of the tables hold it until then; null while it is under way.
    pub backups_until: Option<Time>,
}

impl From<&Erasure> for ErasureView {
    fn from(erasure: &Erasure) -> Self {
        let it = erasure.clone();
        Self {
            id: it.id,
            begun_date: it.begun_date,
            ended_date: it.ended_date,
            erased: it.erased,
            waiting: it.waiting,
            unreadable: it.unreadable,
            backups_until: it.ended_date.map(|ended| ended.after(BACKUPS_KEPT)),
        }
    }
}

impl Customer {
    /// Begins to erase it. While that is under way, the same changes nothing; later on it begins
    /// anew, for what was said since. `open` is a request of theirs that is not at rest.
    ///
    /// # Errors
    /// `IN_USE` while there is such a request; a fault without comments.
    pub fn begin_erasure(
        &self,
        input: &CommentsInput,
        so_far: Option<Erasure>,
        open: Option<Id>,
        stamp: &Stamp,
    ) -> Result<(Erasure, Decision), Rejection> {
        if comments(input.comments.as_deref())?.is_none() {
            let detail = "must be given: why what is held of somebody is erased. Do not name them.";
            return Err(Rejection::at("/comments", Code::ValidationFailed, detail));
        }
        let rev = so_far.as_ref().map(|so_far| so_far.rev.clone()).unwrap_or_default();
        if let Some(under_way) = so_far.filter(|so_far| so_far.due.is_some()) {
            return Ok((under_way, Decision::default()));
        }
        if let Some(open) = open {
            let detail = format!(
                "Provisioning request {open} is open, and may need what would be erased. Wait \
                 until it is at rest, or cancel it."
            );
            return Err(Rejection::new(Code::InUse, detail));
        }
        let begun = Erasure {
            id: self.id,
            partner: self.partner,
            begun_date: stamp.now,
            ended_date: None,
            erased: Counts::default(),
            waiting: 0,
            unreadable: 0,
            due: Some(stamp.now),
            part: Part::Person,
            rev,
        };
        let mut next = Self { erased_date: Some(stamp.now), ..self.clone() };
        next.version += 1;
        next.meta.touch(stamp);
        Ok((begun.clone(), Decision::default().save(next).save(begun)))
    }
}

impl Erasure {
    /// Who is erased.
    pub const fn who(&self) -> Bound {
        if self.partner { Bound::Partner(self.id) } else { Bound::Customer(self.id) }
    }

    /// Counts a row that was blanked.
    pub fn count(&mut self, row: &Record) {
        let counts = &mut self.erased;
        let count = match row {
            Record::Customer(_) => &mut counts.customers,
            Record::Contact(_) => &mut counts.contacts,
            Record::ApiKey(_) => &mut counts.api_keys,
            Record::Entitlement(_) => &mut counts.entitlements,
            Record::Activation(_) => &mut counts.activations,
            Record::Request(_) => &mut counts.provisioning_requests,
            Record::Payload(_) => &mut counts.payloads,
            Record::Attempt(_) => &mut counts.attempts,
            Record::Conflicts(_) | Record::LongResponse(_) => &mut counts.callbacks,
            Record::Overflow(_) => &mut counts.histories,
            Record::AuditEntry(_) => &mut counts.audit_entries,
            _ => return,
        };
        *count += 1;
    }
}
