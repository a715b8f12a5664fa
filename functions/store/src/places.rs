//! THE TABLE of places: one line for each noun, where its row stands and how it is written.
//!
//! Neighbours: `domain::record` has the same nouns, `rows` writes and reads by this table, `keys`
//! has the shapes. Guarantee: a noun of the domain without a line here does not compile.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::access::audit::AuditEntry;
use domain::access::secrets::StandIn;
use domain::access::{ApiKey, Namespace, Role, Tenant};
use domain::activation::Activation;
use domain::catalog::{CustomAttributeDef, Feature, Product};
use domain::customer::Customer;
use domain::customer::contact::Contact;
use domain::customer::erasure::Erasure;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::ProductKey;
use domain::ids::Id;
use domain::life::Overflow;
use domain::plan::Plan;
use domain::plan::association::Association;
use domain::plan::door::Door;
use domain::plan::method::Method;
use domain::plan::version::PlanVersion;
use domain::record::{Kind, Record};
use domain::request::attempt::Attempt;
use domain::request::{Conflicts, LongResponse, Payload, Repeat, Request};
use domain::rev::Revised;
use domain::task::{Task, TaskKind};
use domain::time::Time;
use domain::view::activation::ListedActivation;
use domain::view::entitlement::ListedEntitlement;
use domain::view::request::ListedRequest;
use serde::Serialize;

use crate::error::StoreError;
use crate::keys::{self, Owner, Table, attribute, of_catalog as own};
use crate::phase::Phase;
use crate::port::{Condition, Item};
use crate::rows::{Encoded, Row, decode, encode, in_form};

macro_rules! places {
    (|$tenant:ident, $it:ident, $phase:ident|
        listed { $($noun:ident $what:literal $table:ident [$($kind:ident),+]
            $id:expr => $key:expr $(, $written:ident)? $(=> $also:expr)?;)* }
        beside { $($beside:ident $name:literal $its_table:ident [$($its:ident)?]
            => $place:expr $(, $how:ident)? $(=> $more:expr)?;)* }
    ) => {
        $(impl Row for $noun {
            const WHAT: &'static str = $what;
        })*

        $(impl Row for $beside {
            const WHAT: &'static str = $name;
        })*

        /// The row of a record.
        ///
        /// # Errors
        /// `Corrupt` when it cannot be written.
        pub(crate) fn row(
            $tenant: Id,
            record: &Record,
            $phase: Phase,
        ) -> Result<Encoded, StoreError> {
            let mut row = match record {
                $(Record::$noun($it) => written!($it, $key $(, $written)?)
                    .listed($tenant, record.kind(), $id)$(.with($also))?,)*
                $(Record::$beside($it) => written!($it, $place $(, $how)?)$(.with($more))?,)*
            };
            in_form($phase, record, &mut row.item);
            Ok(row)
        }

        /// The table in which a kind has its list.
        pub(crate) const fn table(kind: Kind) -> Table {
            match kind {
                $($(Kind::$kind => Table::$table,)+)*
                $($(Kind::$its => Table::$its_table,)?)*
            }
        }

        /// The kinds that have a list, and whether one of their rows can be read.
        pub(crate) const LISTS: &[(Kind, fn(Item) -> Result<(), StoreError>)] =
            &[$($((Kind::$kind, reads::<$noun>),)+)*];
    };
}

/// A row to write, and when: if it is as it was read; once; or whatever stands there.
macro_rules! written {
    ($it:ident, $key:expr) => {
        written!($it, $key, $it.rev(), of_rev($it.rev()))
    };
    ($it:ident, $key:expr, once) => {
        written!($it, $key, 0, Condition::Absent)
    };
    ($it:ident, $key:expr, freely) => {
        written!($it, $key, $it.rev(), Condition::Free)
    };
    ($it:ident, $key:expr, $rev:expr, $condition:expr) => {
        Encoded { key: $key, item: encode($it, "row")?, rev: $rev, condition: $condition }
    };
}

places! { |tenant, it, phase|
    // Noun, its name in errors, its table, its kinds, by which id its list is in order =>
    // its key, how it is written => what it has for other indexes.
    listed {
        Namespace "namespace" Catalog [Namespace] it.id => own(tenant, Kind::Namespace, it.id);
        Role "role" Catalog [Role] it.id => own(tenant, Kind::Role, it.id);
        ApiKey "API key" Catalog [ApiKey] it.info.id => keys::api_key(&it.hash);
        Feature "feature" Catalog [Feature] it.id => own(tenant, Kind::Feature, it.id);
        Product "product" Catalog [Product] it.id => own(tenant, Kind::Product, it.id);
        CustomAttributeDef "custom attribute" Catalog [CustomAttribute] it.id
            => own(tenant, Kind::CustomAttribute, it.id);
        Customer "customer" Catalog [Customer, Partner] it.id => own(tenant, Kind::Customer, it.id);
        Plan "plan" Catalog [Plan] it.id => own(tenant, Kind::Plan, it.id);
        Method "method" Catalog [Method] it.info.id => own(tenant, Kind::Method, it.info.id);
        Association "association" Catalog [Association] it.product_id
            => keys::association(tenant, it.product_id);
        Entitlement "entitlement" Core [Entitlement] it.id => keys::entitlement(tenant, it.id)
            => owned(tenant, it.customer_id.map(Owner::Customer), it.id)
                .into_iter().chain([listed_by(&ListedEntitlement::from(it))?]);
        Activation "activation" Core [Activation] it.id => keys::activation(tenant, &it.aid)
            => owned(tenant, Some(Owner::Entitlement(it.entitlement_id)), it.id)
                .into_iter().chain([listed_by(&ListedActivation::from(it))?]);
        Request "provisioning request" Core [ProvisioningRequest] it.id
            => keys::request(tenant, it.id)
            => due(Task::dispatch(tenant, it.id), it.next_attempt_at, phase).into_iter()
                .chain(owned(tenant, it.needs_attention().then_some(Owner::Attention), it.id))
                .chain([listed_by(&ListedRequest::from(it))?]);
        AuditEntry "audit entry" Catalog [AuditEntry] it.id
            => own(tenant, Kind::AuditEntry, it.id) => gone_after(it.expires());
    }

    // The same of what has no list.
    beside {
        Tenant "tenant" Catalog [Tenant] => own(tenant, Kind::Tenant, it.info.id)
            => found_by(keys::TENANTS.to_owned(), it.info.id);
        StandIn "session" Catalog [Session] => keys::api_key(&it.hash) => gone_after(it.expires);
        Contact "contact" Catalog [Contact] => keys::contact(tenant, it.customer_id, it.id)
            => found_by(keys::contacts_of(tenant, &it.email_id), it.id);
        ProductKey "product key" Core [ProductKey] => keys::product_key(tenant, it.place());
        PlanVersion "plan version" Catalog []
            => keys::plan_version(tenant, it.0.id, it.0.version), once;
        Door "door" Catalog [] => keys::door(it.method), freely
            => it.expires.into_iter().flat_map(gone_after);
        Payload "payload" Core [] => keys::payload(tenant, it.request, it.generation)
            => it.expires.into_iter().flat_map(gone_after);
        Attempt "attempt" Core []
            => keys::attempt(tenant, known(it.request)?, it.generation, it.no), freely
            => it.expires.into_iter().flat_map(gone_after);
        Conflicts "conflicts" Core [] => keys::conflicts(tenant, it.request);
        Repeat "repeated callback" Core []
            => keys::repeat(tenant, known(it.request)?, &it.webhook_id), freely;
        LongResponse "response" Core []
            => keys::long_response(tenant, it.request, &it.webhook_id), freely
            => it.expires.into_iter().flat_map(gone_after);
        Overflow "history" Core [] => keys::history(tenant, it.kind, it.id, it.first);
        Erasure "erasure" Core [] => keys::erasure(tenant, it.id)
            => due(Task { kind: TaskKind::Erase, tenant, id: it.id }, it.due, phase);
    }
}

impl Encoded {
    fn listed(self, tenant: Id, kind: Option<Kind>, id: Id) -> Self {
        let Some(kind) = kind else { return self };
        self.with(found_by(keys::list(tenant, kind), id))
    }

    fn with(mut self, more: impl IntoIterator<Item = Attribute>) -> Self {
        self.item.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self
    }
}

type Attribute = (&'static str, AttributeValue);

/// The place of a task in the index `due`; none while nothing is due.
fn due(task: Task, at: Option<Time>, phase: Phase) -> Vec<Attribute> {
    let Some(at) = at else { return Vec::new() };
    let (pk, sk) = keys::due(task, at, phase);
    vec![(attribute::DUE_PK, AttributeValue::S(pk)), (attribute::DUE_SK, AttributeValue::S(sk))]
}

/// The place of a row in the index `owner`.
fn owned(tenant: Id, owner: Option<Owner>, id: Id) -> Vec<Attribute> {
    let Some(owner) = owner else { return Vec::new() };
    let (pk, kind) = keys::owner(tenant, owner);
    let place = AttributeValue::S(format!("{kind}{}", id.padded()));
    vec![(attribute::OWNER_PK, AttributeValue::S(pk)), (attribute::OWNER_SK, place)]
}

/// The place of a row in a list of the rows that have a value.
fn found_by(list: String, id: Id) -> [Attribute; 2] {
    let place = AttributeValue::S(id.padded());
    [(attribute::LIST_PK, AttributeValue::S(list)), (attribute::LIST_SK, place)]
}

/// What the indexes have of a row.
fn listed_by(members: &impl Serialize) -> Result<Attribute, StoreError> {
    Ok((attribute::LISTED, AttributeValue::M(encode(members, "listed")?)))
}

/// When DynamoDB may remove a row that is good until then.
fn gone_after(expires: Time) -> [Attribute; 1] {
    let seconds = expires.millis() / 1000 + 1;
    [(attribute::TTL, AttributeValue::N(seconds.to_string()))]
}

/// A row beside a request does not repeat the request's id; its key has it.
fn known(request: Option<Id>) -> Result<Id, StoreError> {
    request.ok_or(StoreError::NotFound("request of this row"))
}

const fn of_rev(rev: u64) -> Condition {
    if rev == 0 { Condition::Absent } else { Condition::Rev(rev) }
}

fn reads<T: Row>(item: Item) -> Result<(), StoreError> {
    decode::<T>(item).map(drop)
}
