//! The tools, pinned, in `target/aws`; and how they are run.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

/// The SAM CLI with what it builds by. `cargo lambda` links by ziglang.
const SAM: &[&str] =
    &["aws-sam-cli==1.170.0", "cargo-lambda==1.9.1", "ziglang==0.17.1", "cfn-lint==1.58.0"];
/// The emulator. It pins botocore, so it lives by itself.
const EMULATOR: &[&str] =
    &["ministack==1.5.33", "botocore==1.43.106", "aws-sam-translator==1.115.0"];
/// Lines of a failed command that are shown.
const SHOWN: usize = 80;

/// Two virtual environments.
#[derive(Clone)]
pub(crate) struct Tools {
    /// The repository.
    pub(crate) root: PathBuf,
    sam: PathBuf,
    /// The Python that has the emulator.
    pub(crate) emulator: PathBuf,
}

impl Tools {
    /// Installs what is not there yet.
    pub(crate) async fn install() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf();
        let place = root.join("target/aws");
        let (sam, emulator) = (place.join("sam"), place.join("emulator"));
        environment(&sam, SAM).await;
        environment(&emulator, EMULATOR).await;
        mend(&emulator);
        Self { root, sam: sam.join("bin"), emulator: emulator.join("bin/python") }
    }

    /// The same tools, in another checkout.
    pub(crate) fn at(&self, root: &Path) -> Self {
        Self { root: root.canonicalize().unwrap(), ..self.clone() }
    }

    /// A tool, in the repository.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.sam.join(name));
        let path = std::env::var("PATH").unwrap();
        command
            .current_dir(&self.root)
            .env("PATH", format!("{}:{path}", self.sam.display()))
            .env("SAM_CLI_TELEMETRY", "0")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .stdin(Stdio::null());
        command
    }

    /// `sam validate --lint` and cfn-lint: no findings.
    pub(crate) async fn validate(&self) {
        run(self.command("sam").args(["validate", "--lint"])).await;
        let templates = ["infra/template.yaml", "infra/data.yaml", "infra/messaging.yaml"];
        let findings = run(self.command("cfn-lint").args(templates)).await;
        assert_eq!(findings.trim(), "", "cfn-lint");
    }

    /// `sam build`, not optimised: it is the same code.
    pub(crate) async fn build(&self) {
        let mut build = self.command("sam");
        build.arg("build").arg("--parameter-overrides").arg(architecture());
        run(build.env("SAM_BUILD_MODE", "debug")).await;
    }

    /// The runtime interface emulator that comes with the SAM CLI.
    pub(crate) fn runtime_emulator(&self) -> PathBuf {
        let lib = self.sam.parent().unwrap().join("lib");
        let python = std::fs::read_dir(lib).unwrap().next().unwrap().unwrap().path();
        let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        python.join(format!("site-packages/samcli/local/rapid/aws-lambda-rie-{arch}"))
    }
}

/// The parameter of the template that fits this machine.
pub(crate) const fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "Architecture=arm64" } else { "Architecture=x86_64" }
}

/// Makes a virtual environment with these packages, unless it has them.
async fn environment(place: &Path, packages: &[&str]) {
    let (mark, wanted) = (place.join("installed"), packages.join("\n"));
    if std::fs::read_to_string(&mark).is_ok_and(|had| had == wanted) {
        return;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(place)).await;
    run(Command::new(place.join("bin/pip")).args(["install", "--quiet"]).args(packages)).await;
    std::fs::write(mark, wanted).unwrap();
}

/// The emulator forgets the attributes of what an update of a nested stack leaves as it is: its
/// outputs cannot be read then.
fn mend(emulator: &Path) {
    let call = "old_tagged, new_tagged, child_name, child_logical_id,\n";
    let mended =
        "old_tagged, new_tagged, child_name, child_logical_id, prev.get(\"Attributes\"),\n";
    let python = std::fs::read_dir(emulator.join("lib")).unwrap().next().unwrap().unwrap().path();
    let file = python.join("site-packages/ministack/services/cloudformation/provisioners.py");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(call) || text.contains(mended), "another emulator: look whether it does");
    std::fs::write(file, text.replace(call, mended)).unwrap();
}

/// Runs a command to its end; gives what it printed.
pub(crate) async fn run(command: &mut Command) -> String {
    let ran = command.kill_on_drop(true).output().await.unwrap();
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    if !ran.status.success() {
        let all = format!("{out}{}", String::from_utf8_lossy(&ran.stderr));
        let lines: Vec<&str> = all.lines().collect();
        let tail = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
        panic!("{:?} failed:\n{tail}", command.as_std());
    }
    out
}
