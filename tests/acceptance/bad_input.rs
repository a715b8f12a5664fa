//! Bad input: each its status, its code and its place, and nothing changed.

use domain::access::Needs;
use edge::http::table::ROUTES;
use harness::story::id;
use harness::{Service, Story};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_missing_foreign_or_revoked() {
    let service = Service::start().await;
    let admin = &service.admin;
    for key in ["", "x", "pvk_0000"] {
        let reply = admin.with_key(key).get("/v1/me").await;
        reply.refused(401, "UNAUTHENTICATED");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
    let role = admin
        .post(
            "/v1/roles",
            &json!({"name": "All", "permissions": [
        {"area": "catalog", "acts": ["view"]}]}),
        )
        .await
        .expect(201);
    let made = admin.post("/v1/api-keys", &json!({"name": "One", "roleId": id(&role)})).await;
    let made = made.expect(201);
    let other = admin.with_key(made["secret"].as_str().unwrap());
    other.get("/v1/plans").await.expect(200);
    other.get("/v1/api-keys").await.refused(403, "FORBIDDEN");
    other.post("/v1/plans", &json!({"name": "x"})).await.refused(403, "FORBIDDEN");
    assert_eq!(admin.delete(&format!("/v1/api-keys/{}", id(&made))).await.status, 204);
    other.get("/v1/plans").await.refused(401, "UNAUTHENTICATED");
    let keys = admin.get("/v1/api-keys").await;
    assert!(!keys.text.contains("hash") && !keys.text.contains("secret"), "{}", keys.text);
    assert!(!keys.expect(200)["data"][0]["revokedDate"].is_null());
    let past = json!({"name": "x", "roleId": id(&role), "expires": "2020-01-01T00:00:00Z"});
    admin.post("/v1/api-keys", &past).await.refused(400, "VALIDATION_FAILED");
    let unknown = json!({"name": "x", "roleId": 5});
    admin.post("/v1/api-keys", &unknown).await.refused(422, "REFERENCE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_too_large_broken_or_of_another_kind() {
    let service = Service::start().await;
    let post = async |headers: &[(&str, &str)], body: Vec<u8>| {
        service.admin.call(Method::POST, "/v1/customers", headers, Some(body)).await
    };
    post(&[], vec![b' '; 2 * 1024 * 1024]).await.refused(413, "BODY_TOO_LARGE");
    let broken = post(&[], b"{\n  \"name\": ,\n}".to_vec()).await;
    broken.refused(400, "MALFORMED_JSON");
    assert_eq!(broken.json["errors"][0]["line"], 2);
    assert_eq!(broken.json["errors"][0]["column"], 11);
    post(&[], b"\xff\xfe".to_vec()).await.refused(400, "MALFORMED_JSON");
    post(&[], vec![b'['; 100_000]).await.refused(400, "MALFORMED_JSON");
    post(&[], b"[]".to_vec()).await.refused(400, "VALIDATION_FAILED");
    let xml = post(&[("content-type", "text/xml")], b"<a/>".to_vec()).await;
    xml.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    let reply = service.admin.post("/v1/customers", &json!({"name": "A", "nmae": "B"})).await;
    reply.refused(400, "UNKNOWN_MEMBER");
    assert_eq!(reply.pointer(), "/nmae");
    let reply = service.admin.post("/v1/customers", &json!({"emails": [5], "name": ["x"]})).await;
    assert_eq!(reply.json["errors"].as_array().unwrap().len(), 2, "{}", reply.text);
    let reply = post(&[], br#"{"name":"A","name":"B","refId":"x"}"#.to_vec()).await;
    reply.refused(400, "DUPLICATE_KEY");
    assert_eq!(reply.pointer(), "/name");
    let body = json!({"pkId": 5, "activationQuantity": "5", "customerId": "q", "u": 1});
    let reply = service.admin.post("/v1/activations", &body).await;
    let errors = reply.json["errors"].as_array().unwrap();
    let places: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(places, ["/pkId", "/activationQuantity", "/customerId", "/u"]);
    // A body of faults is answered by a part of them: no answer is larger than its question.
    let long = "x".repeat(200);
    for body in [
        json!({"emails": vec![5; 300_000]}),
        json!({"emails": vec![&long; 4_000]}),
        (0..40_000).map(|n| (format!("u{n}"), json!(1))).collect(),
        json!({"name": {"x": "y".repeat(900_000)}, &long: 1}),
    ] {
        let body = body.to_string().into_bytes();
        let bytes = body.len();
        let reply = post(&[], body).await;
        assert!((400..=413).contains(&reply.status), "{}", reply.status);
        let (told, errors) = (reply.text.len(), reply.json["errors"].as_array().unwrap().len());
        assert!(errors <= 100 && told < bytes && told < 300_000, "{errors}, {told} of {bytes}");
    }
    let list = service.admin.get("/v1/customers").await.expect(200);
    assert_eq!(list["data"], json!([]));
}

/// A caller that reads nothing before it has sent everything hears the answer all the same. Who has
/// no key is not listened to: it is answered before it has sent anything.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_much_hears_so() {
    let service = Service::start().await;
    let address = service.running.api.trim_start_matches("http://").to_owned();
    let authorization = format!("Authorization: Bearer {}\r\n", service.admin.key);
    let bytes = 8_388_608;
    for (authorization, sends, expected) in [(authorization.as_str(), bytes, "413"), ("", 0, "401")]
    {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "POST /v1/customers HTTP/1.1\r\nHost: x\r\n{authorization}Connection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; sends]).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected} ")), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_is_a_text() {
    let service = Service::start().await;
    let address = service.running.api.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let body = r#"{"name":"B"}"#;
    let head = format!(
        "POST /v1/namespaces HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Connection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        service.admin.key,
        body.len()
    );
    let reason = b"Audit-Reason: caf\xe9\r\n\r\n";
    let call = [head.as_bytes(), reason, body.as_bytes()].concat();
    stream.write_all(&call).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    for told in [r#""pointer":"audit-reason""#, r#""detail":"must be UTF-8""#] {
        assert!(answer.contains(told), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_name_nothing() {
    let story = Story::begin().await;
    let admin = story.admin();
    for path in [
        "/v1/plans/5",
        "/v1/plans/x",
        "/v1/plans/%ff",
        "/errors/%ff",
        "/v1/plans/-1",
        "/v1/plans/99999999999999999999",
        "/v1/products/5",
        "/v1/products/5/association",
        "/v1/customers/5",
        "/v1/methods/5",
        "/v1/roles/5",
        "/v1/namespaces/5",
        "/v1/entitlements/5",
        "/v1/entitlements/0aa09362-2447-805b-9235-e5892a9c3374",
        "/v1/product-keys/0aa09362-2447-8000-8000-2b535dca9af3",
        "/v1/activations/x",
        "/v1/activations/d272cbca-81d0-4baa-a5a9-1eee065da5e3",
        "/v1/provisioning-requests/5",
        "/v1/provisioning-requests/5/attempts",
        "/v1/nothing",
        "/",
        "/errors/NOTHING",
    ] {
        admin.get(path).await.refused(404, "NOT_FOUND");
    }
    admin.call(Method::DELETE, "/v1/plans", &[], None).await.refused(405, "METHOD_NOT_ALLOWED");
    for query in ["limit=0", "limit=x", "order=up", "status=NOPE", "what=1", "cursor=x", "after=1"]
    {
        let reply = admin.get(&format!("/v1/provisioning-requests?{query}")).await;
        let code = if query == "cursor=x" { "CURSOR_INVALID" } else { "VALIDATION_FAILED" };
        reply.refused(400, code);
    }
    admin.get("/v1/roles?fields=nope").await.refused(400, "UNKNOWN_FIELD");
    let empty = admin.get("/v1/entitlements?state=DRAFT&fields=nope").await;
    empty.refused(400, "UNKNOWN_FIELD");
    admin.get("/v1/products?stage=FOO").await.refused(400, "VALIDATION_FAILED");
    admin.get("/v1/provisioning-requests?eId=zzz").await.refused(400, "VALIDATION_FAILED");
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_may_not_be_called() {
    let service = Service::start().await;
    for url in [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/",
        "https://[fe80::1]/",
        "http://10.0.0.1/",
        "https://192.168.0.1/",
        "https://metadata.internal/",
        "https://user:pass@pods.example/",
        "ftp://pods.example/",
        "ftp://127.0.0.1/",
        "pods",
    ] {
        let reply =
            service.admin.post("/v1/methods", &json!({"name": "M", "endpointUrl": url})).await;
        reply.refused(422, "ENDPOINT_REFUSED");
        assert_eq!(reply.pointer(), "/endpointUrl");
        assert!(!url.starts_with("ftp") || reply.text.contains("only https"), "{}", reply.text);
    }
    service
        .admin
        .post("/v1/methods", &json!({"name": "M"}))
        .await
        .refused(400, "VALIDATION_FAILED");
    let body = json!({"name": "M", "endpointUrl": "https://pods.example/",
        "timeout": "PT31S", "callbackTimeout": "PT1S", "retryLadder": ["P2D"]});
    let reply = service.admin.post("/v1/methods", &body).await;
    let errors = reply.json["errors"].as_array().unwrap();
    let places: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(places, ["/timeout", "/callbackTimeout", "/retryLadder/0"]);
    let list = service.admin.get("/v1/methods").await.expect(200);
    assert_eq!(list["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_shown_once() {
    let service = Service::start().await;
    let body = json!({"name": "M", "endpointUrl": "https://pods.example/",
        "authProfile": {"type": "BASIC", "username": "us", "password": "canary-of-a-password"}});
    let made = service.admin.post("/v1/methods", &body).await.expect(201);
    let secret = made["callbackSecret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let path = format!("/v1/methods/{}", id(&made));
    let copy = service.admin.post(&format!("{path}/copy"), &json!({})).await;
    for reply in [service.admin.get(&path).await, service.admin.get("/v1/methods").await] {
        for hidden in ["whsec_", "callbackSecret", "canary", "password", "credential"] {
            assert!(!reply.text.contains(hidden), "{}", reply.text);
        }
    }
    assert!(!copy.text.contains("canary") && !copy.text.contains(secret), "{}", copy.text);
    let file = std::fs::read(service.running.data.database().unwrap()).unwrap();
    let wal = service.running.data.path().join("provisio.sqlite-wal");
    let bytes = [file, std::fs::read(wal).unwrap_or_default()].concat();
    let bare = secret.trim_start_matches("whsec_").as_bytes();
    assert!(!bytes.windows(bare.len()).any(|window| window == bare), "sealed on disk");
    assert!(!bytes.windows(6).any(|window| window == b"canary"), "sealed on disk");
    let key = service.running.api_key.as_bytes();
    assert!(!bytes.windows(key.len()).any(|window| window == key), "only the hash on disk");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_explained() {
    let service = Service::start().await;
    let nobody = service.admin.with_key("");
    let page = nobody.get("/errors/QUANTITY_EXCEEDED").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("(422)") && page.text.contains("remains"), "{}", page.text);
    nobody.get("/v1/health").await.expect(200);
    let machines = nobody.get("/v1/state-machines").await.expect(200);
    assert_eq!(machines["data"].as_array().unwrap().len(), 5);
    let me = service.admin.get("/v1/me").await.expect(200);
    assert_eq!(me["role"]["name"], "Administrator");
}

/// The places of a schema that take an object and no list, each by a body that leads to it: a list
/// stands there.
fn by_position(document: &Value, schema: &Value, bodies: &mut Vec<(String, Value)>) {
    let named = schema["$ref"].as_str().map(|path| document.pointer(&path[1..]).unwrap());
    let parts = ["oneOf", "allOf"].into_iter().filter_map(|of| schema[of].as_array()).flatten();
    named.into_iter().chain(parts).for_each(|part| by_position(document, part, bodies));
    let mut below = |step: &str, schema: &Value, around: &dyn Fn(Value) -> Value| {
        let mut within = Vec::new();
        by_position(document, schema, &mut within);
        let places = within.into_iter().map(|(at, body)| (format!("/{step}{at}"), around(body)));
        bodies.extend(places);
    };
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        below(name, member, &|body| json!({name: body}));
    }
    if schema["items"].is_object() {
        below("0", &schema["items"], &|body| json!([body]));
    }
    if schema["type"] == "object" {
        bodies.push((String::new(), json!(["a", "1"])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_no_object_anywhere() {
    let story = Story::begin().await;
    let document = story.admin().get("/openapi.json").await.expect(200);
    let mut tried = 0;
    for route in ROUTES.iter().filter(|r| r.takes.is_some() && r.needs != Needs::Signature) {
        let pointer = format!("{}/{}", route.path.replace('/', "~1"), route.verb.to_lowercase());
        let body = "requestBody/content/application~1json/schema";
        let schema = document.pointer(&format!("/paths/{pointer}/{body}")).unwrap();
        let mut bodies = Vec::new();
        by_position(&document, schema, &mut bodies);
        // A bulk answers part by part.
        bodies.retain(|(at, _)| route.operation != "activateMany" || at.is_empty());
        let path = route.path.replace("{eId}", &story.e_id).replace("{pkId}", &story.pk_id);
        let path = path.replace("{id}", &story.plan.to_string());
        for (at, body) in bodies {
            let verb = Method::from_bytes(route.verb.as_bytes()).unwrap();
            let headers = [("if-match", "*")];
            let body = Some(body.to_string().into_bytes());
            let reply = story.admin().call(verb, &path, &headers, body).await;
            let told = format!("{} {at}: {}", route.operation, reply.text);
            assert_eq!(reply.status, 400, "{told}");
            let errors = reply.json["errors"].as_array().unwrap();
            assert!(errors.iter().any(|error| error["pointer"] == at.as_str()), "{told}");
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
    let part = json!([{"pkId": &story.pk_id, "activationQuantity": 1, "customAttributes": []}, []]);
    let body = json!({"activations": part});
    let reply = story.admin().post("/v1/activations/bulk", &body).await.expect(200);
    for (line, pointer) in [(0, "/customAttributes"), (1, "")] {
        let problem = &reply["data"][line]["problem"];
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{reply}");
    }
}
