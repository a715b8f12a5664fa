//! The key shapes of both tables, here and nowhere else.
//!
//! Guarantee: every key starts with its tenant, but for the directory rows `KEY#` and `METHOD#`,
//! the mark of the deployment with what stands beside it, the index `due`, and the list of tenants.

use domain::entitlement::parties::PARTNER;
use domain::entitlement::product_key::KeyRef;
use domain::ids::{Id, sha256_hex};
use domain::life::Aged;
use domain::limits::CONFLICTS;
use domain::name::{Name, Scope};
use domain::record::Kind;
use domain::task::{Task, TaskKind};
use domain::time::Time;

pub use crate::index::{Index, attribute};
use crate::phase::Phase;

/// The two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Entitlements, keys, activations, requests, idempotency records.
    Core,
    /// The table of things that change seldom.
    Catalog,
}

/// A row's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its table.
    pub table: Table,
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// Shards of the index `due`: one takes 1,000 writes a second.
pub const SHARDS: u64 = 32;

fn core(pk: String, sk: String) -> Key {
    Key { table: Table::Core, pk, sk }
}

fn catalog(pk: String, sk: &str) -> Key {
    Key { table: Table::Catalog, pk, sk: sk.to_owned() }
}

/// The sort key of an entitlement.
pub(crate) const ENTITLEMENT: &str = "E";
/// The sort key of an activation.
pub(crate) const ACTIVATION: &str = "A";
/// The sort key of a request.
pub(crate) const REQUEST: &str = "R";
/// The start of the sort keys of an entitlement's product keys.
pub(crate) const PRODUCT_KEYS: &str = "K#";

/// An entitlement, with what it was sold with unless that is large.
pub fn entitlement(tenant: Id, id: Id) -> Key {
    core(format!("T#{tenant}#E#{id}"), ENTITLEMENT.to_owned())
}

/// What an entitlement was sold with, where it is too large for its own row.
pub fn content(tenant: Id, id: Id) -> Key {
    core(entitlement(tenant, id).pk, "L".to_owned())
}

/// The entitlement whose first row has this key.
pub(crate) fn entitlement_of(key: &Key) -> Option<Id> {
    entitlement_in(&key.pk).filter(|_| key.table == Table::Core && key.sk == ENTITLEMENT)
}

/// The entitlement whose rows have this partition key.
pub(crate) fn entitlement_in(pk: &str) -> Option<Id> {
    let (_, id) = pk.split_once("#E#")?;
    id.parse().ok()
}

/// The tenant whose row has this partition key.
pub(crate) fn tenant_of(pk: &str) -> Option<Id> {
    pk.strip_prefix("T#")?.split('#').next()?.parse().ok()
}

/// A product key that differs from its default.
pub fn product_key(tenant: Id, key: KeyRef) -> Key {
    let pk = format!("T#{tenant}#E#{}", key.entitlement);
    core(pk, format!("{PRODUCT_KEYS}{:02}#{:06}", key.generation, key.index))
}

/// An activation.
pub fn activation(tenant: Id, aid: &str) -> Key {
    core(format!("T#{tenant}#A#{aid}"), ACTIVATION.to_owned())
}

/// A request's head.
pub fn request(tenant: Id, id: Id) -> Key {
    core(format!("T#{tenant}#R#{id}"), REQUEST.to_owned())
}

/// The frozen bytes of a generation.
pub fn payload(tenant: Id, request_id: Id, generation: u32) -> Key {
    core(request(tenant, request_id).pk, format!("{PAYLOADS}{generation}"))
}

/// The start of the sort keys of a request's payloads.
pub(crate) const PAYLOADS: &str = "P#";

/// An attempt.
pub fn attempt(tenant: Id, request_id: Id, generation: u32, no: u32) -> Key {
    core(request(tenant, request_id).pk, format!("{ATTEMPTS}{generation:06}#{no:06}"))
}

/// The start of the sort keys of a request's attempts.
pub const ATTEMPTS: &str = "T#";

/// The conflicting callbacks of a request.
pub fn conflicts(tenant: Id, request_id: Id) -> Key {
    core(request(tenant, request_id).pk, CONFLICTING.to_owned())
}

/// The sort key of a request's conflicting callbacks.
pub(crate) const CONFLICTING: &str = "C#conflicts";

/// One of the places of a request's repeated callbacks.
pub fn repeat(tenant: Id, request_id: Id, webhook_id: &str) -> Key {
    let hash = u64::from_str_radix(&sha256_hex(webhook_id.as_bytes())[..8], 16).unwrap_or_default();
    let place = hash % CONFLICTS as u64;
    core(request(tenant, request_id).pk, format!("{REPEATS}{place:02}"))
}

/// The start of the sort keys of a request's repeated callbacks.
pub const REPEATS: &str = "C#again#";

/// A long response of a callback. A webhook id has no `#`, so it is never `conflicts`.
pub fn long_response(tenant: Id, request_id: Id, webhook_id: &str) -> Key {
    core(request(tenant, request_id).pk, format!("{LONG_RESPONSES}{webhook_id}"))
}

/// The start of the sort keys of a request's long responses.
pub(crate) const LONG_RESPONSES: &str = "C##";

/// Older steps of a history.
pub fn history(tenant: Id, of: Aged, id: Id, first: u64) -> Key {
    let owner = match of {
        Aged::Entitlement => entitlement(tenant, id),
        Aged::Request => request(tenant, id),
    };
    core(owner.pk, format!("{HISTORY}{first:09}"))
}

/// The start of the sort keys of older steps.
pub const HISTORY: &str = "H#";

/// An idempotency record: SHA-256 of method, path and key.
pub fn idempotency(tenant: Id, hash: &str) -> Key {
    core(format!("T#{tenant}#X#{hash}"), "X".to_owned())
}

/// The hash of the idempotency record of a tenant that has this partition key.
pub(crate) fn answer_of(tenant: Id, pk: &str) -> Option<&str> {
    pk.strip_prefix(&format!("T#{tenant}#X#"))
}

/// A row of the catalog.
pub fn of_catalog(tenant: Id, kind: Kind, id: Id) -> Key {
    let kind = kind.word();
    catalog(format!("T#{tenant}#{kind}#{id}"), "-")
}

/// What a row of the catalog is the row of, by its key.
pub(crate) fn catalogued(pk: &str, sk: &str) -> Option<(Id, Kind)> {
    let (tenant, rest) = pk.strip_prefix("T#").filter(|_| sk == "-")?.split_once('#')?;
    Some((tenant.parse().ok()?, Kind::of_word(rest.split('#').next()?)?))
}

/// A product's partition: the product itself and its association, for one read of both.
pub fn product(tenant: Id, id: Id) -> String {
    of_catalog(tenant, Kind::Product, id).pk
}

/// A product's association.
pub fn association(tenant: Id, product_id: Id) -> Key {
    catalog(product(tenant, product_id), ASSOCIATION)
}

/// A version that a plan had.
pub fn plan_version(tenant: Id, plan: Id, version: u64) -> Key {
    catalog(of_catalog(tenant, Kind::Plan, plan).pk, &format!("{VERSIONS}{version:09}"))
}

/// The start of the sort keys of a plan's versions.
pub const VERSIONS: &str = "V#";

/// A contact of a customer.
pub fn contact(tenant: Id, customer: Id, id: Id) -> Key {
    let pk = of_catalog(tenant, Kind::Customer, customer).pk;
    catalog(pk, &format!("{CONTACTS}{}", id.padded()))
}

/// The start of the sort keys of a customer's contacts.
pub const CONTACTS: &str = "CONTACT#";

/// The sort key of an association beside its product.
pub const ASSOCIATION: &str = "A";

/// An API key: the directory from secret to tenant.
pub fn api_key(hash: &str) -> Key {
    catalog(format!("KEY#{hash}"), "KEY")
}

/// A method's door: the directory from callback to tenant.
pub fn door(method: Id) -> Key {
    catalog(format!("METHOD#{method}"), DOOR)
}

/// The sort key of a door.
pub(crate) const DOOR: &str = "METHOD";

/// The erasure of a customer or partner.
pub fn erasure(tenant: Id, id: Id) -> Key {
    core(format!("T#{tenant}#ERASURE#{id}"), "ERASURE".to_owned())
}

/// How far the rows are on their way to a newer master key.
pub fn resealing() -> Key {
    core("MARK".to_owned(), "RESEALING".to_owned())
}

/// The mark of the deployment.
pub fn mark() -> Key {
    catalog("MARK".to_owned(), "MARK")
}

/// How far a migration of the rows is.
pub fn migration() -> Key {
    catalog("MARK".to_owned(), "MIGRATION")
}

/// A look-up row.
pub fn name(tenant: Id, name: &Name) -> Key {
    let pk = names(tenant, name.kind, name.member, &name.value);
    let sk = match name.scope {
        Scope::Shared => name.id.padded(),
        Scope::Tenant => "N".to_owned(),
        Scope::Namespace(namespace) => namespace.padded(),
    };
    Key { table: Table::Catalog, pk, sk }
}

/// The partition of a value's look-up rows.
pub fn names(tenant: Id, kind: Kind, member: &str, value: &str) -> String {
    let kind = kind.word();
    format!("T#{tenant}#N#{kind}#{member}#{}", value.to_lowercase())
}

/// A list's partition in the index `list`.
pub fn list(tenant: Id, kind: Kind) -> String {
    let kind = kind.word();
    format!("T#{tenant}#{kind}")
}

/// The tenants: a partition in the index `list`, for whoever runs the service.
pub const TENANTS: &str = "TENANTS";

/// The contacts of an e-mail address: a partition in the index `list`.
pub fn contacts_of(tenant: Id, email: &str) -> String {
    let (kind, email) = (Kind::Contact.word(), email.to_lowercase());
    format!("T#{tenant}#{kind}#{email}")
}

/// A partition of the index `owner`, and the start of the sort keys of one kind in it; of a partner
/// the partition of its look-up rows.
pub fn owner(tenant: Id, owner: Owner) -> (String, &'static str) {
    match owner {
        Owner::Customer(id) => (format!("T#{tenant}#C#{id}"), "E#"),
        Owner::Partner(id) => (names(tenant, Kind::Entitlement, PARTNER, &id.to_string()), ""),
        Owner::Entitlement(id) => (format!("T#{tenant}#E#{id}"), "A#"),
        Owner::Attention => (format!("T#{tenant}#ATTENTION"), ""),
    }
}

/// The owners of rows, in the index `owner`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A customer has entitlements.
    Customer(Id),
    /// A partner is named by entitlements.
    Partner(Id),
    /// An entitlement has activations.
    Entitlement(Id),
    /// Whoever looks after requests has those that need attention.
    Attention,
}

/// A task's place in the index `due`.
pub fn due(task: Task, at: Time, phase: Phase) -> (String, String) {
    let Task { kind, tenant, id } = task;
    // 0.1.0 looks at the first four.
    let shards = if phase == Phase::First { 4 } else { SHARDS };
    (due_shard(id.get() % shards), format!("{:015}#{kind}#{tenant}#{id}", at.millis()))
}

/// A shard of the index `due`.
pub fn due_shard(shard: u64) -> String {
    format!("DUE#{shard}")
}

/// The end of what is due at `now`: one past its last key.
pub fn due_until(now: Time) -> String {
    format!("{:015}~", now.millis())
}

/// When, and the task, of a place in the index `due`. Rows of 0.1.0 do not name its kind.
pub fn parse_due(sk: &str) -> Option<(Time, Task)> {
    let parts: Vec<&str> = sk.split('#').collect();
    let (millis, kind, tenant, id) = match parts[..] {
        [millis, tenant, id] => (millis, TaskKind::Dispatch, tenant, id),
        [millis, kind, tenant, id] => (millis, kind.parse().ok()?, tenant, id),
        _ => return None,
    };
    let at = Time::from_millis(millis.parse().ok()?);
    Some((at, Task { kind, tenant: tenant.parse().ok()?, id: id.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn due_keys_lead_back_and_sort_by_time() {
        let task = Task::dispatch("1".parse().unwrap(), "97".parse().unwrap());
        let at = |millis| due(task, Time::from_millis(millis), Phase::Whole).1;
        assert_eq!(parse_due(&at(5)), Some((Time::from_millis(5), task)));
        assert_eq!(parse_due("000000000000005#1#97"), Some((Time::from_millis(5), task)), "0.1.0");
        assert_eq!(parse_due("000000000000005#OTHER#1#97"), None);
        assert!(at(999) < at(1000) && at(1000) < due_until(Time::from_millis(1000)));
        assert!(due_until(Time::from_millis(1000)) < at(1001));
    }

    #[test]
    fn who_reads_form_1_finds_what_is_due() {
        let task = |id: u64| Task::dispatch(Id::FIRST_TENANT, Id::try_from(id).unwrap());
        let shard = |id, phase| due(task(id), Time::from_millis(5), phase).0;
        let all = |phase| (1..100).map(|id| shard(id, phase)).collect::<BTreeSet<_>>();
        let known = |count| (0..count).map(due_shard).collect::<BTreeSet<_>>();
        assert_eq!(all(Phase::First), known(4));
        assert_eq!(all(Phase::Mixed), known(SHARDS));
        assert_eq!(all(Phase::Whole), known(SHARDS));
    }
}
