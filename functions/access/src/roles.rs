//! `/v1/roles`.

use domain::access::Role;
use domain::access::keys::KeyInfo;
use domain::access::role::RoleInput;
use domain::ids::Id;
use domain::record::Kind;
use domain::rejection::{Fault, Faults};
use edge::{Answer, Cx, Problem};

use crate::administrators::{another, longest};

/// Holds the permissions against what the caller may give, and against the namespaces there are.
async fn check(cx: &Cx, input: &RoleInput) -> Result<(), Problem> {
    let named: Vec<(String, Id)> = input.namespaces().collect();
    let mut ids: Vec<Id> = named.iter().map(|(_, id)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    let known = cx.store().find_namespaces(cx.tenant()?, &ids).await?;
    let mut faults = Faults::default();
    for (at, id) in named.into_iter().filter(|(_, id)| !known.contains_key(id)) {
        faults.push(Fault::unknown(at, "Namespace", id));
    }
    faults.finish()?;
    Ok(cx.caller()?.role.may_give(&input.permissions)?)
}

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<RoleInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let (role, decision) = Role::create(input, &stamp)?;
        check(cx, input).await?;
        let answer = Answer::created(&role, format!("/v1/roles/{}", role.id))?;
        Ok((answer.version(role.version), decision))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let page = cx.store().list::<Role>(cx.tenant()?, Kind::Role, &cx.page()?, |_| true).await?;
    cx.list(&page)
}

async fn load(cx: &Cx) -> Result<Role, Problem> {
    Ok(cx.store().load_role(cx.tenant()?, cx.id("id")?).await?)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let role = load(&cx).await?;
    cx.show(&role, role.version)
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let shown = async {
        let role = load(&cx).await?;
        let version = role.version;
        Ok(Some((role, version)))
    };
    let (cx, body) = (&cx, &cx.json_of::<RoleInput, _>(shown).await?);
    cx.decide_on(body, move |input, stamp| async move {
        let role = load(cx).await?;
        cx.if_match(role.version)?;
        // Otherwise a caller could weaken a stronger role, rotate its keys, and wait until it is
        // mended.
        cx.caller()?.role.may_give(&role.permissions)?;
        let id = role.id;
        let lasts = longest(cx, &role).await?;
        let other = another(cx, lasts, |key| key.role_id != id).await?;
        let (role, decision) = role.update(input, lasts, other, &stamp)?;
        check(cx, input).await?;
        Ok((Answer::ok(&role)?.version(role.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |stamp| async move {
        let role = load(cx).await?;
        cx.if_match(role.version)?;
        let id = role.id;
        let has = |key: &KeyInfo| key.role_id == id && key.is_live(stamp.now);
        let has_keys = cx.store().has(cx.tenant()?, Kind::ApiKey, has).await?;
        Ok((Answer::deleted(), role.delete(has_keys)?))
    })
    .await
}
