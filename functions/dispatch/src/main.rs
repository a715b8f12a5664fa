//! The Lambda of `functions/dispatch`: an SQS batch in, a partial batch answer out.

use aws_lambda_events::sqs::SqsEvent;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let work =
        |app, lambda_event: SqsEvent| async { Ok(dispatch::handle(app, lambda_event).await) };
    edge::Lambda::start().await?.run(work).await
}
