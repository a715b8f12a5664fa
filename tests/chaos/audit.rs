//! The auditor: reads the store of a dead process and asks the same invariants as the simulator.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use domain::activation::Activation;
use domain::activation::states::State as ActivationState;
use domain::cause::{Cause, Own};
use domain::entitlement::product_key::{KeyRef, ProductKey};
use domain::ids::Id;
use domain::record::Kind;
use domain::request::states::Status;
use domain::request::{Payload, Request};
use domain::time::Period;
use domain::view::activation::ActivationLine;
use domain::view::request::RequestRow;
use edge::ports::{Clock, SystemClock};
use local::engine::Engine;
use model::invariants::{attempted, provisioned, quantities, rested, taken_back, written};
use serde::de::DeserializeOwned;
use store::Store;
use store::list::PageOf;

use crate::load::{Load, UNITS};
use crate::operator::Acts;
use crate::provider::ChaosProvider;

/// The store, with its typed face.
type Dynamo = dyn Store;

/// Rows of a page, and of a read.
const PAGE: usize = 100;

async fn all<T: DeserializeOwned + Send>(store: &Dynamo, tenant: Id, kind: Kind) -> Vec<T> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = PageOf { limit: PAGE, after, ascending: true, ..PageOf::default() };
        let page = store.list::<T>(tenant, kind, &page, |_| true).await.unwrap();
        rows.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return rows,
        }
    }
}

async fn requests(store: &Dynamo, tenant: Id) -> Vec<Request> {
    let rows: Vec<RequestRow> = all(store, tenant, Kind::ProvisioningRequest).await;
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    let mut out = Vec::new();
    for chunk in ids.chunks(PAGE) {
        out.extend(store.find_requests(tenant, chunk).await.unwrap());
    }
    assert_eq!(out.len(), ids.len(), "the index knows every request");
    out
}

async fn activations(store: &Dynamo, tenant: Id) -> Vec<Activation> {
    let mut out = Vec::new();
    for line in all::<ActivationLine>(store, tenant, Kind::Activation).await {
        out.push(store.load_activation(tenant, &line.aid).await.unwrap());
    }
    out
}

async fn payloads(store: &Dynamo, tenant: Id, requests: &[Request]) -> Vec<Payload> {
    let mut out = Vec::new();
    for request in requests {
        for generation in 1..=request.generation {
            out.extend(store.find_payload(tenant, request.id, generation).await.unwrap());
        }
    }
    out
}

/// The provider never says FAILED: an operator did, or took back what was completed, so that no
/// callback could come any more.
fn failed_by_hand(request: &Request) {
    let cause = request.cause();
    let taken_back =
        request.life.history.iter().any(|s| s.row == "P17" && s.to == Status::InProgress);
    let by_hand = match cause {
        Some(Cause::Own(Own::Operator | Own::Cancelled)) => true,
        Some(Cause::Own(Own::CallbackTimeout)) => taken_back,
        _ => request.life.state != Status::Failed,
    };
    assert!(by_hand, "{cause:?}: {:?}", request.life.history);
}

/// Every act that an operator was granted is one step of a history, and no other is by hand; but a
/// revocation cancels, too.
fn acted(requests: &[Request], acts: &Acts) {
    for (act, rows) in [("status", "P17"), ("retry", "P18 P19"), ("cancel", "P22")] {
        let steps = requests.iter().flat_map(|request| &request.life.history);
        let walked = steps.filter(|step| rows.split(' ').any(|row| row == step.row)).count();
        let granted = acts.get(&(act, 200)).copied().unwrap_or_default();
        let all = walked == granted || act == "cancel" && walked > granted;
        assert!(all && granted > 0, "{act}: {granted} granted, {walked} walked");
    }
}

/// Every invariant over everything; panics at the first that does not hold.
pub(crate) async fn audit(
    folder: &Path,
    load: &Load,
    provider: &ChaosProvider,
    acts: &Acts,
) -> String {
    let data = local::data_dir::DataDir::open(folder).unwrap();
    let store = Engine::open(&data.database().unwrap()).unwrap().store();
    let store: &Dynamo = &store;
    let tenant = Id::try_from(load.sale.tenant).unwrap();
    let product = Id::try_from(load.sale.product).unwrap();
    let (received, posts, answers) = provider.seen();

    let now = SystemClock.now();
    let requests = requests(store, tenant).await;
    let activations = activations(store, tenant).await;
    let mut ends: BTreeMap<&str, u32> = BTreeMap::new();
    for request in &requests {
        written(None, request, now).unwrap();
        rested(request).unwrap();
        received.delivered(request).unwrap();
        attempted(request, store.list_attempts(tenant, request.id).await.unwrap().rows).unwrap();
        failed_by_hand(request);
        *ends.entry(request.life.state.display()).or_default() += 1;
    }
    acted(&requests, acts);
    let payloads = payloads(store, tenant, &requests).await;
    received.explained(&requests, &payloads).unwrap();

    let mut by_activation: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
    for request in &requests {
        by_activation.entry(&request.aid).or_default().push(request);
    }
    for activation in &activations {
        let own = by_activation.get(activation.aid.as_str()).cloned().unwrap_or_default();
        provisioned(activation, &own, &[product]).unwrap();
        taken_back(activation, &own, &[product], Period::default()).unwrap();
    }
    let entitlement = activations.first().unwrap().entitlement_id;
    let entitlement = store.load_entitlement(tenant, entitlement).await.unwrap();
    let place = |index| KeyRef { entitlement: entitlement.id, index, generation: 0 };
    let places: Vec<KeyRef> = (0..entitlement.keys()).map(place).collect();
    let keys = store.load_product_keys(tenant, &entitlement, &places).await.unwrap();
    let keys: Vec<ProductKey> = keys.into_iter().filter(|key| key.rev.number() > 0).collect();
    quantities(&entitlement, &keys, &activations).unwrap();

    let granted = load.granted();
    assert_eq!(granted.len(), activations.len(), "who was granted one has one, and no more");
    for activation in &activations {
        let email = &activation.activatee.as_ref().unwrap().email_id;
        let number = email.trim_start_matches('c').split('@').next().unwrap().parse().unwrap();
        assert_eq!(granted.get(&number), Some(&activation.aid), "{email}");
    }
    let sold = u64::from(entitlement.keys()) * UNITS;
    let left: u64 = keys.iter().map(|key| u64::from(key.remaining())).sum();
    let refused = load.refused();
    let back = |a: &&Activation| a.life.state != ActivationState::Active;
    let credited: BTreeSet<u32> = activations.iter().filter(back).map(|a| a.key_index).collect();
    for index in refused.values().filter(|index| !credited.contains(index)) {
        let key = keys.iter().find(|key| key.index == *index);
        assert_eq!(key.map(ProductKey::remaining), Some(0), "somebody was refused for nothing");
    }
    let revoked = activations.iter().filter(back).count() as u64;
    assert_eq!(revoked, load.revoked.load(Relaxed), "who revoked has revoked, and nobody else");
    format!(
        "{} activations granted, {} refused, {left} of {sold} units left\n\
         {} requests: {ends:?}\n\
         {} idempotency keys in {posts} POSTs; callbacks answered {answers:?}\n\
         0 violations",
        granted.len(),
        refused.len(),
        requests.len(),
        received.len(),
    )
}
