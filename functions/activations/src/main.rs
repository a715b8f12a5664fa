//! The Lambda of `functions/activations`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start().await?.serve(activations::router).await
}
