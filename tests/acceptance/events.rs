//! The sample events of `tests/events`, as Lambda hands them over: `sam local invoke` takes the
//! same files.

use std::sync::Arc;

use aws_lambda_events::cloudwatch_events::CloudWatchEvent;
use aws_lambda_events::sqs::SqsEvent;
use domain::ids::Id;
use edge::http::router::finish;
use edge::http::routes::Function;
use harness::Service;
use lambda_http::Body;
use lambda_http::http::Request;
use local::service::ROUTERS;
use serde_json::Value;
use tower::ServiceExt;

fn event(name: &str) -> String {
    crate::infra::text(&format!("tests/events/{name}.json"))
}

/// What each function answers to its event, given a key that may do everything.
const fn status(function: Function) -> u16 {
    match function {
        Function::Access | Function::Activations | Function::Requests => 200,
        Function::Catalog | Function::Customers | Function::Plans => 201,
        // It sells a product that is not there.
        Function::Entitlements => 422,
        // It is signed with a secret that nobody has.
        Function::Callbacks => 401,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_http_function_answers_its_event() {
    let service = Service::start().await;
    let app = &service.running.app;
    for (function, router) in ROUTERS {
        let name: &str = function.into();
        let text = event(name).replace("pvk_REPLACE_ME", &service.admin.key);
        let call: Request<Body> = lambda_http::request::from_str(&text).unwrap();
        let answer = finish(router(Arc::clone(app)), app).oneshot(call).await.unwrap();
        assert_eq!(answer.status(), status(function), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_other_function_reads_its_event() {
    let service = Service::start().await;
    let app = &service.running.app;
    let batch: SqsEvent = serde_json::from_str(&event("dispatch")).unwrap();
    let id = batch.records[0].message_id.clone().unwrap();
    let answer = dispatch::handle(Arc::clone(app), batch).await;
    let failed: Vec<_> = answer.batch_item_failures.iter().map(|f| &f.item_identifier).collect();
    assert_eq!(failed, [&id], "it names a request that does not exist");
    serde_json::from_str::<CloudWatchEvent>(&event("sweeper")).unwrap();
    assert_eq!(sweeper::sweep(app).await.unwrap(), 0);
    serde_json::from_str::<Value>(&event("bootstrap")).unwrap();
    let again = bootstrap::administrator(app, Id::FIRST_TENANT).await.unwrap();
    let me = service.admin.with_key(&again).get("/v1/me").await.expect(200);
    assert_eq!(me["tenantId"], 1);
}
