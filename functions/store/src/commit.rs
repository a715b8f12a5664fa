//! `commit(Decision)`: from changes to conditional writes, one transaction.
//!
//! Neighbours: `rows` encodes, `port` writes. Guarantee: nothing is written unless all is.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::decision::{Change, Decision};
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::Consumption;
use domain::ids::Id;
use domain::name::{Name, Scope};
use domain::record::{Kind, Record};
use domain::time::Time;

use crate::content;
use crate::error::StoreError;
use crate::idempotency::SavedAnswer;
use crate::keys::{self, attribute};
use crate::phase::Phase;
use crate::places::row;
use crate::port::{CommitError, Condition, Item, Store, Test, Write};
use crate::rows::{Encoded, encode};

/// The parts of the transaction besides the decision.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// The answer, for a call with an Idempotency-Key.
    pub answer: Option<(SavedAnswer, Time)>,
}

/// The meaning of a refused write.
enum Meaning {
    Conflict,
    Taken(Name),
    Replayed,
}

impl dyn Store {
    /// Writes a decision, all or nothing.
    ///
    /// # Errors
    /// `Conflict` when a row changed since it was read, `NameTaken`, `Replayed`.
    pub async fn commit(
        &self,
        tenant: Id,
        decision: &Decision,
        extra: &Extra,
    ) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        for change in &decision.changes {
            self::change(tenant, change, self.phase(), &mut writes)?;
        }
        if let Some((answer, now)) = &extra.answer {
            let key = keys::idempotency(tenant, &answer.hash);
            let item = encode(&answer.clone().at(*now), "idempotency record")?;
            writes.push((Write::Put(key, item, Condition::Expired(*now)), Meaning::Replayed));
        }
        if writes.is_empty() {
            return Ok(());
        }
        let (writes, meanings): (Vec<Write>, Vec<Meaning>) = writes.into_iter().unzip();
        self.write(&writes).await.map_err(|error| explain(error, &meanings))
    }
}

/// A replay says more than a taken name, and that more than a lost race.
fn explain(error: CommitError, meanings: &[Meaning]) -> StoreError {
    let refused = match error {
        CommitError::Unavailable(why) => return StoreError::Unavailable(why),
        CommitError::Refused(refused) => refused,
    };
    let hit = |i: &usize| meanings.get(*i);
    if refused.iter().filter_map(hit).any(|m| matches!(m, Meaning::Replayed)) {
        return StoreError::Replayed;
    }
    let taken = refused.iter().filter_map(hit).find_map(|meaning| match meaning {
        Meaning::Taken(name) => {
            // A custom attribute's names are apart for each entity, which stands as the member.
            let member = if name.kind == Kind::CustomAttribute { "name" } else { name.member };
            Some(StoreError::NameTaken { member, value: name.value.clone() })
        }
        _ => None,
    });
    taken.unwrap_or(StoreError::Conflict)
}

fn change(
    tenant: Id,
    change: &Change,
    phase: Phase,
    out: &mut Vec<(Write, Meaning)>,
) -> Result<(), StoreError> {
    match change {
        Change::Save(saved) => {
            let mut row_of = row(tenant, saved, phase)?;
            if let Record::Entitlement(entitlement) = &**saved {
                let beside = content::beside(tenant, entitlement, &mut row_of.item, phase);
                out.extend(beside.map(|write| (write, Meaning::Conflict)));
            }
            out.push((put(row_of), Meaning::Conflict));
            if let Record::Method(method) = &**saved {
                // Its door goes with it. A new one must not take that of another tenant's method.
                let mut door = row(tenant, &method.door(tenant).into(), phase)?;
                if method.rev.number() == 0 {
                    door.condition = Condition::Absent;
                }
                out.push((put(door), Meaning::Conflict));
            }
        }
        Change::Delete(saved) => {
            let Encoded { key, condition, .. } = row(tenant, saved, phase)?;
            out.push((Write::Delete(key, condition), Meaning::Conflict));
            if let Record::Entitlement(Entitlement { id, content: 1.., .. }) = &**saved {
                let content = Write::Delete(keys::content(tenant, *id), Condition::Free);
                out.push((content, Meaning::Conflict));
            }
        }
        Change::Refer(referred) => {
            let key = row(tenant, referred, phase)?.key;
            let write = Write::Add(key, vec![(attribute::REV, 1)], Condition::Present);
            out.push((write, Meaning::Conflict));
        }
        Change::Take(name) => out.push((take(tenant, name), Meaning::Taken(name.clone()))),
        // A name that we chose is chosen again.
        Change::TakeFresh(name) => out.push((take(tenant, name), Meaning::Conflict)),
        Change::Release(name) => {
            let key = keys::name(tenant, name);
            out.push((Write::Delete(key, Condition::Free), Meaning::Conflict));
        }
        Change::Consume(consumption) => consume(tenant, consumption, phase, out)?,
    }
    Ok(())
}

fn take(tenant: Id, name: &Name) -> Write {
    let id = AttributeValue::N(name.id.to_string());
    let item = Item::from([("id".to_owned(), id)]);
    let condition = match name.scope {
        Scope::Shared => Condition::Free,
        Scope::Tenant | Scope::Namespace(_) => Condition::Absent,
    };
    Write::Put(keys::name(tenant, name), item, condition)
}

fn put(row: Encoded) -> Write {
    let mut item = row.item;
    let rev = AttributeValue::N((row.rev + 1).to_string());
    item.insert(attribute::REV.to_owned(), rev);
    Write::Put(row.key, item, row.condition)
}

fn is(member: &'static str, text: &str) -> Test {
    Test::Is(member, AttributeValue::S(text.to_owned()))
}

/// Quantity and counters as conditional ADDs: read-then-write would lose updates (I1).
fn consume(
    tenant: Id,
    consumption: &Consumption,
    phase: Phase,
    out: &mut Vec<(Write, Meaning)>,
) -> Result<(), StoreError> {
    let Consumption { key, quantity, exhausts, count } = consumption;
    let write = if phase == Phase::First || !key.addable {
        let mut key = key.clone();
        key.activated += quantity;
        put(row(tenant, &key.into(), phase)?)
    } else {
        let adds = vec![("activated", i64::from(*quantity)), (attribute::REV, 1)];
        let before = key.allowed.saturating_sub(*quantity);
        let remains = if *exhausts {
            Test::Is("activated", AttributeValue::N(before.to_string()))
        } else {
            Test::Below("activated", u64::from(before))
        };
        let condition = Condition::All(vec![is("state", "ENABLED"), remains]);
        Write::Add(keys::product_key(tenant, key.place()), adds, condition)
    };
    out.push((write, Meaning::Conflict));
    if let Some(count) = count {
        let mut adds = vec![("activeActivations", 1), (attribute::REV, 1)];
        if *exhausts {
            adds.push(("keysExhausted", 1));
        }
        if count.unacknowledged {
            adds.push(("unacknowledged", 1));
        }
        let mut tests = vec![
            is("state", count.state.into()),
            Test::Is("enabled", AttributeValue::Bool(true)),
            Test::Is("activationAllowed", AttributeValue::Bool(true)),
            Test::Is("keyGeneration", AttributeValue::N(count.generation.to_string())),
        ];
        // What exhausts the last of all keys changes the state, too, and so the whole row.
        if *exhausts {
            tests.push(Test::Below("keysExhausted", u64::from(count.keys.saturating_sub(1))));
        }
        let condition = Condition::All(tests);
        let key = keys::entitlement(tenant, key.entitlement_id);
        out.push((Write::Add(key, adds, condition), Meaning::Conflict));
    }
    Ok(())
}
