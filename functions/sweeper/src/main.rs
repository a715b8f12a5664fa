//! The Lambda of `functions/sweeper`: on a schedule.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start().await?.run(sweeper::on_event).await
}
