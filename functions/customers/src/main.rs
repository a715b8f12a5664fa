//! The Lambda of `functions/customers`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::Lambda::start()?.with_master_key().await?.serve(customers::router).await
}
