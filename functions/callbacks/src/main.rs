//! The Lambda of `functions/callbacks`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start().await?.serve(callbacks::router).await
}
