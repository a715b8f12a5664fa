//! A stop loses nothing: the next start goes on with what was open.

use harness::Story;
use harness::story::id;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_next_start_finds_everything_and_sends_what_was_queued() {
    let mut story = Story::begin().await;
    let body = json!({"name": "Pod farm", "endpointUrl": story.provider.url,
        "retryLadder": ["PT0S", "PT2S"]});
    story.admin().put(&format!("/v1/methods/{}", story.method), &body).await.expect(200);
    story.provider.answer(&[(503, "busy")]);
    let request = story.activate(1).await;
    harness::until("the first attempt", || async {
        (story.request(request).await["version"] == 2).then_some(())
    })
    .await;
    let before = story.request(request).await;
    let key = story.service.running.api_key.clone();
    story.service = story.service.restart().await;
    story.admin = story.service.admin.clone();
    assert_eq!(story.service.running.api_key, key);
    assert_eq!(story.request(request).await["payload"], before["payload"]);
    story.until_status(request, "REQUEST_SENT").await;
    assert_eq!(story.provider.sent().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_do_not_share_a_folder() {
    let story = Story::begin().await;
    let options = local::Options {
        port: 0,
        provider_port: 0,
        data_dir: story.service.folder.path().to_path_buf(),
        no_demo: true,
        json: false,
        allow_private_egress: false,
    };
    let error = local::start(&options).await.err().unwrap().to_string();
    assert!(error.contains("in use"), "{error}");
    assert!(id(&story.admin().get("/v1/plans").await.expect(200)["data"][0]) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_reaches_completed_and_is_made_once() {
    let story = harness::Service::start().await;
    let said: fn(&str) = |_| {};
    local::demo::Demo::new(&story.running, said).unwrap().run().await.unwrap();
    let list = story.admin.get("/v1/provisioning-requests").await.expect(200);
    assert_eq!(list["data"][0]["status"], "COMPLETED");
    let story = story.restart().await;
    local::demo::Demo::new(&story.running, said).unwrap().run().await.unwrap();
    for (path, count) in [("products", 1), ("plans", 1), ("methods", 1), ("activations", 1)] {
        let list = story.admin.get(&format!("/v1/{path}")).await.expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{path}");
    }
}
