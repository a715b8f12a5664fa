//! The erasure of what is held of a customer or partner, step by step.
//!
//! Neighbours: an API key begins it, the sweeper carries it out; `domain::access::erased` says what
//! is blanked. Guarantee: it has ended only when every row that tells of them was looked at, and
//! nothing that was removed is left in the storage.

use std::collections::HashMap;

use domain::access::audit::{AuditEntry, Difference};
use domain::access::erased::Person;
use domain::activation::Activation;
use domain::customer::erasure::{Erasure, Part, Walk};
use domain::decision::Decision;
use domain::entitlement::Entitlement;
use domain::ids::Id;
use domain::life::Aged;
use domain::limits::{ERASE_AT_ONCE, ERASE_ROWS, ERASE_WAIT, ERASE_WRITES, PAGE};
use domain::record::{Kind, Record};
use serde_json::Value;
use store::idempotency::SavedAnswer;
use store::list::PageOf;
use store::theirs::Theirs;
use store::{Extra, StoreError, present};

use crate::app::{App, Undone};

/// The next step of an erasure, if it is due. Says how far it is.
///
/// # Errors
/// When the store is not available. Nothing is lost: the step is repeated.
pub async fn step(app: &App, tenant: Id, id: Id) -> Result<Option<Erasure>, StoreError> {
    let Some(mut so_far) = app.store.find_erasure(tenant, id).await? else { return Ok(None) };
    let now = app.clock.now();
    if so_far.due.is_none_or(|due| due > now) {
        return Ok(Some(so_far));
    }
    let keys = app.store.list_keys_of(tenant, so_far.who()).await?;
    let keys = keys.into_iter().map(|key| key.info.id).collect();
    let eraser = Eraser { app, tenant, person: Person { who: so_far.who(), keys } };
    match so_far.part.clone() {
        Part::Person => {
            eraser.person(&mut so_far).await?;
            so_far.part = Part::Theirs(Walk::Sold(None));
        }
        Part::Theirs(walk) => match eraser.theirs(walk, &mut so_far).await? {
            Walk::Over if so_far.waiting > 0 => {
                so_far.part = Part::Theirs(Walk::Sold(None));
                so_far.due = Some(now.after(ERASE_WAIT));
            }
            Walk::Over => so_far.part = Part::Contacts(None),
            next => so_far.part = Part::Theirs(next),
        },
        Part::Contacts(after) => {
            let next = eraser.contacts(after, &mut so_far).await?;
            so_far.part = next.map_or(Part::Answers(None), |last| Part::Contacts(Some(last)));
        }
        Part::Answers(after) => {
            let next = eraser.answers(after, &mut so_far).await?;
            so_far.part = next.map_or(Part::Storage, |last| Part::Answers(Some(last)));
        }
        Part::Storage => {
            app.store.compact().await?;
            (so_far.ended_date, so_far.due) = (Some(app.clock.now()), None);
        }
    }
    let decision = Decision::default().save(so_far.clone());
    match app.store.commit(tenant, &decision, &Extra::default()).await {
        // Another process has done the same step.
        Err(StoreError::Conflict) => app.store.find_erasure(tenant, id).await,
        other => other.map(|()| Some(so_far)),
    }
}

struct Eraser<'a> {
    app: &'a App,
    tenant: Id,
    person: Person,
}

/// Rows of one thing as they were read.
type Rows = Vec<Result<Record, StoreError>>;

impl Eraser<'_> {
    /// Blanks rows that are loaded, some at once, and loaded anew until none of them tells of them.
    /// What was blanked is counted in the same transaction.
    async fn blank<R>(&self, load: impl Fn() -> R, so_far: &mut Erasure) -> Result<(), StoreError>
    where
        R: Future<Output = Result<Rows, StoreError>>,
    {
        let load = &load;
        loop {
            let counted = &*so_far;
            let done = self.app.until_won(|_| async move {
                let (mut decision, mut next) = (Decision::default(), counted.clone());
                let mut unreadable = 0;
                for row in load().await? {
                    match row {
                        Ok(row) => {
                            let Some(change) = row.erased(&self.person) else { continue };
                            decision.changes.extend(change.changes);
                            next.count(&row);
                        }
                        Err(StoreError::Corrupt(..)) => unreadable += 1,
                        Err(error) => return Err(Undone::Said(error)),
                    }
                    if decision.changes.len() >= ERASE_WRITES {
                        break;
                    }
                }
                if decision.changes.is_empty() {
                    return Ok(Err(unreadable));
                }
                let decision = decision.save(next.clone());
                self.app.store.commit(self.tenant, &decision, &Extra::default()).await?;
                Ok(Ok(Erasure { rev: next.rev.next(), ..next }))
            });
            match done.await? {
                Ok(next) => *so_far = next,
                Err(unreadable) => {
                    so_far.unreadable += unreadable;
                    return Ok(());
                }
            }
        }
    }

    /// The customer, their contacts and API keys, and what the audit has of them.
    async fn person(&self, so_far: &mut Erasure) -> Result<(), StoreError> {
        let (store, id) = (&self.app.store, so_far.id);
        let contacts = store.list_contacts(self.tenant, id).await?;
        let rows = || async {
            let customers = store.find_customers(self.tenant, &[id]).await?.into_values();
            let contacts = store.list_contacts(self.tenant, id).await?;
            let keys = store.list_keys_of(self.tenant, self.person.who).await?;
            let rows = customers.map(Record::from).chain(contacts.into_iter().map(Record::from));
            Ok(rows.chain(keys.into_iter().map(Record::from)).map(Ok).collect())
        };
        self.blank(rows, so_far).await?;
        let contacts = contacts.iter().map(|contact| contact.id);
        for id in contacts.chain(self.person.keys.iter().copied()).chain([id]) {
            self.audit(&id.to_string(), so_far).await?;
        }
        Ok(())
    }

    /// What the audit has of one thing.
    async fn audit(&self, entity_id: &str, so_far: &mut Erasure) -> Result<(), StoreError> {
        let mut page = PageOf { limit: PAGE.1, ascending: true, ..PageOf::default() };
        loop {
            let asked = &page;
            let load = || async move {
                let entries = self.app.store.list_audit_of(self.tenant, entity_id, asked).await?;
                Ok(entries.into_iter().map(|entry| Ok(entry.into())).collect())
            };
            let entries = self.app.store.list_audit_of(self.tenant, entity_id, &page).await?;
            self.blank(load, so_far).await?;
            let Some(last) = entries.last().filter(|_| entries.len() == page.limit) else {
                return Ok(());
            };
            page.after = Some(last.id);
        }
    }

    /// Some of what was sold to them, and of what is used of it.
    async fn theirs(&self, walk: Walk, so_far: &mut Erasure) -> Result<Walk, StoreError> {
        if walk == Walk::Sold(None) {
            so_far.waiting = 0;
        }
        let store = &self.app.store;
        let found = store.next_theirs(self.tenant, self.person.who, walk, ERASE_AT_ONCE).await?;
        for (thing, _) in found.things {
            match thing {
                Ok(Theirs::Sold(sold)) => self.sold(&sold, so_far).await?,
                Ok(Theirs::Used(used)) => self.used(&used, so_far).await?,
                Err(_) => so_far.unreadable += 1,
            }
        }
        Ok(found.next)
    }

    async fn sold(&self, sold: &Entitlement, so_far: &mut Erasure) -> Result<(), StoreError> {
        let (store, id) = (&self.app.store, sold.id);
        let rows = || async {
            let sold = present(store.load_entitlement(self.tenant, id).await)?;
            let older = store.list_history(self.tenant, Aged::Entitlement, id).await?.rows;
            let rows = sold.map(Record::from).into_iter();
            Ok(rows.chain(older.into_iter().map(Record::from)).map(Ok).collect())
        };
        self.blank(rows, so_far).await?;
        self.audit(&sold.e_id.to_string(), so_far).await
    }

    /// An activation with its requests. One whose requests are not all at rest waits: its provider
    /// may still be sent what would be erased.
    async fn used(&self, used: &Activation, so_far: &mut Erasure) -> Result<(), StoreError> {
        let store = &self.app.store;
        let requests = store.find_requests(self.tenant, &used.request_ids()).await?;
        if requests.iter().any(|request| !request.is_at_rest()) {
            so_far.waiting += 1;
            return Ok(());
        }
        let head = || async {
            let used = store.find_activation(self.tenant, &used.aid).await?;
            Ok(used.map(|used| Ok(used.into())).into_iter().collect())
        };
        self.blank(head, so_far).await?;
        self.audit(&used.aid, so_far).await?;
        for id in used.request_ids() {
            let rows = || async move {
                let head = store.find_requests(self.tenant, &[id]).await?;
                let mut rows = store.list_rows_of(self.tenant, id).await?;
                rows.extend(head.into_iter().map(|request| Ok(request.into())));
                Ok(rows)
            };
            self.blank(rows, so_far).await?;
            self.audit(&id.to_string(), so_far).await?;
        }
        Ok(())
    }

    /// What the audit has of contacts that were deleted: an entry of each names its customer.
    async fn contacts(
        &self,
        after: Option<Id>,
        so_far: &mut Erasure,
    ) -> Result<Option<Id>, StoreError> {
        let page = PageOf { limit: PAGE.1, after, ascending: true, ..PageOf::default() };
        let theirs = |entry: &AuditEntry| {
            let is_id = |value: &Value| value.as_u64() == Some(so_far.id.get());
            let tells = |it: &Difference| is_id(&it.from) || is_id(&it.to);
            entry.entity == Kind::Contact && entry.diff.iter().any(tells)
        };
        let found = self.app.store.list(self.tenant, Kind::AuditEntry, &page, theirs).await?;
        let mut ids: Vec<String> = found.rows.into_iter().map(|entry| entry.entity_id).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            self.audit(&id, so_far).await?;
        }
        Ok(found.next)
    }

    /// Answers that are kept to be repeated, where they name them or an activation of theirs.
    async fn answers(
        &self,
        after: Option<(String, String)>,
        so_far: &mut Erasure,
    ) -> Result<Option<(String, String)>, StoreError> {
        let (kept, next) = self.app.store.next_answers(self.tenant, after, ERASE_ROWS).await?;
        let mut known = HashMap::new();
        for answer in kept {
            let Ok(answer) = answer else {
                so_far.unreadable += 1;
                continue;
            };
            if self.tells(&answer, &mut known).await? {
                self.app.store.blank_answer(self.tenant, &answer).await?;
                so_far.erased.answers += 1;
            }
        }
        Ok(next)
    }

    /// Whether an answer may tell of them; `known` are activations that were asked for before.
    async fn tells(
        &self,
        answer: &SavedAnswer,
        known: &mut HashMap<String, bool>,
    ) -> Result<bool, StoreError> {
        let Ok(body) = serde_json::from_str::<Value>(&answer.body) else { return Ok(false) };
        let (mut named, mut aids) = (false, Vec::new());
        look(&body, self.person.who.id(), &mut named, &mut aids);
        for aid in aids {
            if named {
                break;
            }
            let theirs = match known.get(&aid) {
                Some(theirs) => *theirs,
                None => self.app.store.is_theirs(self.tenant, self.person.who, &aid).await?,
            };
            known.insert(aid, theirs);
            named = theirs;
        }
        Ok(named)
    }
}

/// Looks through an answer for an id, which no other thing has, and for activations.
fn look(value: &Value, id: Id, named: &mut bool, aids: &mut Vec<String>) {
    match value {
        Value::Number(number) => *named |= number.as_u64() == Some(id.get()),
        Value::Array(values) => values.iter().for_each(|value| look(value, id, named, aids)),
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str().filter(|_| name == "aid") {
                    Some(aid) => aids.push(aid.to_owned()),
                    None => look(value, id, named, aids),
                }
            }
        }
        _ => {}
    }
}
