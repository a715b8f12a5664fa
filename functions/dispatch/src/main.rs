//! The Lambda of `functions/dispatch`: an SQS batch in, a partial batch answer out.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start().await?.run(dispatch::on_event).await
}
