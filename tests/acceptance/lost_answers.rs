//! The wire breaks after DynamoDB has written: the SDK calls again, and must find its own write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use domain::decision::Decision;
use domain::plan::Plan;
use store::{Extra, Store, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use harness::engine;

use crate::contract::{client_of, id, plan};

/// A wire to the engine that can be cut after the engine has done what it was asked, so that its
/// answer is lost.
async fn wire(engine: String, cuts: Arc<AtomicU32>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (near, _) = listener.accept().await.unwrap();
            let far = TcpStream::connect(&engine).await.unwrap();
            let cuts = Arc::clone(&cuts);
            tokio::spawn(async move {
                let ((mut hear, mut say), (mut answers, mut asks)) =
                    (near.into_split(), far.into_split());
                tokio::spawn(async move { tokio::io::copy(&mut hear, &mut asks).await });
                let mut chunk = vec![0; 65_536];
                while let Ok(read @ 1..) = answers.read(&mut chunk).await {
                    let cut = |left: u32| left.checked_sub(1);
                    if cuts.fetch_update(SeqCst, SeqCst, cut).is_ok() {
                        return;
                    }
                    say.write_all(&chunk[..read]).await.unwrap();
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_not_a_lost_race() {
    let cuts = Arc::new(AtomicU32::new(0));
    let store = client_of(wire(engine().await, Arc::clone(&cuts)).await).await;
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
    assert_eq!(store.load_plan(tenant, made.id).await.unwrap().rev, 2, "written once");
    cuts.store(9, SeqCst);
    let never = store.commit(tenant, &plan("Never", 2).1, &Extra::default()).await;
    assert!(matches!(never, Err(StoreError::Unavailable(_))), "after three tries it gives up");
}
