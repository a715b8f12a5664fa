//! `GET /v1/provisioning-requests/{id}/explain`: everything that tells of a request, loaded.
//!
//! Neighbours: `domain::view::explain` makes the time line of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::keys::KeyInfo;
use domain::ids::Id;
use domain::limits::PAGE;
use domain::request::Request;
use domain::view::explain::Evidence;
use edge::{Answer, Cx, Problem};
use store::list::PageOf;

use crate::show::older;

/// The act that moves no machine: its trace is in the audit alone.
const COMMENT: &str = "commentRequest";

pub(crate) async fn explain(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, id, now) = (cx.tenant()?, cx.id("id")?, cx.app.clock.now());
    let store = cx.store();
    let request = store.load_request(tenant, id).await?;
    let attempts = request.attempts(store.list_attempts(tenant, id).await?, now);
    let older = older(&cx, tenant, &request).await?;
    let latest = PageOf { limit: PAGE.1, after: None, ascending: false };
    let mut audit = store.list_audit_of(tenant, &id.to_string(), &latest).await?;
    audit.retain(|entry| entry.act == COMMENT);
    let method = match &request.method {
        Some(method) => store.find_method(tenant, method.id).await?,
        None => None,
    };
    let evidence = Evidence {
        keys: keys(&cx, tenant, &request).await?,
        older,
        activation: store.load_activation(tenant, &request.aid).await?,
        payloads: store.list_payloads(tenant, &request).await?,
        conflicts: store.load_conflicts(tenant, id).await?,
        repeats: store.list_repeats(tenant, id).await?,
        method: method.map(|method| method.info),
        attempts,
        audit,
        request,
    };
    let version = evidence.request.life.version;
    cx.show(&evidence.explain(&cx.caller()?.role, now), version)
}

/// The API keys that made the request or moved it.
pub(crate) async fn keys(
    cx: &Cx,
    tenant: Id,
    request: &Request,
) -> Result<BTreeMap<String, KeyInfo>, Problem> {
    let steps = request.life.history.iter().map(|step| step.by.clone());
    let ids: BTreeSet<String> = steps.chain([request.created_by.clone()]).collect();
    let mut keys = BTreeMap::new();
    for id in ids {
        if let Some(key) = cx.store().find_key_info(tenant, &id).await? {
            keys.insert(id, key);
        }
    }
    Ok(keys)
}
