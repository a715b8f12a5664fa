//! The Lambda of `functions/dispatch`: an SQS batch in, a partial batch answer out.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    edge::lambda::logs();
    let app = edge::lambda::app()?;
    lambda_runtime::run(service_fn(move |lambda_event: LambdaEvent<SqsEvent>| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Error>(dispatch::handle(app, lambda_event.payload).await) }
    }))
    .await
}
