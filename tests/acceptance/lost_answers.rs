//! The wire breaks after DynamoDB has written: the SDK calls again, and must find its own write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use domain::decision::Decision;
use domain::plan::Plan;
use edge::aws::Access;
use local::engine::Engine;
use store::{Extra, Store, StoreError};

use crate::contract::{id, over, plan};

/// A wire to the engine that can be cut after the engine has done what it was asked, so that its
/// answer is lost.
#[derive(Clone, Debug)]
struct Wire {
    engine: Engine,
    cuts: Arc<AtomicU32>,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, cuts) = (self.engine.call(request), Arc::clone(&self.cuts));
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            let cut = |left: u32| left.checked_sub(1);
            if cuts.fetch_update(SeqCst, SeqCst, cut).is_ok() {
                return Err(ConnectorError::io("the wire is cut".into()));
            }
            answer
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_not_a_lost_race() {
    let cuts = Arc::new(AtomicU32::new(0));
    let wire = Wire { engine: harness::engine(), cuts: Arc::clone(&cuts) };
    let connector = http_client_fn(move |_, _| SharedHttpConnector::new(wire.clone()));
    let store = over(Access::embedded(connector).dynamodb()).await;
    let store: &dyn Store = &store;
    let tenant = id(7);
    let commit = async |decision: &Decision| {
        cuts.store(1, SeqCst);
        let written = store.commit(tenant, decision, &Extra::default()).await;
        assert_eq!(cuts.load(SeqCst), 0, "the wire was cut");
        written
    };
    let (made, decision) = plan("Lost", 1);
    commit(&decision).await.unwrap();
    let read = store.load_plan(tenant, made.id).await.unwrap();
    let edited = Decision::default().save(Plan { description: Some("x".to_owned()), ..read });
    commit(&edited).await.unwrap();
    assert_eq!(store.load_plan(tenant, made.id).await.unwrap().rev.number(), 2, "written once");
    cuts.store(9, SeqCst);
    let never = store.commit(tenant, &plan("Never", 2).1, &Extra::default()).await;
    assert!(matches!(never, Err(StoreError::Unavailable(_))), "after three tries it gives up");
}
