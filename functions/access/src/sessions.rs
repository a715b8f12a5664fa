//! `/v1/sessions`: short-lived secrets of a key, so that the key itself need not be kept where
//! somebody signs in.

use domain::access::secrets::{SESSION, StandIn, new_secret};
use domain::decision::Decision;
use domain::rejection::{Code, Rejection};
use edge::{Answer, Cx, Problem};
use serde_json::json;

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |stamp| async move {
        let caller = cx.caller()?;
        if caller.session.is_some() {
            let detail = "A session cannot begin another one. Send the API key.";
            return Err(Rejection::new(Code::Forbidden, detail).into());
        }
        let secret = new_secret(SESSION, &stamp.entropy);
        let (session, decision) = StandIn::begin(&caller.key, &caller.hash, &secret, &stamp);
        let mut body = json!(session);
        body["secret"] = secret.into();
        let answer = Answer::created(&body, "/v1/sessions/current".to_owned())?;
        Ok((answer.showing_once("secret"), decision))
    })
    .await
}

pub(crate) async fn end(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |_| async move {
        let detail = "This call is made by a key, not a session: there is nothing to end.";
        let none = || Rejection::new(Code::IllegalTransition, detail);
        let session = cx.caller()?.session.clone().ok_or_else(none)?;
        Ok((Answer::deleted(), Decision::default().delete(session)))
    })
    .await
}
