//! The real process: started, killed without a warning, started again on the same folder and port.

use std::fs::{File, read_to_string};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A start takes no longer.
const START: Duration = Duration::from_mins(1);

/// A running process.
pub(crate) struct Service {
    binary: PathBuf,
    folder: PathBuf,
    ports: [u16; 2],
    child: Child,
    /// Where its API is, for ever.
    pub(crate) api: String,
    /// The administrator's key.
    pub(crate) api_key: String,
}

impl Service {
    /// Starts it on a folder.
    pub(crate) async fn start(binary: &Path, folder: &Path) -> Self {
        let ports = [free_port().await, free_port().await];
        let (child, line) = spawn(binary, folder, ports).await;
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        Self {
            binary: binary.to_path_buf(),
            folder: folder.to_path_buf(),
            ports,
            child,
            api: text("api"),
            api_key: text("apiKey"),
        }
    }

    /// SIGKILL, and a new start.
    pub(crate) async fn kill_and_restart(&mut self) {
        self.child.kill().await.unwrap();
        self.child = spawn(&self.binary, &self.folder, self.ports).await.0;
    }

    /// The last end; everything is on disk.
    pub(crate) async fn stop(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// A port that was free a moment ago; callback links hold it over every restart.
async fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
}

async fn spawn(binary: &Path, folder: &Path, ports: [u16; 2]) -> (Child, Value) {
    let mut child = Command::new(binary)
        .args(["--json", "--no-demo", "--port", &ports[0].to_string()])
        .args(["--provider-port", &ports[1].to_string(), "--data-dir"])
        .arg(folder)
        .env("RUST_LOG", "error")
        .stderr(File::create(folder.join("stderr")).unwrap())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(START, lines.next_line()).await.expect("it starts in time");
    let Some(line) = line.unwrap() else {
        panic!("it did not start: {}", read_to_string(folder.join("stderr")).unwrap())
    };
    (child, serde_json::from_str(&line).unwrap())
}
