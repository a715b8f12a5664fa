//! The Lambda of `functions/bootstrap`: invoked by the operator, never by a caller of the API.

use std::sync::Arc;

use domain::ids::Id;
use edge::App;
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let work = |app: Arc<App>, _: Value| async move {
        let made = bootstrap::administrator(&app, Id::FIRST_TENANT).await;
        let api_key = made.map_err(|problem| problem.to_string())?;
        Ok(json!({"tenantId": Id::FIRST_TENANT, "apiKey": api_key}))
    };
    edge::Lambda::start().await?.run(work).await
}
