//! Serves a router over HTTP/1.1, with the bounds on waiting that API Gateway has on AWS.
//!
//! Neighbours: `service` serves the API and the demo provider by it. Guarantee: who sends half a
//! request, or nothing, holds up nobody, and no stop.

use std::io;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use axum::middleware::map_request;
use domain::limits::DESCRIPTOR_WAIT;
use futures::{StreamExt, stream};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limits::{BODY_TIMEOUT, CALLS_END, HEAD_TIMEOUT};

/// The request with a body that breaks off when its time is over.
fn in_time(request: Request) -> Request {
    let end = Instant::now() + BODY_TIMEOUT;
    request.map(|body| {
        let next = move |mut chunks: BodyDataStream| async move {
            match timeout_at(end, chunks.next()).await {
                Ok(chunk) => Some((chunk?.map_err(io::Error::other), chunks)),
                Err(_) => Some((Err(io::ErrorKind::TimedOut.into()), chunks)),
            }
        };
        Body::from_stream(stream::unfold(body.into_data_stream(), next))
    })
}

/// Serves until it is stopped; then what was begun is answered.
pub fn serve(listener: TcpListener, router: Router, tasks: &TaskTracker, stop: &CancellationToken) {
    let stop = stop.clone();
    let router = router.layer(map_request(async |request: Request| in_time(request)));
    tasks.spawn(async move {
        let (graceful, mut connections) = (GracefulShutdown::new(), JoinSet::new());
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                // What ended is forgotten.
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(DESCRIPTOR_WAIT.duration()).await;
                continue;
            };
            let service = TowerToHyperService::new(router.clone());
            let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
            connections.spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "connection");
                }
            });
        }
        drop(listener);
        if timeout(CALLS_END, graceful.shutdown()).await.is_err() {
            tracing::warn!("some calls did not end in time");
        }
    });
}
