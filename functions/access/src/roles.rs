//! `/v1/roles`.

use domain::access::Role;
use domain::access::role::RoleInput;
use domain::record::Kind;
use edge::{Answer, Cx, Problem};

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let body = &cx.json::<RoleInput>()?;
    cx.decide_on(body, move |input, stamp| async move {
        let (role, decision) = Role::create(input, &stamp)?;
        let answer = Answer::created(&role, format!("/v1/roles/{}", role.id))?;
        Ok((answer.version(role.version), decision))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let page = cx.store().list::<Role>(cx.tenant()?, Kind::Role, &cx.page()?, |_| true).await?;
    cx.list(&page)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let role = cx.store().load_role(cx.tenant()?, cx.id("id")?).await?;
    cx.show(&role, role.version)
}
