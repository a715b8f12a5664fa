//! The real process, seen from outside: what listens, how it stops, what it says to who does not
//! listen any more.

#![allow(clippy::unwrap_used, reason = "a test may end so")]
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// No end takes longer, on a machine four times slower than ours.
const PATIENCE: Duration = Duration::from_mins(1);

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A process of this program; it is killed when a test ends before it.
struct Process(Child);

impl Process {
    fn terminate(&self) {
        let sent = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended cannot be killed; both are an end.
        if self.0.kill().is_ok() {
            self.0.wait().unwrap();
        }
    }
}

/// A running service, and the line that it said when it was ready.
struct Service {
    process: Process,
    ready: Value,
    folder: Arc<TempDir>,
}

impl Service {
    fn start() -> Self {
        Self::telling(None, Stdio::null())
    }

    /// With a wish of what is logged, and where to.
    fn telling(wanted: Option<&str>, log: Stdio) -> Self {
        Self::over(Arc::new(tempfile::tempdir().unwrap()), wanted, log)
    }

    fn over(folder: Arc<TempDir>, wanted: Option<&str>, log: Stdio) -> Self {
        let ports = ["--port", "0", "--provider-port", "0", "--json", "--data-dir"];
        let started = Command::new(env!("CARGO_BIN_EXE_provisio"))
            .args(ports)
            .arg(folder.path())
            .envs(wanted.map(|wanted| ("RUST_LOG", wanted)))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn();
        let mut process = Process(started.unwrap());
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap();
        Self { process, ready, folder }
    }

    fn address(&self, name: &str) -> String {
        let url = self.ready[name].as_str().unwrap();
        url.trim_start_matches("http://").trim_end_matches('/').to_owned()
    }
}

/// The addresses that a process listens on.
fn listeners(process: u32) -> BTreeSet<String> {
    let own: BTreeSet<String> = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|target| {
            let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let mut found = BTreeSet::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let text = std::fs::read_to_string(format!("/proc/{process}/net/{table}")).unwrap();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (address, state, inode) = (fields[1], fields[3], fields[9]);
            let listens = state == "0A" || table.starts_with("udp");
            if listens && own.contains(inode) {
                found.insert(format!("{table} {address}"));
            }
        }
    }
    found
}

/// As the kernel writes it: 127.0.0.1 in hexadecimal, and the port.
fn as_listed(address: &str) -> String {
    let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
    format!("tcp 0100007F:{port:04X}")
}

#[test]
fn nothing_listens_but_the_api_and_the_demo_provider() {
    let service = Service::start();
    let expected = ["api", "provider"].map(|name| as_listed(&service.address(name)));
    assert_eq!(listeners(service.process.0.id()), expected.into_iter().collect());
}

/// However much is wanted of the log: no secret, nobody's address (I12). The demo makes a customer,
/// sells, activates, posts and hears a callback, through every dependency that could tell of it.
#[test]
fn the_log_is_silent_about_people_and_secrets() {
    let mut log = tempfile::tempfile().unwrap();
    let mut service = Service::telling(Some("trace"), log.try_clone().unwrap().into());
    let key = service.ready["apiKey"].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(service.address("api")).unwrap();
    let call = "POST /v1/customers HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
        content-type: application/json\r\n";
    let body = r#"{"name":"canary","emails":["canary@example.com"]}"#;
    let length = body.len();
    write!(stream, "{call}authorization: Bearer {key}\r\ncontent-length: {length}\r\n\r\n{body}")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let begun = Instant::now();
    let mut told = String::new();
    // The demo is at its end when the provider has called back.
    while !told.contains("operation=\"reportStatus\"") {
        assert!(begun.elapsed() < PATIENCE, "{told}");
        std::thread::park_timeout(Duration::from_millis(20));
        log.rewind().unwrap();
        told.clear();
        log.read_to_string(&mut told).unwrap();
    }
    service.process.terminate();
    service.process.ended();
    // What is said to the person who started it is no log.
    let lines = || told.lines().filter(|line| line.starts_with("20"));
    assert!(lines().any(|line| line.contains("createActivation")), "{told}");
    for secret in ["canary", "tucano", key.as_str(), "whsec_"] {
        let line = lines().find(|line| line.to_lowercase().contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

/// The reader of the line that says that it is up may end it at once.
#[test]
fn it_can_be_ended_as_soon_as_it_says_that_it_is_up() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    can_be_ended(&["--port", "0", "--provider-port", "0", "--json", "--data-dir", data]);
    can_be_ended(&["provider", "--port", "0", "--secret", SECRET]);
}

fn can_be_ended(arguments: &[&str]) {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    // As much as a pipe holds: the process cannot say a word before the test reads.
    writer.write_all(&vec![b'\n'; 65_536]).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_provisio"));
    command.args(arguments).stdout(writer).stderr(Stdio::null());
    let mut process = Process(command.spawn().unwrap());
    // The process alone shall have the writing end, so that the reader sees its end.
    drop(command);
    let begun = Instant::now();
    while !hears_terminate(process.0.id()) {
        assert_eq!(process.0.try_wait().unwrap(), None, "{arguments:?}");
        assert!(begun.elapsed() < PATIENCE, "{arguments:?}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    process.terminate();
    reader.read_to_end(&mut Vec::new()).unwrap();
    assert!(process.ended().success(), "{arguments:?}");
}

/// Whether a process has a handler of its own for SIGTERM, as the kernel shows it.
fn hears_terminate(process: u32) -> bool {
    const SIGTERM: u32 = 15;
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() >> (SIGTERM - 1) & 1 == 1
}

#[test]
fn half_a_request_does_not_hold_up_the_end() {
    let mut service = Service::start();
    let begin = |text: &str| {
        let mut stream = TcpStream::connect(service.address("api")).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let key = service.ready["apiKey"].as_str().unwrap();
    let halves = [
        begin(""),
        begin("POST /v1/plans HTT"),
        begin(&format!(
            "POST /v1/plans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{{"
        )),
    ];
    service.process.terminate();
    assert!(service.process.ended().success());
    for mut half in halves {
        let mut rest = Vec::new();
        // Hung up on, politely or not.
        let heard = half.read_to_end(&mut rest);
        assert!(heard.is_err() || !rest.starts_with(b"HTTP/1.1 2"), "{rest:?}");
    }
}

#[test]
fn who_stops_reading_is_not_shouted_at() {
    let service = Service::start();
    let api = service.ready["api"].as_str().unwrap();
    let demo = service.folder.path().join("demo.json");
    let request = request_of(&demo);
    let mut child = Command::new(env!("CARGO_BIN_EXE_provisio"))
        .args(["requests", "show", &request, "--api", api, "--key-file"])
        .arg(service.folder.path().join("admin-key"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert_eq!(said, "");
}

/// The request that the demo made, once it has.
fn request_of(demo: &Path) -> String {
    let begun = Instant::now();
    loop {
        let made = std::fs::read_to_string(demo).unwrap_or_default();
        let made: Value = serde_json::from_str(&made).unwrap_or_default();
        if let Some(request) = made["requestId"].as_u64() {
            return request.to_string();
        }
        assert!(begun.elapsed() < PATIENCE, "the demo makes no request");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn the_doctor_knows_whether_a_service_has_the_folder() {
    let mut service = Service::start();
    let folder = Arc::clone(&service.folder);
    let api = service.ready["api"].as_str().unwrap().to_owned();
    let check = |api: &str, well: bool, words: &str| {
        let mut doctor = Command::new(env!("CARGO_BIN_EXE_provisio"));
        doctor.args(["doctor", "--api", api, "--data-dir"]).arg(folder.path());
        let output = doctor.output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.success(), well, "{told}");
        assert!(told.contains(words), "{told}");
    };
    let nobody = "http://127.0.0.1:1";
    check(&api, true, "runs at http://127.0.0.1:");
    check(nobody, false, "uses the folder, but nothing answers at http://127.0.0.1:1\n");
    let other = Service::start();
    let others = other.ready["api"].as_str().unwrap();
    check(others, false, "does not know this folder's key");
    service.process.terminate();
    service.process.ended();
    check(nobody, true, "does not run at http://127.0.0.1:1; its queue is empty then");
    check(others, true, "does not run; what answers at http://127.0.0.1:");
}

#[test]
fn a_second_administrators_key_is_not_made_in_silence() {
    let mut first = Service::start();
    let folder = Arc::clone(&first.folder);
    first.process.terminate();
    first.process.ended();
    std::fs::remove_file(folder.path().join("admin-key")).unwrap();
    let mut log = tempfile::tempfile().unwrap();
    let second = Service::over(folder, None, log.try_clone().unwrap().into());
    assert_ne!(second.ready["apiKey"], first.ready["apiKey"]);
    let mut told = String::new();
    log.rewind().unwrap();
    log.read_to_string(&mut told).unwrap();
    assert!(told.contains("was missing, so a new administrator's key is made"), "{told}");
}

#[test]
fn a_secret_need_not_stand_among_the_flags() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let sign = |flag: Option<String>, variable: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_provisio"));
        command.args(["webhook", "sign", "--id", "m1"]).env_remove("PROVISIO_SECRET");
        command.args(flag.iter().flat_map(|flag| ["--secret", flag.as_str()]));
        variable.into_iter().for_each(|value| {
            command.env("PROVISIO_SECRET", value);
        });
        let output = command.stdin(Stdio::null()).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    assert!(sign(Some(format!("@{}", file.display())), None).0);
    assert!(sign(None, Some(SECRET)).0);
    let (taken, said) = sign(Some("@/nowhere/secret".to_owned()), None);
    assert!(!taken && said.contains("/nowhere/secret"), "{said}");
    assert!(!sign(None, None).0);
}
