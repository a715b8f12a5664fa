//! The Lambda of `functions/entitlements`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::lambda::serve(entitlements::router).await
}
