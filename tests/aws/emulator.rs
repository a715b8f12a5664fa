//! AWS on this machine: the emulator's process, and calls of any of its services.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use harness::until;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::tools::{Tools, run};

/// Calls a service by boto3: its name, the operation, the arguments.
const CALL: &str = "
import boto3, json, sys
service, operation, arguments = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
print(json.dumps(getattr(boto3.client(service), operation)(**arguments), default=str))
";
/// A polite end takes no longer.
const STOP: Duration = Duration::from_secs(20);

/// How AWS is reached.
#[derive(Clone)]
pub(crate) struct Aws {
    /// Its address.
    pub(crate) url: String,
    tools: Arc<Tools>,
}

/// The process.
pub(crate) struct Emulator {
    /// How it is reached.
    pub(crate) aws: Aws,
    child: Child,
    /// Its files go with it.
    _files: TempDir,
}

/// A port that was free a moment ago.
pub(crate) async fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
}

impl Emulator {
    /// Starts it on an empty folder.
    pub(crate) async fn start(tools: Arc<Tools>) -> Self {
        let (port, files) = (free_port().await, tempfile::tempdir().unwrap());
        let url = format!("http://127.0.0.1:{port}");
        let log = std::fs::File::create(tools.root.join("target/aws/emulator.log")).unwrap();
        let aws = Aws { url, tools };
        let child = aws
            .at(&mut Command::new(&aws.tools.emulator))
            .args(["-m", "ministack"])
            .envs([("BIND_HOST", "127.0.0.1"), ("MINISTACK_HOST", "127.0.0.1"), ("AUTH", "true")])
            .env("GATEWAY_PORT", port.to_string())
            .env("TMPDIR", files.path())
            .env("S3_DATA_DIR", files.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        until("the emulator", || async { TcpStream::connect(("127.0.0.1", port)).await.ok() })
            .await;
        Self { aws, child, _files: files }
    }

    /// Asks it to end, so that its functions end with it.
    pub(crate) async fn stop(&mut self) {
        let id = self.child.id().map(|id| id.to_string()).unwrap_or_default();
        run(Command::new("kill").arg(id)).await;
        if timeout(STOP, self.child.wait()).await.is_err() {
            self.child.kill().await.unwrap();
        }
    }
}

impl Aws {
    /// A command that takes the emulator for AWS.
    pub(crate) fn at<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs([
            ("AWS_ENDPOINT_URL", self.url.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ])
    }

    fn calling(&self, service: &str, operation: &str, arguments: &Value) -> Command {
        let mut python = self.tools.command("python");
        self.at(&mut python).args(["-c", CALL, service, operation]).arg(arguments.to_string());
        python
    }

    /// Calls a service.
    pub(crate) async fn call(&self, service: &str, operation: &str, arguments: Value) -> Value {
        let told = run(&mut self.calling(service, operation, &arguments)).await;
        serde_json::from_str(&told).unwrap()
    }

    /// What a service says to a caller whom IAM does not know.
    pub(crate) async fn call_as_nobody(&self, service: &str, operation: &str) -> String {
        let mut call = self.calling(service, operation, &json!({}));
        let ran = call.env("AWS_ACCESS_KEY_ID", "AKIANOBODY0000000000").output().await.unwrap();
        String::from_utf8_lossy(&ran.stderr).into_owned()
    }
}
