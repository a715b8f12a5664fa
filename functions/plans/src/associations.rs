//! `/v1/products/{id}/association`: plan and method of a product.

use domain::access::Act;
use domain::catalog::Product;
use domain::decision::Kind;
use domain::ids::Id;
use domain::plan::Plan;
use domain::plan::association::{Association, AssociationInput, Parties};
use domain::plan::method::Method;
use domain::rejection::{Code, Fault, Faults, Rejection};
use edge::{Answer, Cx, Problem};

async fn product(cx: &Cx, act: Act) -> Result<Product, Problem> {
    let product = cx.store().load_product(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(product.namespace_id, act, "product")?;
    Ok(product)
}

/// The association so far, with its plan and method where they are others than the new ones.
async fn parties(cx: &Cx, product: Id, input: &AssociationInput) -> Result<Parties, Problem> {
    let (store, tenant) = (cx.store(), cx.tenant()?);
    let old = store.find_association(tenant, product).await?;
    let (mut old_plan, mut old_method) = (None, None);
    if let Some(old) = &old {
        if input.plan_id != Some(old.plan_id) {
            old_plan = store.find_plan(tenant, old.plan_id).await?;
        }
        if input.method_id != Some(old.method_id) {
            old_method = store.find_method(tenant, old.method_id).await?;
        }
    }
    Ok(Parties { old, old_plan, old_method })
}

/// The plan and method that the body names, as far as the caller may see them.
async fn named(cx: &Cx, input: &AssociationInput) -> Result<(Plan, Method), Problem> {
    let (tenant, role) = (cx.tenant()?, &cx.caller()?.role);
    let (mut plan, mut method) = (None, None);
    if let Some(id) = input.plan_id {
        plan = cx.store().find_plan(tenant, id).await?;
    }
    if let Some(id) = input.method_id {
        method = cx.store().find_method(tenant, id).await?;
    }
    plan = plan.filter(|plan| role.may_in(plan.namespace_id, Act::View));
    method = method.filter(|method| role.may_in(method.info.namespace_id, Act::View));
    let mut faults = Faults::default();
    for (at, what, id, found) in [
        ("/planId", "Plan", input.plan_id, plan.is_some()),
        ("/methodId", "Method", input.method_id, method.is_some()),
    ] {
        match id {
            None => faults.add(at, Code::ValidationFailed, "must be given"),
            Some(id) if !found => faults.push(Fault::unknown(at, what, id)),
            Some(_) => {}
        }
    }
    faults.finish()?;
    let missing = || Problem::of_code(Code::ReferenceNotFound);
    plan.zip(method).ok_or_else(missing)
}

pub(crate) async fn put(cx: Cx) -> Result<Answer, Problem> {
    let (cx, input) = (&cx, &cx.json::<AssociationInput>()?);
    cx.decide(move |stamp| async move {
        let product = product(cx, Act::Edit).await?;
        let parties = parties(cx, product.id, input).await?;
        if let Some(old) = &parties.old {
            cx.if_match(old.version)?;
        }
        let (plan, method) = named(cx, input).await?;
        let (made, decision) = parties.associate(&product, plan, method, &stamp);
        Ok((Answer::ok(&made)?.version(made.version), decision))
    })
    .await
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let product = product(&cx, Act::View).await?;
    let found = cx.store().find_association(cx.tenant()?, product.id).await?;
    let association = found.ok_or_else(|| Rejection::not_found("association"))?;
    cx.show(&association, association.version)
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |_| async move {
        let product = product(cx, Act::Edit).await?;
        let parties = parties(cx, product.id, &AssociationInput::default()).await?;
        let Some(old) = &parties.old else {
            return Err(Rejection::not_found("association").into());
        };
        cx.if_match(old.version)?;
        Ok((Answer::deleted(), parties.dissolve()))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let role = &cx.caller()?.role;
    let keep = |association: &Association| role.may_in(association.namespace_id, Act::View);
    let page = cx.store().list(cx.tenant()?, Kind::Association, &cx.page()?, keep).await?;
    cx.list(&page)
}
