//! `GET /v1/audit`: what API keys did.

use domain::access::audit::AuditEntry;
use domain::ids::Id;
use domain::record::Kind;
use domain::rejection::{Code, Rejection};
use edge::{Answer, Cx, Problem};
use store::list::Page;

/// The entries of one thing are found by its id, and complete; all else filters the list.
pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, mut asked, query) = (cx.tenant()?, cx.page()?, &cx.query);
    let entity = query.text("entity").map(kind).transpose()?;
    let actor: Option<Id> = query.get("actor")?;
    let (made, now) = (asked.made, cx.app.clock.now());
    let keep = |entry: &AuditEntry| {
        entity.is_none_or(|entity| entry.entity == entity)
            && actor.is_none_or(|actor| entry.actor == actor)
            && made.has(entry.at)
            && entry.expires() > now
    };
    let Some(id) = query.text("id") else {
        let page = cx.store().list(tenant, Kind::AuditEntry, &asked, keep).await?;
        return cx.list(&shown(&cx, page)?);
    };
    // One more than asked for tells whether there is more.
    let limit = asked.limit;
    asked.limit += 1;
    let mut rows = cx.store().list_audit_of(tenant, id, &asked).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|entry| entry.id);
    rows.retain(keep);
    cx.list(&shown(&cx, Page::new(rows, next))?)
}

fn kind(name: &str) -> Result<Kind, Rejection> {
    let detail = "The query parameter entity is wrong: there is no such kind of thing.";
    let kind = name.parse().ok().filter(|kind: &Kind| kind.is_audited());
    kind.ok_or_else(|| Rejection::at("entity", Code::ValidationFailed, detail))
}

/// What entries say of people is shown only to callers who may see customers.
fn shown(cx: &Cx, mut page: Page<AuditEntry>) -> Result<Page<AuditEntry>, Problem> {
    if !cx.caller()?.role.sees_people() {
        page.rows = page.rows.into_iter().map(AuditEntry::hidden).collect();
    }
    Ok(page)
}
