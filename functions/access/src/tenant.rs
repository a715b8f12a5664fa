//! `/v1/tenant`.

use domain::access::tenant::TenantPatch;
use edge::{Answer, Cx, Problem};

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let tenant = cx.store().load_tenant(cx.tenant()?).await?;
    cx.show(&tenant.info, tenant.info.version)
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<TenantPatch>()?);
    cx.decide_on(body, move |patch, stamp| async move {
        let tenant = cx.store().load_tenant(cx.tenant()?).await?;
        cx.if_match(tenant.info.version)?;
        let (tenant, decision) = tenant.update(patch, &stamp)?;
        Ok((Answer::ok(&tenant.info)?.version(tenant.info.version), decision))
    })
    .await
}
