//! The Lambda of `functions/entitlements`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start().await?.serve(entitlements::router).await
}
