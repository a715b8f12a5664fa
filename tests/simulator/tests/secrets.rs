//! Secrets and tokens on a clock in the test's hand: the old one dies at its date, a token is
//! renewed before it ends.

use domain::request::dispatched::{Answer, Heard};
use domain::time::Period;
use serde_json::{Value, json};
use simulator::api::{Call, Door, Reply, Sale};
use simulator::runtime;
use simulator::stage::Stage;

use crate::opened::stage;

async fn post(stage: &Stage, sale: &Sale, path: &str, body: &Value) -> Reply {
    stage.api.call(&Call::new("POST", path, &sale.key, body)).await
}

async fn rotate(stage: &Stage, sale: &Sale, overlap: &str) -> Reply {
    let path = format!("/v1/methods/{}/rotate-secret", sale.door.method);
    post(stage, sale, &path, &json!({"overlap": overlap})).await
}

fn door(sale: &Sale, rotated: &Value) -> Door {
    let secret = rotated["callbackSecret"].as_str().unwrap().to_owned();
    Door { secret, ..sale.door.clone() }
}

/// A callback signed with this secret; its status.
async fn reported(stage: &Stage, door: &Door, request: u64, webhook_id: &str) -> u16 {
    let body = r#"{"status":"IN_PROGRESS"}"#;
    let now = stage.app.clock.now();
    stage.api.call(&door.report(request, "?generation=1", webhook_id, now, body)).await.status
}

async fn sent(stage: &Stage, sale: &Sale) -> u64 {
    let made = stage.api.call(&sale.activation(0, 1)).await.expect(201);
    assert!(stage.dispatch().await.is_empty());
    made["provisioningRequests"][0]["id"].as_u64().unwrap()
}

#[test]
fn two_secrets_live_until_the_olders_date() {
    runtime().block_on(async {
        let (_, stage, sale) = stage().await;
        let request = sent(&stage, &sale).await;
        let first = sale.door.clone();
        assert_eq!(reported(&stage, &first, request, "a").await, 200);
        let rotated = rotate(&stage, &sale, "PT1H").await.expect(200);
        let second = door(&sale, &rotated);
        assert_eq!(reported(&stage, &first, request, "b").await, 200, "the older one lives");
        assert_eq!(reported(&stage, &second, request, "c").await, 200);
        let third = rotate(&stage, &sale, "PT1H").await;
        assert_eq!((third.status, third.code()), (409, "IN_USE"), "it would end the first early");
        sent(&stage, &sale).await;
        let posts = stage.provider.posts();
        let signature = |i: usize| {
            let found = posts[i].headers.iter().find(|(n, _)| *n == "webhook-signature");
            found.unwrap().1.split(' ').count()
        };
        assert_eq!((signature(0), signature(1)), (1, 2), "signed with all that live");
        stage.clock.pass(Period::from_millis(3_599_999));
        assert_eq!(reported(&stage, &first, request, "d").await, 200, "to the last millisecond");
        stage.clock.pass(Period::from_millis(1));
        assert_eq!(reported(&stage, &first, request, "e").await, 401, "dead at its date");
        assert_eq!(reported(&stage, &second, request, "f").await, 200);
        let third = door(&sale, &rotate(&stage, &sale, "PT1H").await.expect(200));
        assert_eq!(reported(&stage, &second, request, "g").await, 200);
        // Somebody knows the second one: it ends at once.
        let fourth = door(&sale, &rotate(&stage, &sale, "PT0S").await.expect(200));
        for (dead, id) in [(&first, "h"), (&second, "i"), (&third, "j")] {
            assert_eq!(reported(&stage, dead, request, id).await, 401);
        }
        assert_eq!(reported(&stage, &fourth, request, "k").await, 200);
        for wrong in ["-PT1S", "P8D", "soon"] {
            assert_eq!(rotate(&stage, &sale, wrong).await.status, 400, "{wrong}");
        }
    });
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    runtime().block_on(async {
        let (_, stage, sale) = stage().await;
        let path = format!("/v1/methods/{}", sale.door.method);
        let profile = json!({"type": "OAUTH_CLIENT_CREDENTIALS", "clientId": "c",
            "tokenUrl": "https://token.example/", "clientSecret": "s"});
        let body = json!({"name": "Farm", "endpointUrl": "https://pods.example/",
            "authProfile": profile});
        let call = Call::new("PUT", &*path, &sale.key, &body);
        stage.api.call(&call).await.expect(200);
        let token = |name: &str| Answer::Http {
            status: 200,
            body: json!({"access_token": name, "expires_in": 600}).to_string(),
            heard: Heard::default(),
        };
        let accepted = Answer::Http { status: 202, body: "{}".to_owned(), heard: Heard::default() };
        // The answers come in the order of the posts: a token, three requests, a token, one.
        for answer in [
            token("one"),
            accepted.clone(),
            accepted.clone(),
            accepted.clone(),
            token("two"),
            accepted,
        ] {
            stage.provider.answer(answer);
        }
        sent(&stage, &sale).await;
        sent(&stage, &sale).await;
        stage.clock.pass(Period::from_millis(539_999));
        sent(&stage, &sale).await;
        stage.clock.pass(Period::from_millis(1));
        sent(&stage, &sale).await;
        let authorization = |headers: &[(std::borrow::Cow<'static, str>, String)]| {
            let found = headers.iter().find(|(name, _)| *name == "authorization");
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let posts = stage.provider.posts();
        let told: Vec<(String, String)> =
            posts.iter().map(|post| (post.url.clone(), authorization(&post.headers))).collect();
        let to = |url: &str, by: &str| (url.to_owned(), by.to_owned());
        let (server, pods) = ("https://token.example/", "https://pods.example/");
        assert_eq!(
            told,
            [
                to(server, "Basic Yzpz"),
                to(pods, "Bearer one"),
                to(pods, "Bearer one"),
                to(pods, "Bearer one"),
                to(server, "Basic Yzpz"),
                to(pods, "Bearer two"),
            ],
            "renewed a minute before its end"
        );
    });
}
