//! Lambda's runtime API: hands a bootstrap its calls, and takes its answers.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::Response;
use axum::routing::{get, post};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, Notify, mpsc};

use crate::world::World;

/// Room for events that wait, and for answers.
const ROOM: usize = 1000;

struct Inside {
    asked: Notify,
    events: Mutex<mpsc::Receiver<String>>,
    answered: mpsc::Sender<String>,
}

/// The runtime API of one bootstrap.
pub(crate) struct Runtime {
    function: &'static str,
    address: String,
    inside: Arc<Inside>,
    events: mpsc::Sender<String>,
    answers: mpsc::Receiver<String>,
}

impl Runtime {
    /// Listens on an ephemeral port.
    pub(crate) async fn start(function: &'static str) -> Self {
        let (events, waiting) = mpsc::channel(ROOM);
        let (answered, answers) = mpsc::channel(ROOM);
        let inside = Arc::new(Inside { asked: Notify::new(), events: waiting.into(), answered });
        let base = "/2018-06-01/runtime";
        let router = Router::new()
            .route(&format!("{base}/invocation/next"), get(next))
            .route(&format!("{base}/invocation/{{id}}/{{what}}"), post(answer))
            .route(&format!("{base}/init/error"), post(answer))
            .with_state(Arc::clone(&inside));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { function, address, inside, events, answers }
    }

    fn spawn(&self, mut command: Command, world: &World) -> Child {
        let child = command
            .env_clear()
            .envs(world.environment())
            .env("AWS_LAMBDA_RUNTIME_API", &self.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", self.function)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        child.spawn().unwrap()
    }

    /// Instructions from the start to the first look for a call, counted by callgrind.
    pub(crate) async fn instructions(self, binary: &Path, world: &World) -> u64 {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(binary);
        let mut child = self.spawn(valgrind, world);
        tokio::select! {
            () = self.inside.asked.notified() => {}
            ended = child.wait() => panic!("{} did not start: {ended:?}", self.function),
        }
        let id = child.id().unwrap().to_string();
        Command::new("kill").arg(id).status().await.unwrap();
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).await.unwrap();
        child.wait().await.unwrap();
        let count = told.lines().find_map(|line| line.split_once("Collected : "));
        count.unwrap_or_else(|| panic!("{told}")).1.trim().parse().unwrap()
    }

    /// Resident memory after so many calls, KiB.
    pub(crate) async fn memory(
        mut self,
        binary: &Path,
        world: &World,
        event: &str,
        calls: u32,
    ) -> u64 {
        let mut child = self.spawn(Command::new(binary), world);
        for _ in 0..calls {
            self.events.send(event.to_owned()).await.unwrap();
            let answer = self.answers.recv().await.unwrap();
            assert!(!answer.contains("errorType"), "{}: {answer}", self.function);
        }
        let status = format!("/proc/{}/status", child.id().unwrap());
        let status = std::fs::read_to_string(status).unwrap();
        child.kill().await.unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

async fn next(State(inside): State<Arc<Inside>>) -> Response<String> {
    inside.asked.notify_one();
    let event = inside.events.lock().await.recv().await.unwrap_or_default();
    Response::builder()
        .header("lambda-runtime-aws-request-id", "6d5a0f3e-5c1e-4b0d-9a77-0c7a3d9c8b11")
        .header("lambda-runtime-deadline-ms", "4102444800000")
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:1:function:f")
        .header("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
        .body(event)
        .unwrap()
}

async fn answer(State(inside): State<Arc<Inside>>, body: String) -> Response<String> {
    inside.answered.send(body).await.unwrap();
    Response::builder().status(202).body(String::new()).unwrap()
}
