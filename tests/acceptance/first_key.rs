//! The first key of a tenant, and those that replace it.

use domain::access::built_in::BUILT_IN;
use domain::stamp::Actor;
use futures::future::join_all;
use harness::Service;

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_make_each_role_once_and_a_key_each() {
    let service = Service::start().await;
    let app = &service.running.app;
    let tenant = app.stamp(Actor::System).id(0);
    let made = join_all((0..8).map(|_| bootstrap::administrator(app, tenant))).await;
    let keys: Vec<String> = made.into_iter().map(Result::unwrap).collect();
    for key in &keys {
        let client = service.admin.with_key(key);
        let me = client.get("/v1/me").await.expect(200);
        assert_eq!(me["role"]["name"], "Administrator");
        let roles = BUILT_IN.len();
        for (path, count) in [("/v1/roles", roles), ("/v1/namespaces", 1), ("/v1/api-keys", 8)] {
            let list = client.get(path).await.expect(200);
            assert_eq!(list["data"].as_array().unwrap().len(), count, "{path}");
        }
    }
}

#[test]
fn an_event_that_is_misspelt_makes_no_key() {
    let read = |event: serde_json::Value| serde_json::from_value::<bootstrap::Asked>(event);
    assert!(read(serde_json::json!({"suspnd": 1})).is_err());
    assert!(read(serde_json::json!({"suspend": 1})).is_ok() && read(serde_json::json!({})).is_ok());
}
