//! From entities to rows and back.
//!
//! Neighbours: `commit` writes rows, `load` reads them. Guarantee: the revision is the store's own.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::access::audit::AuditEntry;
use domain::access::{ApiKey, Namespace, Role, Tenant};
use domain::activation::Activation;
use domain::catalog::{CustomAttributeDef, Feature, Product};
use domain::customer::Customer;
use domain::customer::contact::Contact;
use domain::decision::{Kind, Record};
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::{KeyRef, ProductKey};
use domain::ids::Id;
use domain::plan::Plan;
use domain::plan::association::Association;
use domain::plan::door::Door;
use domain::plan::method::Method;
use domain::plan::version::PlanVersion;
use domain::request::attempt::Attempt;
use domain::request::{Conflicts, LongResponse, Overflow, Payload, Repeat, Request};
use domain::rev::Rev;
use domain::task::Task;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::compact::{pack, unpack};
use crate::error::StoreError;
use crate::keys::{self, Key, attribute};
use crate::port::Item;

/// An entity that knows the revision it was read at.
pub trait Row: DeserializeOwned {
    /// What it is called in an error.
    const WHAT: &'static str;

    /// Notes the revision.
    fn set_rev(&mut self, rev: u64);
}

macro_rules! rows {
    (audited: $($noun:ident $what:literal),*; beside: $($beside:ident $name:literal),*;) => {
        $(impl Row for $noun {
            const WHAT: &'static str = $what;

            fn set_rev(&mut self, rev: u64) {
                self.rev = Rev::read(rev, self.clone());
            }
        })*

        $(impl Row for $beside {
            const WHAT: &'static str = $name;

            fn set_rev(&mut self, rev: u64) {
                self.rev = Rev::of(rev);
            }
        })*
    };
}
rows!(
    audited:
        Tenant "tenant", Namespace "namespace", Role "role", ApiKey "API key",
        Feature "feature", Product "product", CustomAttributeDef "custom attribute",
        Customer "customer", Contact "contact", Plan "plan", Method "method",
        Association "association", Entitlement "entitlement", ProductKey "product key",
        Activation "activation", Request "provisioning request";
    beside:
        Payload "payload", Attempt "attempt", Conflicts "conflicts", LongResponse "response",
        Overflow "history", Repeat "repeated callback", AuditEntry "audit entry";
);

impl Row for PlanVersion {
    const WHAT: &'static str = "plan version";

    fn set_rev(&mut self, rev: u64) {
        self.0.rev = Rev::of(rev);
    }
}

/// Reads a row.
///
/// # Errors
/// `Corrupt` when it does not read.
pub fn decode<T: Row>(item: Item) -> Result<T, StoreError> {
    let rev = match item.get(attribute::REV) {
        Some(AttributeValue::N(text)) => text.parse().unwrap_or(0),
        _ => 0,
    };
    let mut row: T = plain(item, T::WHAT)?;
    row.set_rev(rev);
    Ok(row)
}

/// Reads the attributes of a row as `T`.
///
/// # Errors
/// `Corrupt` when they do not read.
pub fn plain<T: DeserializeOwned>(item: Item, what: &'static str) -> Result<T, StoreError> {
    serde_dynamo::from_item(unpack(item))
        .map_err(|error| StoreError::Corrupt(what, error.to_string()))
}

/// An entity as attributes.
///
/// # Errors
/// `Corrupt` when it cannot be written.
pub fn encode(value: &impl Serialize, what: &'static str) -> Result<Item, StoreError> {
    let encoded = serde_dynamo::to_item(value);
    let mut item: Item = encoded.map_err(|error| StoreError::Corrupt(what, error.to_string()))?;
    // What is absent needs no place: a write is billed by the whole row.
    item.retain(|_, value| !value.is_null());
    Ok(pack(item))
}

/// A row to write.
pub struct Encoded {
    /// Its key.
    pub key: Key,
    /// Its attributes, with those of the indexes.
    pub item: Item,
    /// The revision that was read.
    pub rev: u64,
}

/// The row of a record, and the directory row that goes with it.
///
/// # Errors
/// `Corrupt` when it cannot be written.
pub fn record(tenant: Id, record: &Record) -> Result<(Encoded, Option<Encoded>), StoreError> {
    let catalog = |kind, id| keys::of_catalog(tenant, kind, id);
    let one = |encoded: Result<Encoded, StoreError>| encoded.map(|e| (e, None));
    match record {
        Record::Namespace(r) => one(row(catalog(Kind::Namespace, r.id), r, r.rev.number())?
            .listed(tenant, Kind::Namespace, r.id)),
        Record::Role(r) => {
            one(row(catalog(Kind::Role, r.id), r, r.rev.number())?.listed(tenant, Kind::Role, r.id))
        }
        Record::Feature(r) => one(row(catalog(Kind::Feature, r.id), r, r.rev.number())?.listed(
            tenant,
            Kind::Feature,
            r.id,
        )),
        Record::CustomAttributeDef(r) => one(row(
            catalog(Kind::Attribute, r.id),
            r,
            r.rev.number(),
        )?
        .listed(tenant, Kind::Attribute, r.id)),
        Record::AuditEntry(r) => {
            one(row(catalog(Kind::Audit, r.id), r, 0)?.listed(tenant, Kind::Audit, r.id))
        }
        Record::Tenant(r) => one(row(catalog(Kind::Tenant, r.id), r, r.rev.number())),
        Record::Product(r) => one(row(catalog(Kind::Product, r.id), r, r.rev.number())?.listed(
            tenant,
            Kind::Product,
            r.id,
        )),
        Record::Customer(r) => one(row(catalog(Kind::Customer, r.id), r, r.rev.number())?.listed(
            tenant,
            r.kind(),
            r.id,
        )),
        Record::Plan(r) => {
            one(row(catalog(Kind::Plan, r.id), r, r.rev.number())?.listed(tenant, Kind::Plan, r.id))
        }
        Record::ApiKey(r) => one(row(keys::api_key(&r.hash), r, r.rev.number())?.listed(
            tenant,
            Kind::Key,
            r.info.id,
        )),
        Record::Association(r) => {
            let key = keys::association(tenant, r.product_id);
            one(row(key, r, r.rev.number())?.listed(tenant, Kind::Association, r.product_id))
        }
        Record::Method(r) => method(tenant, r),
        Record::Door(r) => one(door(r)),
        Record::Entitlement(r) => {
            let key = keys::entitlement(tenant, r.id);
            one(row(key, r, r.rev.number())?.listed(tenant, Kind::Entitlement, r.id))
        }
        Record::Activation(r) => {
            let key = keys::activation(tenant, &r.aid);
            one(row(key, r, r.rev.number())?.listed(tenant, Kind::Activation, r.id))
        }
        Record::Request(r) => one(request(tenant, r)),
        Record::ProductKey(r) => {
            let key =
                KeyRef { entitlement: r.entitlement_id, index: r.index, generation: r.generation };
            one(row(keys::product_key(tenant, key), r, r.rev.number()))
        }
        other => one(beside(tenant, other)),
    }
}

/// The rows that stand beside another one: in its partition, without a place in a list.
fn beside(tenant: Id, record: &Record) -> Result<Encoded, StoreError> {
    match record {
        // A version is written once: the plan's own revision is not its own.
        Record::PlanVersion(r) => row(keys::plan_version(tenant, r.0.id, r.0.version), r, 0),
        Record::Contact(r) => row(keys::contact(tenant, r.customer_id, r.id), r, r.rev.number()),
        Record::Payload(r) => {
            row(keys::payload(tenant, r.request, r.generation), r, r.rev.number())
        }
        Record::Conflicts(r) => row(keys::conflicts(tenant, r.request), r, r.rev.number()),
        Record::LongResponse(r) => {
            row(keys::long_response(tenant, r.request, &r.webhook_id), r, r.rev.number())
        }
        Record::Repeat(r) => {
            let request = r.request.ok_or(StoreError::NotFound("request of a callback"))?;
            row(keys::repeat(tenant, request, &r.webhook_id), r, 0)
        }
        Record::Overflow(r) => row(keys::history(tenant, r.kind, r.id, r.first), r, r.rev.number()),
        Record::Attempt(r) => {
            let request = r.request.ok_or(StoreError::NotFound("request of an attempt"))?;
            row(keys::attempt(tenant, request, r.generation, r.no), r, r.rev.number())
        }
        _ => Err(StoreError::NotFound("place for this record")),
    }
}

/// A method and its door, always written together.
fn method(tenant: Id, method: &Method) -> Result<(Encoded, Option<Encoded>), StoreError> {
    let id = method.info.id;
    let key = keys::of_catalog(tenant, Kind::Method, id);
    let head = row(key, method, method.rev.number())?.listed(tenant, Kind::Method, id)?;
    Ok((head, Some(door(&method.door(tenant))?)))
}

fn door(door: &Door) -> Result<Encoded, StoreError> {
    let mut row = row(keys::door(door.method), door, 0)?;
    if let Some(at) = door.expires {
        let seconds = AttributeValue::N((at.millis() / 1000 + 1).to_string());
        row.item.insert(attribute::TTL.to_owned(), seconds);
    }
    Ok(row)
}

fn request(tenant: Id, request: &Request) -> Result<Encoded, StoreError> {
    let key = keys::request(tenant, request.id);
    let mut row =
        row(key, request, request.rev.number())?.listed(tenant, Kind::Request, request.id)?;
    if let Some(at) = request.next_attempt_at {
        let (pk, sk) = keys::due(Task::dispatch(tenant, request.id), at);
        row.item.insert(attribute::DUE_PK.to_owned(), AttributeValue::S(pk));
        row.item.insert(attribute::DUE_SK.to_owned(), AttributeValue::S(sk));
    }
    Ok(row)
}

fn row(key: Key, value: &impl Serialize, rev: u64) -> Result<Encoded, StoreError> {
    Ok(Encoded { key, item: encode(value, "row")?, rev })
}

impl Encoded {
    #[expect(clippy::unnecessary_wraps, reason = "it ends a chain of fallible steps")]
    fn listed(mut self, tenant: Id, kind: Kind, id: Id) -> Result<Self, StoreError> {
        let list = keys::list(tenant, kind);
        self.item.insert(attribute::LIST_PK.to_owned(), AttributeValue::S(list));
        self.item.insert(attribute::LIST_SK.to_owned(), AttributeValue::S(id.padded()));
        Ok(self)
    }
}
