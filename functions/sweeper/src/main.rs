//! The Lambda of `functions/sweeper`: on a schedule.

use std::sync::Arc;

use aws_lambda_events::cloudwatch_events::CloudWatchEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    edge::lambda::logs();
    let app = edge::lambda::app()?;
    lambda_runtime::run(service_fn(move |_: LambdaEvent<CloudWatchEvent>| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Error>(sweeper::sweep(&app).await?) }
    }))
    .await
}
