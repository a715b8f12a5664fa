//! The Lambda of `functions/requests`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start().await?.serve(requests::router).await
}
