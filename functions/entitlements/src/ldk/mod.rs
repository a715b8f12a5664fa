//! The XML facade of Sentinel LDK-EMS (source 004): documents in, documents and plain text out.
//!
//! Neighbours: the JSON API beside it decides by the same rules. Guarantee: what PUT took, GET
//! gives.

mod document;
mod reading;
mod writing;

use domain::attributes::Entity;
use domain::entitlement::Entitlement;
use domain::entitlement::input::Action;
use domain::entitlement::states::State;
use domain::rejection::{Code, Faults, Rejection};
use domain::substitution::lint::Warning;
use edge::http::dialect::ldk;
use edge::http::problem::{CREATED, OK};
use edge::{Answer, Cx, Problem};

use crate::surroundings::Surroundings;
use document::Document;
use reading::{Asked, asked};

const ROOT: &str = "entitlement";

/// The schema, as `GET /v90/ws/entitlement.xsd` answers it.
pub const SCHEMA: &str = include_str!("../../../../infra/entitlement.xsd");

fn read(cx: &Cx) -> Result<Asked, Rejection> {
    let document: Document = ldk::read(&cx.body, ROOT)?;
    asked(&document)
}

/// The entitlement of the path.
async fn load(cx: &Cx) -> Result<Entitlement, Problem> {
    let name = cx.param("entId");
    let unknown = || {
        let id = name.trim_end_matches(".ws");
        let detail = format!("Cannot find an Entitlement corresponding to ID {id}.");
        Rejection::new(Code::NotFound, detail)
    };
    let id = name.strip_suffix(".ws").and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
    let found = store::present(cx.store().load_entitlement(cx.tenant()?, id).await)?;
    let found = found.ok_or_else(unknown)?;
    cx.caller()?.owns(&found, "entitlement").map_err(|_| unknown())?;
    Ok(found)
}

pub(crate) async fn put(cx: Cx) -> Result<Answer, Problem> {
    let (cx, asked) = (&cx, &read(&cx)?);
    asked.state_fits(None)?;
    if !asked.stands_alone() {
        asked.whole()?;
    }
    let (tenant, input) = (cx.tenant()?, &asked.input);
    cx.decide(move |stamp| async move {
        let products = cx.store().find_products(tenant, &input.products()).await?;
        let known = cx.store().find_known(tenant, input).await?;
        cx.fit(Entity::Entitlement, &input.custom_attributes).await?;
        let secret = cx.key_secret().await?;
        let (made, decision) = Entitlement::create(input, &products, &known, &secret, &stamp)?;
        let answer = Answer::located(CREATED, made.id.to_string());
        Ok((asked.warned(answer, &made.warnings(&products)), decision))
    })
    .await
}

/// A document with content replaces that of a draft; one with an action alone carries it out.
pub(crate) async fn post(cx: Cx) -> Result<Answer, Problem> {
    let (cx, asked) = (&cx, &read(&cx)?);
    let (tenant, input) = (cx.tenant()?, &asked.input);
    cx.decide(move |stamp| async move {
        let entitlement = load(cx).await?;
        asked.state_fits(Some(entitlement.life.state))?;
        let answer = Answer::located(OK, entitlement.id.to_string());
        if asked.acts()? {
            let beside = Surroundings::of(cx, &entitlement, Vec::new()).await?;
            let around = beside.on(stamp.now.day());
            let (_, decision) = entitlement.act(input.action, around, &stamp)?;
            return Ok((asked.warned(answer, &[]), decision));
        }
        asked.whole()?;
        let beside = Surroundings::of(cx, &entitlement, input.products()).await?;
        let around = beside.on(stamp.now.day());
        let input = &input.clone().unhidden(&entitlement);
        let known = cx.store().find_known(tenant, input).await?;
        cx.fit(Entity::Entitlement, &input.custom_attributes).await?;
        let (next, decision) = entitlement.update(input, around, &known, &stamp)?;
        Ok((asked.warned(answer, &next.warnings(&beside.products)), decision))
    })
    .await
}

pub(crate) async fn get(cx: Cx) -> Result<Answer, Problem> {
    let entitlement = load(&cx).await?;
    let document = writing::document(&entitlement.seen_by(&cx.caller()?.role));
    let written = quick_xml::se::to_string_with_root(ROOT, &document);
    let broken = |_| Problem::of_code(Code::Internal);
    let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    Ok(Answer::document(format!("{declaration}\n{}\n", written.map_err(broken)?)))
}

pub(crate) async fn schema(_cx: Cx) -> Result<Answer, Problem> {
    Ok(Answer::document(SCHEMA.to_owned()))
}

impl Asked {
    /// 004-H1: the action decides; a state that is sent with it must not say otherwise. `current`
    /// is the state of an entitlement that exists.
    fn state_fits(&self, current: Option<State>) -> Result<(), Rejection> {
        let leads = match self.input.action {
            Action::Save | Action::Reopen => Some(State::Draft),
            Action::Queue => Some(State::Queued),
            Action::Produce => Some(State::Produced),
            Action::Enable | Action::Disable => current,
        };
        let Some(sent) = self.state else { return Ok(()) };
        if sent == State::Draft || Some(sent) == leads {
            return Ok(());
        }
        let (sent, action): (&str, &str) = (sent.into(), self.input.action.into());
        let detail = if self.acts {
            format!("entState {sent} does not go with action {action}.")
        } else {
            format!("No action leads to entState {sent}: send DRAFT, QUEUED or PRODUCED.")
        };
        Err(Rejection::new(Code::ValidationFailed, detail))
    }

    /// Whether it orders an action and nothing else.
    fn acts(&self) -> Result<bool, Rejection> {
        if !self.bare && self.stands_alone() {
            let action: &str = self.input.action.into();
            let detail = format!("Action {action} stands alone: send no other elements.");
            return Err(Rejection::new(Code::ValidationFailed, detail));
        }
        Ok(self.bare)
    }

    fn stands_alone(&self) -> bool {
        matches!(self.input.action, Action::Reopen | Action::Enable | Action::Disable)
    }

    /// What the source requires of content, drafts included.
    fn whole(&self) -> Result<(), Rejection> {
        let mut faults = Faults::default();
        let items = &self.input.entitlement_items;
        faults.check(!items.is_empty(), "", "entitlementItem is required.");
        for (i, item) in items.iter().enumerate() {
            let at = format!("/entitlementItems/{i}");
            faults.check(!item.item_products.is_empty(), &at, "itemProduct is required");
        }
        faults.finish()
    }

    /// The answer, with what was sent and has no effect (004-H7, 004-H9).
    fn warned(&self, mut answer: Answer, warnings: &[Warning]) -> Answer {
        let ignored = self.ignored.iter().map(|name| format!("{name} is ignored"));
        let told =
            ignored.chain(warnings.iter().map(|w| w.detail.trim_end_matches('.').to_owned()));
        let each: Vec<String> = told.map(|text| format!("299 - {text:?}")).collect();
        answer.warning = (!each.is_empty()).then(|| each.join(", "));
        answer
    }
}
