//! The Lambda of `functions/catalog`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start()?.serve(catalog::router).await
}
