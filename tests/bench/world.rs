//! AWS as far as a function sees it: DynamoDB is the embedded engine, the other two are as thin as
//! can be, since they are not what is measured.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use domain::ids::Id;
use local::engine::Engine;
use serde_json::json;
use simulator::stage::Stage;
use store::dynamo::DynamoStore;
use tokio::net::TcpListener;

/// The world of the functions.
pub(crate) struct World {
    address: String,
    key: String,
}

/// Names of the tables.
const TABLES: [&str; 2] = ["core", "catalog"];

struct Inside {
    dynamodb: Engine,
}

impl World {
    /// Starts all of it; the tables are there, and an admin key.
    pub(crate) async fn start() -> Self {
        let dynamodb = harness::engine();
        let client = dynamodb.client();
        let [core, catalog] = TABLES;
        store::tables::create(&client, core, catalog, store::phase::Phase::Whole).await.unwrap();
        let store = DynamoStore::new(client, core.to_owned(), catalog.to_owned());
        let app = Stage::over(Arc::new(store)).app;
        let key = bootstrap::administrator(&app, Id::FIRST_TENANT).await.unwrap();
        let router = Router::new().fallback(serve).with_state(Arc::new(Inside { dynamodb }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, key }
    }

    /// What a function is told.
    pub(crate) fn environment(&self) -> [(&'static str, String); 11] {
        let [core, catalog] = TABLES;
        [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "bench".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "bench".to_owned()),
            ("SERVICE", "bench".to_owned()),
            ("TABLE_CORE", core.to_owned()),
            ("TABLE_CATALOG", catalog.to_owned()),
            ("DISPATCH_QUEUE_URL", format!("http://{}/1/dispatch", self.address)),
            ("PUBLIC_URL", "https://provisio.example".to_owned()),
            ("MASTER_KEY_ARN", "master-key".to_owned()),
            ("INDEXES", "NEW".to_owned()),
        ]
    }

    /// The sample event of a function, with a key that may do everything.
    pub(crate) fn event(&self, function: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(root.join(format!("events/{function}.json"))).unwrap();
        text.replace("pvk_REPLACE_ME", &self.key)
    }
}

async fn serve(
    State(inside): State<Arc<Inside>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let target = headers["x-amz-target"].to_str().unwrap().to_owned();
    let json = |value: serde_json::Value| {
        let answer = Response::builder().header("content-type", "application/x-amz-json-1.1");
        answer.body(Body::from(value.to_string())).unwrap()
    };
    if target.starts_with("secretsmanager") {
        return json(json!({"Name": "master-key", "SecretString": "07".repeat(32)}));
    }
    if target.starts_with("AmazonSQS") {
        return json(json!({"MessageId": "1", "MD5OfMessageBody": ""}));
    }
    let body = String::from_utf8(body.to_vec()).unwrap();
    let (status, text) = inside.dynamodb.answer(&target, &body);
    let answer = Response::builder().status(status);
    let answer = answer.header("content-type", "application/x-amz-json-1.0");
    answer.body(Body::from(text)).unwrap()
}
