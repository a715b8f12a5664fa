//! The Lambda of `functions/catalog`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    edge::lambda::serve(catalog::router).await
}
