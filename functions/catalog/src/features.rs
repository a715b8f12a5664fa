//! `/v1/features`.

use domain::access::Act;
use domain::catalog::Feature;
use domain::catalog::feature::{FeatureInput, FeaturePatch};
use domain::ids::Id;
use domain::record::Kind;
use edge::{Answer, Cx, Problem};

async fn load(cx: &Cx, act: Act) -> Result<Feature, Problem> {
    let feature = cx.store().load_feature(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(feature.namespace_id, act, "feature")?;
    Ok(feature)
}

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<FeatureInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let namespace = cx.namespace(input.namespace_id, Act::Add).await?;
        let (feature, decision) = Feature::create(input, namespace, &stamp)?;
        let answer = Answer::created(&feature, format!("/v1/features/{}", feature.id))?;
        Ok((answer.version(feature.version), decision))
    })
    .await
}

/// Filters by `name` and `identifier` read an exact key, so they are always complete.
pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, role) = (cx.tenant()?, &cx.caller()?.role);
    let (name, identifier) = (cx.query.text("name"), cx.query.text("identifier"));
    let is = |wanted: Option<&str>, found: &str| {
        wanted.is_none_or(|wanted| wanted.to_lowercase() == found.to_lowercase())
    };
    let keep = |feature: &Feature| {
        role.may_in(feature.namespace_id, Act::View)
            && is(name, &feature.name_version.name)
            && is(identifier, &feature.identifier)
    };
    let store = cx.store();
    let find = |ids: Vec<Id>| async move {
        Ok(store.find_features(tenant, &ids).await?.into_values().collect())
    };
    let names = ["name", "identifier"];
    let id = |feature: &Feature| feature.id;
    cx.list(&cx.page_or_named(Kind::Feature, &names, keep, id, find).await?)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let feature = load(&cx, Act::View).await?;
    cx.show(&feature, feature.version)
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<FeaturePatch>()?);
    cx.decide_on(body, move |patch, stamp| async move {
        let feature = load(cx, Act::Edit).await?;
        cx.if_match(feature.version)?;
        let (feature, decision) = feature.update(patch, &stamp)?;
        Ok((Answer::ok(&feature)?.version(feature.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |_| async move {
        let feature = load(cx, Act::Delete).await?;
        cx.if_match(feature.version)?;
        Ok((Answer::deleted(), feature.delete()?))
    })
    .await
}
