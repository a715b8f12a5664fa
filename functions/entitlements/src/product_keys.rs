//! Product keys: arithmetic, and a read of those that differ from their default.

use domain::attributes::{CustomAttributes, Entity};
use domain::decision::Decision;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::{KeyActionInput, KeySecret, ProductKey, ProductKeyPatch};
use domain::entitlement::states::KeyAround;
use domain::ids::Id;
use domain::rejection::Rejection;
use domain::view::entitlement::ProductKeyView;
use edge::http::body::Body;
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
    let (role, today) = (&cx.caller()?.role, cx.app.clock.now().day());
    let view = ProductKeyView::new(secret.pk_id(key.place()), key, entitlement, role, today);
    Ok(view.ok_or_else(|| Rejection::not_found("product key"))?)
}

/// In the order of their indexes, or turned round by `order=desc`; the cursor is where the next
/// page begins or ends, which is never 0.
pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, entitlement, asked) = (cx.tenant()?, entitlements::load(&cx).await?, cx.page()?);
    let secret = cx.key_secret().await?;
    let all = if entitlement.has_keys() { entitlement.keys() } else { 0 };
    let after = asked.after.map(|id| u32::try_from(id.get()).unwrap_or(u32::MAX).min(all));
    let count = u32::try_from(asked.limit).unwrap_or(u32::MAX);
    let turned = cx.query.text("order") == Some("desc");
    let (page, next) = if turned {
        let end = after.unwrap_or(all);
        let start = end.saturating_sub(count);
        (start..end, start)
    } else {
        let start = after.unwrap_or(0);
        let end = start.saturating_add(count).min(all);
        (start..end, end % all.max(1))
    };
    let places = ProductKeyView::refs(&entitlement, page);
    let mut keys = cx.store().load_product_keys(tenant, &entitlement, &places).await?;
    if turned {
        keys.reverse();
    }
    let rows: Result<Vec<_>, _> =
        keys.iter().map(|key| view(&cx, key, &entitlement, &secret)).collect();
    cx.list(&Page::new(rows?, Id::try_from(u64::from(next)).ok()))
}

/// The key of the path, with its entitlement; a foreign or forged GUID is 404 without a read.
async fn load(cx: &Cx, secret: &KeySecret) -> Result<Keyed, Problem> {
    let place = cx.param("pkId").parse().ok().and_then(|pk_id| secret.key_of(pk_id));
    let place = place.ok_or_else(|| Rejection::not_found("product key"))?;
    let keyed = cx.store().load_keyed(cx.tenant()?, place).await?;
    cx.caller()?.owns(&keyed.entitlement, "product key")?;
    Ok(keyed)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let secret = cx.key_secret().await?;
    let keyed = load(&cx, &secret).await?;
    let view = view(&cx, &keyed.key, &keyed.entitlement, &secret)?;
    cx.show(&view, keyed.key.rev.number())
}

/// Loads the key, lets `act` decide, and answers with the whole of it.
async fn change<T: Sync>(
    cx: &Cx,
    body: &Body<T>,
    attributes: fn(&T) -> Option<&CustomAttributes>,
    act: impl Fn(ProductKey, &T, KeyAround<'_>) -> Result<(ProductKey, Decision), Rejection>
    + Send
    + Sync,
) -> Result<Answer, Problem> {
    let act = &act;
    cx.decide_on(body, move |input, stamp| async move {
        if let Some(given) = attributes(input) {
            cx.fit(Entity::ProductKey, given).await?;
        }
        let secret = cx.key_secret().await?;
        let keyed = load(cx, &secret).await?;
        cx.if_match(keyed.key.rev.number())?;
        let entitlement = &keyed.entitlement;
        let around = KeyAround { entitlement, today: stamp.now.day() };
        let (next, decision) = act(keyed.key, input, around)?;
        let view = view(cx, &next, entitlement, &secret)?;
        Ok((Answer::ok(&view)?.version(next.rev.next().number()), decision))
    })
    .await
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let body = &cx.json::<ProductKeyPatch>()?;
    change(&cx, body, |patch| patch.custom_attributes.as_ref(), ProductKey::update).await
}

pub(crate) async fn act(cx: Cx) -> Result<Answer, Problem> {
    let body = &cx.json::<KeyActionInput>()?;
    change(&cx, body, |_| None, ProductKey::act).await
}
