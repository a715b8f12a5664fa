//! The Lambda of `functions/plans`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start().await?.serve(plans::router).await
}
