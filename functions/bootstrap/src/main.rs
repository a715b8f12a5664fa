//! The Lambda of `functions/bootstrap`: invoked by the operator, never by a caller of the API.

use std::sync::Arc;

use domain::ids::Id;
use domain::time::Time;
use edge::{App, doctor, mark};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};

/// What the operator asks for.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// Look whether all is well, and make nothing.
    check: bool,
    /// The operator's own clock, to be compared.
    now: Option<Time>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let work = |app: Arc<App>, asked: Option<Asked>| async move { answer(&app, asked).await };
    edge::Lambda::start().await?.run(work).await
}

async fn answer(app: &App, asked: Option<Asked>) -> Result<Value, Error> {
    let asked = asked.unwrap_or_default();
    if asked.check {
        let findings = doctor::examine(app, asked.now).await;
        let fine = findings.iter().all(|finding| finding.fine);
        return Ok(json!({"fine": fine, "findings": findings}));
    }
    let master = app.master().map_err(|error| error.to_string())?;
    mark::compare_or_mark(&*app.store, master).await?;
    let made = bootstrap::administrator(app, Id::FIRST_TENANT).await;
    let api_key = made.map_err(|problem| problem.to_string())?;
    Ok(json!({"tenantId": Id::FIRST_TENANT, "apiKey": api_key}))
}
