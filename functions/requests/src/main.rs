//! The Lambda of `functions/requests`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start()?.serve(requests::router).await
}
