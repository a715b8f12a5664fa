//! `GET /v1/provisioning-requests/{id}/explain`: everything that tells of a request, loaded.
//!
//! Neighbours: `domain::view::explain` makes the time line of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::audit::AuditEntry;
use domain::access::keys::KeyInfo;
use domain::ids::Id;
use domain::life::Step;
use domain::limits::PAGE;
use domain::request::{Conflicts, Request};
use domain::view::explain::Evidence;
use edge::{Answer, Cx, Problem, telemetry};
use store::list::PageOf;
use store::readable;

use crate::show::{load, older};

/// The act that moves no machine: its trace is in the audit alone.
const COMMENT: &str = "commentRequest";

pub(crate) async fn explain(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, id, now) = (cx.tenant()?, cx.id("id")?, cx.app.clock.now());
    let store = cx.store();
    let request = load(&cx, id).await?;
    let (noted, mut payloads, repeats) = (
        store.list_attempts(tenant, id).await?,
        store.list_payloads(tenant, &request).await?,
        store.list_repeats(tenant, id).await?,
    );
    payloads.rows.retain(|payload| payload.is_kept(now));
    let older = older(&cx, tenant, &request).await?;
    let audit = comments(&cx, tenant, id).await?;
    let activation = readable(store.load_activation(tenant, &request.aid).await)?;
    let conflicts = readable(store.load_conflicts(tenant, id).await)?;
    let method = match &request.method {
        Some(method) => store.find_method(tenant, method.id).await,
        None => Ok(None),
    };
    let method = readable(method)?;
    let alone = [activation.is_none(), conflicts.is_none(), method.is_none()];
    let unreadable = noted.unreadable
        + payloads.unreadable
        + repeats.unreadable
        + alone.into_iter().filter(|unread| *unread).count();
    let evidence = Evidence {
        keys: keys(&cx, tenant, &request, &older).await?,
        older,
        activation,
        payloads: payloads.rows,
        conflicts: conflicts.unwrap_or_else(|| Conflicts::none(id)),
        repeats: repeats.rows,
        method: method.flatten().map(|method| method.info),
        attempts: request.attempts(noted.rows, now),
        audit,
        request,
        unreadable,
    };
    if unreadable > 0 {
        telemetry::unreadable(unreadable);
    }
    let version = evidence.request.life.version;
    cx.show(&evidence.explain(&cx.caller()?.role, now), version)
}

/// The entries of comments, oldest first. Those of other acts stand in the history, too.
async fn comments(cx: &Cx, tenant: Id, id: Id) -> Result<Vec<AuditEntry>, Problem> {
    let mut page = PageOf { limit: PAGE.1, ascending: true, ..PageOf::default() };
    let (mut comments, now) = (Vec::new(), cx.app.clock.now());
    loop {
        let entries = cx.store().list_audit_of(tenant, &id.to_string(), &page).await?;
        page.after = entries.last().map(|entry| entry.id);
        let more = entries.len() == page.limit;
        comments.extend(
            entries.into_iter().filter(|entry| entry.act == COMMENT && entry.expires() > now),
        );
        if !more {
            return Ok(comments);
        }
    }
}

/// The API keys that made the request or moved it.
pub(crate) async fn keys(
    cx: &Cx,
    tenant: Id,
    request: &Request,
    older: &[Step<String>],
) -> Result<BTreeMap<String, KeyInfo>, Problem> {
    let steps = request.life.history.iter().map(|step| step.by.clone());
    let older = older.iter().map(|step| step.by.clone());
    let ids: BTreeSet<String> = steps.chain(older).chain([request.created_by.clone()]).collect();
    let mut keys = BTreeMap::new();
    let own = &cx.caller()?.key;
    // A bound key sees no other's name.
    let seen = |id: &String| !own.is_bound() || *id == own.id.to_string();
    for id in ids.into_iter().filter(seen) {
        if let Some(key) = cx.store().find_key_info(tenant, &id).await? {
            keys.insert(id, key);
        }
    }
    Ok(keys)
}
