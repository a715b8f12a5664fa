//! `/v1/entitlements`.

use domain::attributes::Entity;
use domain::entitlement::Entitlement;
use domain::entitlement::input::EntitlementInput;
use domain::entitlement::states::State;
use domain::ids::Id;
use domain::life::Aged;
use domain::record::Kind;
use domain::rejection::{Code, Rejection};
use domain::view::entitlement::{EntitlementLine, EntitlementView, ListedEntitlement};
use edge::http::routes::ActionInput;
use edge::{Answer, Cx, Problem};
use store::keys::Owner;
use store::list::PageOf;

use crate::surroundings::Surroundings;

/// The entitlement that the path names; a foreign or forged GUID is 404 without a read.
pub(crate) async fn load(cx: &Cx) -> Result<Entitlement, Problem> {
    let tenant = cx.tenant()?;
    let secret = cx.key_secret().await?;
    let id = cx.param("eId").parse().ok().and_then(|e_id| secret.entitlement_of(e_id));
    let id = id.ok_or_else(|| Rejection::not_found("entitlement"))?;
    let entitlement = cx.store().load_entitlement(tenant, id).await?;
    cx.caller()?.owns(&entitlement, "entitlement")?;
    Ok(entitlement)
}

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<EntitlementInput>()?);
    let (tenant, caller) = (cx.tenant()?, cx.caller()?);
    cx.decide_on(body, move |input, stamp| async move {
        let beside = Surroundings::of_new(cx, &input.products()).await?;
        let known = cx.store().find_known(tenant, input).await?;
        cx.fit(Entity::Entitlement, &input.custom_attributes).await?;
        let secret = cx.key_secret().await?;
        let (made, decision) =
            Entitlement::create(input, &beside.products, &known, &secret, &stamp)?;
        let around = beside.on(stamp.now.day());
        let mut view = EntitlementView::new(&made, around, &caller.role);
        cx.named(&mut view.history).await?;
        view.warnings = Some(made.warnings(&beside.products));
        let answer = Answer::created(&view, format!("/v1/entitlements/{}", made.e_id))?;
        Ok((answer.version(made.life.version), decision))
    })
    .await
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let shown = async { Ok(Some(shown(&cx).await?)) };
    let (cx, body) = (&cx, &cx.json_of::<EntitlementInput, _>(shown).await?);
    let (tenant, caller) = (cx.tenant()?, cx.caller()?);
    cx.decide_on(body, move |input, stamp| async move {
        let entitlement = load(cx).await?;
        cx.if_match(entitlement.life.version)?;
        let beside = Surroundings::of(cx, &entitlement, input.products()).await?;
        let around = beside.on(stamp.now.day());
        let input = &input.clone().unhidden(&entitlement);
        let known = cx.store().find_known(tenant, input).await?;
        cx.fit(Entity::Entitlement, &input.custom_attributes).await?;
        let (next, decision) = entitlement.update(input, around, &known, &stamp)?;
        let mut view = EntitlementView::new(&next, around, &caller.role);
        cx.named(&mut view.history).await?;
        view.warnings = Some(next.warnings(&beside.products));
        Ok((Answer::ok(&view)?.version(next.life.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |stamp| async move {
        let entitlement = load(cx).await?;
        cx.if_match(entitlement.life.version)?;
        let beside = Surroundings::of(cx, &entitlement, Vec::new()).await?;
        let around = beside.on(stamp.now.day());
        Ok((Answer::deleted(), entitlement.delete(around)?))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let states: Vec<State> = cx.query.list("state")?;
    let customer: Option<Id> = cx.query.get("customerId")?;
    let bound = cx.caller()?.key.bound();
    let is_of = |sold_to: Option<Id>, by: Option<Id>| {
        customer.is_none_or(|id| sold_to == Some(id))
            && bound.is_none_or(|bound| bound.has(sold_to, by))
    };
    let keep = |line: &EntitlementLine| {
        (states.is_empty() || states.contains(&line.state))
            && is_of(line.customer_id, line.partner_id)
    };
    let near = |listed: &ListedEntitlement| is_of(listed.customer_id, listed.partner_id);
    let owner = bound.map(Owner::from).or(customer.map(Owner::Customer));
    let asked = PageOf { owner, ..cx.page()? };
    let page = cx.store().list_by(cx.tenant()?, Kind::Entitlement, &asked, near, keep).await?;
    cx.list(&page)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let (view, version) = shown(&cx).await?;
    cx.show(&view, version)
}

/// An entitlement as it is shown, and its version.
async fn shown(cx: &Cx) -> Result<(EntitlementView, u64), Problem> {
    let (tenant, entitlement) = (cx.tenant()?, load(cx).await?);
    let older = cx.store().list_history(tenant, Aged::Entitlement, entitlement.id).await?;
    let beside = Surroundings::of(cx, &entitlement, Vec::new()).await?;
    let around = beside.on(cx.app.clock.now().day());
    let mut view = EntitlementView::new(&entitlement, around, &cx.caller()?.role);
    view.preceded_by(older.rows);
    cx.named(&mut view.history).await?;
    Ok((view, entitlement.life.version))
}

pub(crate) async fn act(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ActionInput>()?);
    let caller = cx.caller()?;
    cx.decide_on(body, move |input, stamp| async move {
        let entitlement = load(cx).await?;
        cx.if_match(entitlement.life.version)?;
        let missing = || Rejection::at("/action", Code::ValidationFailed, "must be given");
        let action = input.action.ok_or_else(missing)?;
        // In every state: the answer says what may follow, and REOPEN leads back to a draft.
        let beside = Surroundings::of(cx, &entitlement, entitlement.products()).await?;
        let today = stamp.now.day();
        let (next, decision) = entitlement.act(action, beside.on(today), &stamp)?;
        let beside = beside.after(cx, &next).await?;
        let mut view = EntitlementView::new(&next, beside.on(today), &caller.role);
        cx.named(&mut view.history).await?;
        Ok((Answer::ok(&view)?.version(next.life.version), decision))
    })
    .await
}
