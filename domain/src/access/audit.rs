//! The audit: what API keys did to which thing, when, from what, to what and why.
//!
//! Neighbours: the edge makes an entry of every decision of a key and commits it with the decision,
//! so that no act is without one. Guarantee: no secret is in it; what a key made that has a history
//! of its own (entitlements, activations, requests) begins with that history, not with an entry.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use strum::{Display, EnumString, IntoStaticStr};

use crate::access::keys::KeyInfo;
use crate::decision::{Change, Decision, Kind, Name, Record, Scope, Stamp};
use crate::ids::{Id, sha256_hex};
use crate::limits::AUDIT_VALUE_BYTES;
use crate::rev::Rev;
use crate::time::Time;

/// What an act is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Display, EnumString, IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = AuditedEntity)]
#[expect(missing_docs, reason = "the things that API keys act on")]
pub enum Subject {
    Tenant,
    Namespace,
    Role,
    ApiKey,
    Feature,
    Product,
    CustomAttribute,
    Customer,
    Partner,
    Contact,
    Plan,
    Method,
    Association,
    Entitlement,
    ProductKey,
    Activation,
    ProvisioningRequest,
}

/// An act of an API key (append only).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its id.
    pub id: Id,
    /// What was acted on.
    pub entity: Subject,
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
    /// What changed, member by member.
    pub diff: Vec<Difference>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev,
}

/// A member that changed. A long value is told by its size and SHA-256.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Difference {
    /// Its name.
    pub member: String,
    /// What it was; null: nothing.
    #[serde(deserialize_with = "sorted")]
    pub from: Value,
    /// What it is; null: nothing.
    #[serde(deserialize_with = "sorted")]
    pub to: Value,
}

/// A row does not keep the order of members.
fn sorted<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Value, D::Error> {
    let mut value = Value::deserialize(from)?;
    value.sort_all_objects();
    Ok(value)
}

/// Who acts, and how the call was made.
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
    /// The record that a decision acts on, if acts on such a thing are audited.
    fn acted_on(decision: &Decision, subject: Subject) -> Option<&Record> {
        let mut records = decision.changes.iter().filter_map(|change| match change {
            Change::Save(record) | Change::Delete(record) => Some(&**record),
            _ => None,
        });
        let found = records.find(|record| record.subject() == Some(subject))?;
        (!found.tells_its_birth()).then_some(found)
    }

    /// The decision with the entry of its act.
    pub fn note(decision: Decision, subject: Subject, call: &Call<'_>, stamp: &Stamp) -> Decision {
        let Some(after) = Self::acted_on(&decision, subject) else { return decision };
        let gone = decision.changes.iter().any(
            |change| matches!(change, Change::Delete(record) if record.subject() == Some(subject)),
        );
        let shown = |record: Option<&Record>| record.map(Record::shown).unwrap_or_default();
        let before = after.was();
        let entry = Self {
            // The first ids of the decision are those of what it makes.
            id: stamp.id(ENTRY),
            entity: subject,
            entity_id: after.shown_id().unwrap_or_else(|| call.pk_id.to_owned()),
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
        decision.save(entry).claim(name)
    }

    /// By which the entries of one thing are found.
    pub fn name(entity_id: &str, id: Id) -> Name {
        Name {
            kind: Kind::Audit,
            member: "entity",
            value: entity_id.to_owned(),
            id,
            scope: Scope::Shared,
        }
    }

    /// Without what it says of customers, for callers who may not see these.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        if matches!(self.entity, Subject::Customer | Subject::Partner | Subject::Contact) {
            for difference in &mut self.diff {
                (difference.from, difference.to) = (json!("hidden"), json!("hidden"));
            }
        }
        self
    }

    /// What changed, in words.
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

impl Record {
    /// What it is to the audit; none for what stands beside another thing.
    pub fn subject(&self) -> Option<Subject> {
        Some(match self {
            Self::Tenant(_) => Subject::Tenant,
            Self::Namespace(_) => Subject::Namespace,
            Self::Role(_) => Subject::Role,
            Self::ApiKey(_) => Subject::ApiKey,
            Self::Feature(_) => Subject::Feature,
            Self::Product(_) => Subject::Product,
            Self::CustomAttributeDef(_) => Subject::CustomAttribute,
            Self::Customer(r) if r.partner => Subject::Partner,
            Self::Customer(_) => Subject::Customer,
            Self::Contact(_) => Subject::Contact,
            Self::Plan(_) => Subject::Plan,
            Self::Method(_) => Subject::Method,
            Self::Association(_) => Subject::Association,
            Self::Entitlement(_) => Subject::Entitlement,
            Self::ProductKey(_) => Subject::ProductKey,
            Self::Activation(_) => Subject::Activation,
            Self::Request(_) => Subject::ProvisioningRequest,
            _ => return None,
        })
    }

    /// It is new, and its own history begins with who made it.
    fn tells_its_birth(&self) -> bool {
        match self {
            Self::Entitlement(r) => r.rev.number() == 0,
            Self::Activation(r) => r.rev.number() == 0,
            Self::Request(r) => r.rev.number() == 0,
            _ => false,
        }
    }

    fn shown_id(&self) -> Option<String> {
        Some(match self {
            Self::Tenant(r) => r.id.to_string(),
            Self::Namespace(r) => r.id.to_string(),
            Self::Role(r) => r.id.to_string(),
            Self::ApiKey(r) => r.info.id.to_string(),
            Self::Feature(r) => r.id.to_string(),
            Self::Product(r) => r.id.to_string(),
            Self::CustomAttributeDef(r) => r.id.to_string(),
            Self::Customer(r) => r.id.to_string(),
            Self::Contact(r) => r.id.to_string(),
            Self::Plan(r) => r.id.to_string(),
            Self::Method(r) => r.info.id.to_string(),
            Self::Association(r) => r.product_id.to_string(),
            Self::Entitlement(r) => r.e_id.to_string(),
            Self::Activation(r) => r.aid.clone(),
            Self::Request(r) => r.id.to_string(),
            _ => return None,
        })
    }

    /// What may be seen of it: what the API shows, without secrets and what is sealed.
    fn shown(&self) -> Map<String, Value> {
        let shown = match self {
            Self::Tenant(r) => json!(r),
            Self::Namespace(r) => json!(r),
            Self::Role(r) => json!(r),
            Self::ApiKey(r) => json!(r.info),
            Self::Feature(r) => json!(r),
            Self::Product(r) => json!(r),
            Self::CustomAttributeDef(r) => json!(r),
            Self::Customer(r) => {
                // That a profile changed is seen; what is in it is not.
                let seal = r.profile.as_ref().map(|sealed| sha256_hex(sealed.0.as_bytes()));
                let mut shown = json!(r);
                shown["profile"] = json!(seal.map(|hash| format!("sealed {}", &hash[..12])));
                shown
            }
            Self::Contact(r) => json!(r),
            Self::Plan(r) => json!(r),
            Self::Method(r) => json!(r.info),
            Self::Association(r) => json!(r),
            Self::Entitlement(r) => json!(r),
            Self::ProductKey(r) => json!(r),
            Self::Activation(r) => {
                json!({"state": r.life.state, "acknowledgedAt": r.acknowledged_at})
            }
            Self::Request(r) => json!({
                "status": r.life.state, "comments": r.comments, "generation": r.generation,
                "errorCode": r.failure.as_ref().map(|failure| failure.cause.to_string()),
                "errorDescription": r.failure.as_ref().map(|failure| &failure.description),
            }),
            _ => Value::Null,
        };
        let Value::Object(mut members) = shown else { return Map::new() };
        members.retain(|member, value| !KEPT_APART.contains(&member.as_str()) && !value.is_null());
        members
    }
}
