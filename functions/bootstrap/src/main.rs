//! The Lambda of `functions/bootstrap`: invoked by the operator, never by a caller of the API.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start().await?.run(bootstrap::on_event).await
}
