//! Product keys: arithmetic, and a read of those that differ from their default.

use domain::attributes::Entity;
use domain::decision::Decision;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::{
    KeyActionInput, KeyRef, KeySecret, ProductKey, ProductKeyPatch,
};
use domain::ids::Id;
use domain::rejection::Rejection;
use domain::view::entitlement::ProductKeyView;
use edge::{Answer, Cx, Problem};
use store::list::Page;
use store::load::Keyed;

use crate::entitlements;

fn view(
    cx: &Cx,
    key: &ProductKey,
    entitlement: &Entitlement,
    secret: &KeySecret,
) -> Result<ProductKeyView, Problem> {
    let place =
        KeyRef { entitlement: entitlement.id, index: key.index, generation: key.generation };
    let (role, now) = (&cx.caller()?.role, cx.app.clock.now());
    let view = ProductKeyView::new(secret.pk_id(place), key, entitlement, role, now);
    Ok(view.ok_or_else(|| Rejection::not_found("product key"))?)
}

/// In the order of their indexes; the cursor is the next index, which is never 0.
pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, entitlement, asked) = (cx.tenant()?, entitlements::load(&cx).await?, cx.page()?);
    let secret = cx.app.master()?.key_secret(tenant);
    let start = asked.after.map_or(0, |id| u32::try_from(id.get()).unwrap_or(u32::MAX));
    let count = u32::try_from(asked.limit).unwrap_or(u32::MAX);
    let places = ProductKeyView::refs(&entitlement, start, count);
    let keys = cx.store().load_product_keys(tenant, &entitlement, &places).await?;
    let rows: Result<Vec<_>, _> =
        keys.iter().map(|key| view(&cx, key, &entitlement, &secret)).collect();
    let next = start.saturating_add(count);
    let more = entitlement.has_keys() && next < entitlement.keys();
    let next = more.then(|| Id::try_from(u64::from(next)).ok()).flatten();
    cx.list(&Page { rows: rows?, next })
}

/// The key of the path, with its entitlement; a foreign or forged GUID is 404 without a read.
async fn load(cx: &Cx, secret: &KeySecret) -> Result<Keyed, Problem> {
    let place = cx.param("pkId").parse().ok().and_then(|pk_id| secret.key_of(pk_id));
    let place = place.ok_or_else(|| Rejection::not_found("product key"))?;
    Ok(cx.store().load_keyed(cx.tenant()?, place).await?)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let secret = cx.app.master()?.key_secret(cx.tenant()?);
    let keyed = load(&cx, &secret).await?;
    let view = view(&cx, &keyed.key, &keyed.entitlement, &secret)?;
    cx.show(&view, keyed.key.rev)
}

/// Loads the key, lets `act` decide, and answers with the whole of it.
async fn change(
    cx: &Cx,
    act: impl Fn(Keyed) -> Result<(ProductKey, Decision), Rejection> + Send + Sync,
) -> Result<Answer, Problem> {
    let act = &act;
    cx.decide(move |_| async move {
        let secret = cx.app.master()?.key_secret(cx.tenant()?);
        let keyed = load(cx, &secret).await?;
        cx.if_match(keyed.key.rev)?;
        let entitlement = keyed.entitlement.clone();
        let (next, decision) = act(keyed)?;
        let view = view(cx, &next, &entitlement, &secret)?;
        Ok((Answer::ok(&view)?.version(next.rev + 1), decision))
    })
    .await
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let patch: ProductKeyPatch = cx.json()?;
    cx.fit(Entity::ProductKey, &patch.custom_attributes.clone().unwrap_or_default()).await?;
    change(&cx, |keyed| keyed.key.update(&patch, &keyed.entitlement)).await
}

pub(crate) async fn act(cx: Cx) -> Result<Answer, Problem> {
    let input: KeyActionInput = cx.json()?;
    change(&cx, |keyed| keyed.key.act(&input, &keyed.entitlement)).await
}
