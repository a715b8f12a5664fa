//! `/v1/methods/{id}/test`: a signed ping, and what the provider said to it.

use domain::access::Act;
use domain::ids::Purpose;
use domain::limits::PING_TIMEOUT;
use domain::view::method::TestAnswer;
use edge::provider::call::Letter;
use edge::{Answer, Cx, Problem};
use serde_json::json;

use crate::methods::load;

/// Sent like a request, with all that proves who we are; but it provisions nothing, and says so.
pub(crate) async fn test(cx: Cx) -> Result<Answer, Problem> {
    let method = load(&cx, Act::Edit).await?;
    let (started, id) =
        (cx.app.clock.now(), cx.app.ids.entropy().guid(Purpose::TestId).simple().to_string());
    let body = json!({
        "type": "ping",
        "method": {"id": method.info.id, "name": method.info.name},
        "sentDate": started,
    });
    let recipient = method.recipient(started);
    let letter = Letter {
        id: format!("ping_{id}"),
        body: body.to_string(),
        headers: vec![("provisioning-ping", "true".to_owned())],
        timeout: recipient.target.timeout.min(PING_TIMEOUT),
    };
    let answer = cx.app.call(cx.tenant()?, &recipient, &letter).await;
    let took = cx.app.clock.now().since(started);
    Answer::ok(&TestAnswer::new(&answer, letter.id, letter.body, took))
}
