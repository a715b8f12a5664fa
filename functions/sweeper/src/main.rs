//! The Lambda of `functions/sweeper`: on a schedule.

use std::sync::Arc;

use aws_lambda_events::cloudwatch_events::CloudWatchEvent;
use edge::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let work = |app: Arc<App>, _: CloudWatchEvent| async move { Ok(sweeper::sweep(&app).await?) };
    edge::Lambda::start().await?.run(work).await
}
