//! Product keys: arithmetic, and a read of those that differ from their default.

use domain::entitlement::Entitlement;
use domain::entitlement::product_key::{KeyRef, KeySecret, ProductKey};
use domain::ids::Id;
use domain::rejection::Rejection;
use domain::view::entitlement::ProductKeyView;
use edge::{Answer, Cx, Problem};
use store::list::Page;

use crate::entitlements::load;

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
    let (tenant, entitlement, asked) = (cx.tenant()?, load(&cx).await?, cx.page()?);
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

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let tenant = cx.tenant()?;
    let secret = cx.app.master()?.key_secret(tenant);
    let place = cx.param("pkId").parse().ok().and_then(|pk_id| secret.key_of(pk_id));
    let place = place.ok_or_else(|| Rejection::not_found("product key"))?;
    let keyed = cx.store().load_keyed(tenant, place).await?;
    let view = view(&cx, &keyed.key, &keyed.entitlement, &secret)?;
    cx.show(&view, keyed.key.rev)
}
