//! `/v1/products/{id}/association`: plan and method of a product.

use std::collections::BTreeSet;

use domain::access::Act;
use domain::catalog::Product;
use domain::ids::Id;
use domain::plan::association::{Association, AssociationInput, Chosen, Former};
use domain::record::Kind;
use domain::rejection::{Code, Fault, Faults, Rejection};
use edge::{Answer, Cx, Problem};

async fn product(cx: &Cx, act: Act) -> Result<Product, Problem> {
    let product = cx.store().load_product(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(product.namespace_id, act, "product")?;
    Ok(product)
}

/// The association so far, with its plans and its method where they are not chosen again.
async fn former(cx: &Cx, product: Id, input: &AssociationInput) -> Result<Former, Problem> {
    let (store, tenant) = (cx.store(), cx.tenant()?);
    let association = store.find_association(tenant, product).await?;
    let Some(old) = &association else { return Ok(Former::default()) };
    let again = [input.plan_id, input.deprovision_plan_id];
    let ids: Vec<Id> =
        old.plan_ids().into_iter().filter(|id| !again.contains(&Some(*id))).collect();
    let plans = store.find_plans(tenant, &ids).await?.into_values().collect();
    let method = match input.method_id {
        Some(id) if id == old.method_id => None,
        _ => store.find_method(tenant, old.method_id).await?,
    };
    Ok(Former { association, plans, method })
}

/// What the body names, as far as the caller may see it.
async fn chosen(cx: &Cx, input: &AssociationInput) -> Result<Chosen, Problem> {
    let (tenant, role) = (cx.tenant()?, &cx.caller()?.role);
    let ids: Vec<Id> = [input.plan_id, input.deprovision_plan_id].into_iter().flatten().collect();
    let plans = cx.store().find_plans(tenant, &ids).await?;
    let plan_of = |id: Option<Id>| {
        let plan = plans.get(&id?).cloned();
        plan.filter(|plan| role.may_in(plan.namespace_id, Act::View))
    };
    let method = match input.method_id {
        Some(id) => cx.store().find_method(tenant, id).await?,
        None => None,
    };
    let method = method.filter(|method| role.may_in(method.info.namespace_id, Act::View));
    let (plan, back) = (plan_of(input.plan_id), plan_of(input.deprovision_plan_id));
    let mut faults = Faults::default();
    for (at, what, id, found, needed) in [
        ("/planId", "Plan", input.plan_id, plan.is_some(), true),
        ("/methodId", "Method", input.method_id, method.is_some(), true),
        ("/deprovisionPlanId", "Plan", input.deprovision_plan_id, back.is_some(), false),
    ] {
        match id {
            None if needed => faults.add(at, Code::ValidationFailed, "must be given"),
            Some(id) if !found => faults.push(Fault::unknown(at, what, id)),
            _ => {}
        }
    }
    faults.finish()?;
    let missing = || Problem::of_code(Code::ReferenceNotFound);
    let (plan, method) = plan.zip(method).ok_or_else(missing)?;
    Ok(Chosen { plan, method, deprovision_plan: back })
}

/// The same with the names of now.
async fn named(cx: &Cx, found: Vec<Association>) -> Result<Vec<Association>, Problem> {
    let (store, tenant) = (cx.store(), cx.tenant()?);
    let plans: BTreeSet<Id> = found.iter().flat_map(Association::plan_ids).collect();
    let methods: BTreeSet<Id> = found.iter().map(|association| association.method_id).collect();
    let plans = store.find_plans(tenant, &plans.into_iter().collect::<Vec<_>>()).await?;
    let methods = store.find_methods(tenant, &methods.into_iter().collect::<Vec<_>>()).await?;
    Ok(found.into_iter().map(|it| it.named(&plans, &methods)).collect())
}

pub(crate) async fn put(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json_of::<AssociationInput, _>(shown(&cx, Act::Edit)).await?);
    cx.decide_on(body, move |input, stamp| async move {
        let product = product(cx, Act::Edit).await?;
        let former = former(cx, product.id, input).await?;
        if let Some(old) = &former.association {
            cx.if_match(old.version)?;
        }
        let chosen = chosen(cx, input).await?;
        let (made, decision) = former.associate(product.clone(), chosen, &stamp);
        let version = made.version;
        Ok((Answer::ok(&made.view(&product))?.version(version), decision))
    })
    .await
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let found = shown(&cx, Act::View).await?;
    let (association, version) = found.ok_or_else(|| Rejection::not_found("association"))?;
    cx.show(&association, version)
}

/// The association of the product as it is shown, and its version; none: there is none.
async fn shown(cx: &Cx, act: Act) -> Result<Option<(Association, u64)>, Problem> {
    let product = product(cx, act).await?;
    let found = cx.store().find_association(cx.tenant()?, product.id).await?;
    let found = named(cx, found.into_iter().collect()).await?.pop();
    Ok(found.map(|association| {
        let version = association.version;
        (association, version)
    }))
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |_| async move {
        let product = product(cx, Act::Edit).await?;
        let former = former(cx, product.id, &AssociationInput::default()).await?;
        let Some(old) = &former.association else {
            return Err(Rejection::not_found("association").into());
        };
        cx.if_match(old.version)?;
        Ok((Answer::deleted(), former.dissolve()))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let role = &cx.caller()?.role;
    let keep = |association: &Association| role.may_in(association.namespace_id, Act::View);
    let page = cx.store().list(cx.tenant()?, Kind::Association, &cx.page()?, keep).await?;
    let rows = named(&cx, page.rows.clone()).await?;
    cx.list(&page.of(rows))
}
