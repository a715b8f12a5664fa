//! `/v1/plans/{id}/rehearse`: what an edit would touch, and what it would change.

use std::collections::HashSet;

use domain::access::Act;
use domain::ids::Id;
use domain::limits::{PAGE, READ_ROWS, REHEARSAL_ROWS};
use domain::plan::Plan;
use domain::plan::association::USED_PLAN;
use domain::plan::content::Given;
use domain::plan::trial::{Queued, Rehearsal, RehearseInput, Rehearsed, Using};
use domain::record::Kind;
use domain::request::states::Status;
use domain::view::request::{ListedRequest, RequestRow};
use edge::{Answer, Cx, Problem};
use store::list::PageOf;

use crate::trial::{aside, tried};
use crate::{plans, used};

pub(crate) async fn rehearse(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, cx.json::<RehearseInput>()?);
    cx.settle(body, move |input| async move {
        let plan = plans::load(cx, Act::View).await?;
        let last = input.last()?;
        let given = Given {
            definition: input.definition.as_ref(),
            payload_schema: input.payload_schema.as_ref(),
            values: input.values,
        };
        let (content, linted) = tried(cx, given).await?;
        let found = Found::of(cx, &plan, last).await?;
        let mut requests = Vec::with_capacity(found.completed.len());
        for request in cx.store().find_requests(cx.tenant()?, &found.completed).await? {
            let sources = cx.store().load_sources(cx.tenant()?, request).await?;
            let mut sources = sources.seen_by(&cx.caller()?.role);
            sources.plan = Some(plan.clone());
            let content = content.clone();
            requests.push(aside(move || Rehearsed::new(sources, &content)).await?);
        }
        Answer::ok(&Rehearsal {
            warnings: linted.warnings,
            products: products(cx, &plan).await?,
            queued_requests: found.queued(cx).await?,
            requests,
        })
    })
    .await
}

async fn products(cx: &Cx, plan: &Plan) -> Result<Vec<Using>, Problem> {
    let role = &cx.caller()?.role;
    let found = used::by(cx, USED_PLAN, plan.id, PAGE.1).await?;
    let seen =
        found.into_iter().filter(|(product, _)| role.may_in(product.namespace_id, Act::View));
    let using = seen.map(|(product, association)| {
        let main = (association.plan_id == plan.id).then_some("PROVISION");
        let back = (association.deprovision_plan_id == Some(plan.id)).then_some("DEPROVISION");
        let uses = main.into_iter().chain(back).collect();
        Using { id: product.id, name: product.name_version.name, uses }
    });
    Ok(using.collect())
}

/// The requests of the plan, as far as they were looked at.
struct Found {
    completed: Vec<Id>,
    queued: Vec<Id>,
    whole: bool,
}

impl Found {
    /// Looks through the list, newest first.
    async fn of(cx: &Cx, plan: &Plan, last: usize) -> Result<Self, Problem> {
        let mut found = Self { completed: Vec::new(), queued: Vec::new(), whole: false };
        let mut page = PageOf { limit: READ_ROWS, ..PageOf::default() };
        for _ in 0..REHEARSAL_ROWS / READ_ROWS {
            let near = |listed: &ListedRequest| listed.plan == Some(plan.id);
            let keep = |row: &RequestRow| {
                let status = matches!(row.state, Status::Completed | Status::RequestQueued);
                status && row.plan.as_ref().is_some_and(|named| named.id == plan.id)
            };
            let rows = cx
                .store()
                .list_by(cx.tenant()?, Kind::ProvisioningRequest, &page, near, keep)
                .await?;
            for row in rows.rows {
                match row.state {
                    Status::RequestQueued => found.queued.push(row.id),
                    _ if found.completed.len() < last => found.completed.push(row.id),
                    _ => {}
                }
            }
            page.after = rows.next;
            if page.after.is_none() {
                found.whole = true;
                break;
            }
        }
        Ok(found)
    }

    /// What was tried already has frozen bytes (I7).
    async fn queued(&self, cx: &Cx) -> Result<Queued, Problem> {
        let mut queued = Queued { complete: self.whole, ..Queued::default() };
        let once: HashSet<Id> = self.queued.iter().copied().collect();
        let ids: Vec<Id> = once.into_iter().collect();
        for some in ids.chunks(PAGE.1) {
            for request in cx.store().find_requests(cx.tenant()?, some).await? {
                if request.life.state != Status::RequestQueued {
                    continue;
                }
                match request.attempt_count {
                    0 => queued.changed += 1,
                    _ => queued.frozen += 1,
                }
            }
        }
        Ok(queued)
    }
}
