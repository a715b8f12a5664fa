//! The audit: what API keys did to which thing, when, from what, to what and why.
//!
//! Neighbours: the edge makes an entry of every decision of a key and commits it with the decision,
//! so that no act is without one. Guarantee: no secret is in it; what a key made that has a history
//! of its own (entitlements, activations, requests) begins with that history, not with an entry.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::access::keys::KeyInfo;
use crate::access::people::{HIDDEN, PEOPLE};
use crate::decision::{Change, Decision};
use crate::ids::{Id, sha256_hex};
use crate::limits::{AUDIT_KEPT, AUDIT_VALUE_BYTES};
use crate::name::{Name, Scope};
use crate::record::{Kind, Record};
use crate::rev::Rev;
use crate::stamp::Stamp;
use crate::time::Time;

/// An act of an API key (append only).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its id.
    pub id: Id,
    /// The kind of the thing that was acted on.
    pub entity: Kind,
    /// Which one: its `id`; of an entitlement `eId`, of an activation `aid`, of a key `pkId`.
    pub entity_id: String,
    /// The operation, as the OpenAPI document names it.
    pub act: String,
    /// The API key.
    pub actor: Id,
    /// The key's name then.
    pub actor_name: String,
    /// Why: the header `Audit-Reason`, else the comments of the call.
    pub reason: Option<String>,
    /// When.
    pub at: Time,
    /// The call: its `X-Request-Id`.
    pub request_id: String,
    /// The changes, member by member.
    pub diff: Vec<Difference>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev,
}

/// A member that changed. Of a long value it has size and SHA-256.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Difference {
    /// Its name.
    pub member: String,
    /// The value before; null: none.
    #[serde(deserialize_with = "sorted")]
    pub from: Value,
    /// The value after; null: none.
    #[serde(deserialize_with = "sorted")]
    pub to: Value,
}

/// A row does not keep the order of members.
fn sorted<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Value, D::Error> {
    let mut value = Value::deserialize(from)?;
    value.sort_all_objects();
    Ok(value)
}

/// The caller, and the circumstances of the call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The operation.
    pub act: &'static str,
    /// The key.
    pub key: &'a KeyInfo,
    /// Why.
    pub reason: Option<&'a str>,
    /// Its `X-Request-Id`.
    pub request_id: &'a str,
    /// The product key that its path names, if it names one: a key's row does not have it.
    pub pk_id: &'a str,
}

impl AuditEntry {
    /// The record that a decision acts on, the first of its kind, if acts on such a thing are
    /// audited; and whether it is gone.
    fn acted_on(decision: &Decision, kind: Kind) -> Option<(&Record, bool)> {
        let mut records = decision.changes.iter().filter_map(|change| match change {
            Change::Save(record) => Some((&**record, false)),
            Change::Delete(record) => Some((&**record, true)),
            _ => None,
        });
        let found = records.find(|(record, _)| record.kind() == Some(kind))?;
        (!found.0.tells_its_birth()).then_some(found)
    }

    /// Whether a decision changes the customer of an entitlement, which its history does not tell.
    pub fn registers(decision: &Decision) -> bool {
        let after = Self::acted_on(decision, Kind::Entitlement).map(|(record, _)| record);
        let customer = |record: &Record| match record {
            Record::Entitlement(entitlement) => entitlement.customer_id,
            _ => None,
        };
        after.is_some_and(|after| after.was().as_ref().and_then(customer) != customer(after))
    }

    /// The decision with the entry of its act.
    pub fn note(decision: Decision, kind: Kind, call: &Call<'_>, stamp: &Stamp) -> Decision {
        let Some((after, gone)) = Self::acted_on(&decision, kind) else { return decision };
        let shown = |record: Option<&Record>| record.map(self::shown).unwrap_or_default();
        let before = after.was();
        let mut entity_id = after.known_by();
        if entity_id.is_empty() {
            call.pk_id.clone_into(&mut entity_id);
        }
        let entry = Self {
            // The first ids of the decision are those of what it makes.
            id: stamp.id(ENTRY),
            entity: kind,
            entity_id,
            act: call.act.to_owned(),
            actor: call.key.id,
            actor_name: call.key.name.clone(),
            reason: call.reason.map(str::to_owned),
            at: stamp.now,
            request_id: call.request_id.to_owned(),
            diff: difference(&shown(before.as_ref()), &shown((!gone).then_some(after))),
            rev: Rev::default(),
        };
        let name = Self::name(&entry.entity_id, entry.id);
        // What is done to a contact is found by its customer, too.
        let owner = match after {
            Record::Contact(contact) => {
                Some(Self::name(&contact.customer_id.to_string(), entry.id))
            }
            _ => None,
        };
        owner.into_iter().fold(decision.save(entry).take(name), Decision::take)
    }

    /// By which the entries of one thing are found.
    pub fn name(entity_id: &str, id: Id) -> Name {
        Name {
            kind: Kind::AuditEntry,
            member: "entity",
            value: entity_id.to_owned(),
            id,
            scope: Scope::Shared,
        }
    }

    /// Kept until then.
    pub fn expires(&self) -> Time {
        self.at.after(AUDIT_KEPT)
    }

    /// Without what it says of people, for callers who may not see that.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        let whole = matches!(self.entity, Kind::Customer | Kind::Partner | Kind::Contact);
        let people = |it: &&mut Difference| whole || PEOPLE.contains(&it.member.as_str());
        for difference in self.diff.iter_mut().filter(people) {
            (difference.from, difference.to) = (json!(HIDDEN), json!(HIDDEN));
        }
        self
    }

    /// The changes as a text.
    pub fn changes(&self) -> String {
        let each = self.diff.iter().map(|d| format!("{} from {} to {}", d.member, d.from, d.to));
        let all: Vec<String> = each.collect();
        if all.is_empty() { "nothing changed".to_owned() } else { all.join(", ") }
    }
}

/// Number of an entry's id among those of its decision.
const ENTRY: u32 = 2048;

/// What every thing has, and what is counted besides: no part of what an act changes.
const KEPT_APART: &[&str] = &[
    "id",
    "version",
    "createdDate",
    "createdBy",
    "updatedDate",
    "updatedBy",
    "uses",
    "contacts",
    "history",
    "moved",
    "keysExhausted",
    "lastUsedDate",
    "activeActivations",
    "unacknowledged",
    "rev",
];

fn difference(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Difference> {
    let mut members: Vec<&String> = before.keys().collect();
    members.extend(after.keys().filter(|member| !before.contains_key(*member)));
    let of =
        |side: &Map<String, Value>, member: &str| side.get(member).cloned().unwrap_or_default();
    let each = members.into_iter().map(|m| (m, of(before, m), of(after, m)));
    each.filter(|(_, from, to)| from != to)
        .map(|(member, from, to)| Difference {
            member: member.clone(),
            from: abridged(from),
            to: abridged(to),
        })
        .collect()
}

/// A long value by its size and hash: versions of plans and histories have it whole.
fn abridged(value: Value) -> Value {
    let text = value.to_string();
    if text.len() <= AUDIT_VALUE_BYTES {
        return value;
    }
    json!({"bytes": text.len(), "sha256": sha256_hex(text.as_bytes())})
}

/// What may be seen of a thing, but for what every thing has.
fn shown(record: &Record) -> Map<String, Value> {
    let Value::Object(mut members) = record.shown() else { return Map::new() };
    members.retain(|member, value| !KEPT_APART.contains(&member.as_str()) && !value.is_null());
    members
}
