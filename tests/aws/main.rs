//! The AWS test: `sam build` and `sam deploy` of the real template onto an emulator of AWS on this
//! machine, then the main job and its failures over real Lambda bootstraps, SQS messages and event
//! source mapping. No account, no Docker: `cargo run -p tests --bin aws`.
//!
//! Neighbours: `tools` installs, `emulator` is AWS, `stack` deploys, `stories` are told over it,
//! `emulated` runs each bootstrap alone. Guarantee: all that it starts ends with it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may end so")]

mod emulated;
mod emulator;
mod stack;
mod stories;
mod tools;
mod upgrade;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use crate::emulator::Emulator;
use crate::tools::Tools;

#[tokio::main]
async fn main() -> ExitCode {
    let steps = Steps(Instant::now());
    steps.say("tools: the SAM CLI, cargo-lambda, the emulator");
    let tools = Arc::new(Tools::install().await);
    steps.say("templates: sam validate --lint, cfn-lint");
    tools.validate().await;
    // `upgrade PATH`: instead of the stories, an upgrade of the checkout that is there.
    let before = std::env::args().skip_while(|word| word != "upgrade").nth(1);
    let before = before.map(|path| tools.at(path.as_ref()));
    steps.say("sam build, for this machine");
    tools.build().await;
    if let Some(before) = &before {
        steps.say("sam build of the version before");
        before.build().await;
    }
    steps.say("AWS, on 127.0.0.1, with IAM enforced");
    let mut emulator = Emulator::start(Arc::clone(&tools)).await;
    let aws = emulator.aws.clone();
    // A task of its own: whatever becomes of it, the emulator and its functions end.
    let told = tokio::spawn(async move {
        match before {
            Some(before) => upgrade::tell(&steps, &before, &tools, &aws).await,
            None => tell(&steps, &tools, &aws).await,
        }
    });
    let told = told.await;
    emulator.stop().await;
    if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn tell(steps: &Steps, tools: &Tools, aws: &emulator::Aws) {
    steps.say("sam deploy");
    let stack = stack::deploy(tools, aws, &["MemorySize=256"]).await;
    steps.say("the first admin key");
    let story = stories::begin(tools, aws, &stack).await;
    steps.say("the main job, through every function");
    stories::main_job(aws, &story).await;
    steps.say("a second tenant");
    stories::second_tenant(tools, aws, &story).await;
    steps.say("a new master key, while the rest goes on");
    stories::new_master_key(tools, aws).await;
    steps.say("a poison message among nine good ones; a lost message");
    stories::poison_and_loss(aws, &stack, &story).await;
    steps.say("sam deploy again, over live data and under load");
    stories::deploy_again(tools, aws, &story).await;
    steps.say("what the operator sees: metrics, traces");
    stories::telemetry(aws).await;
    steps.say("everything is sealed anew; the old master key goes");
    stories::old_master_key(tools, aws, &story).await;
    steps.say("each bootstrap alone, with its event of tests/events");
    emulated::each_function(tools, aws, &story.admin.key).await;
    steps.say("the stack is deleted, the tables and the master key stay");
    stack::delete(aws, &stack).await;
    steps.say("done");
}

/// Says where the test is.
#[derive(Clone, Copy)]
struct Steps(Instant);

impl Steps {
    #[expect(clippy::print_stdout, reason = "this is what the user looks at")]
    pub(crate) fn say(&self, what: &str) {
        println!("{:>4} s  {what}", self.0.elapsed().as_secs());
    }
}
