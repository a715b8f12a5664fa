//! Each bootstrap alone under the runtime interface emulator of the SAM CLI, which is what
//! `sam local invoke` runs in its container: here without Docker, with the same events.

use std::process::Stdio;

use harness::{Client, until};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::emulator::{Aws, free_port};
use crate::stack;
use crate::tools::Tools;

/// What each function answers to its event, given an admin's key.
const ANSWERS: &[(&str, &str, u64)] = &[
    ("access", "statusCode", 200),
    ("catalog", "statusCode", 201),
    ("customers", "statusCode", 201),
    ("plans", "statusCode", 409),
    ("entitlements", "statusCode", 422),
    ("activations", "statusCode", 200),
    ("requests", "statusCode", 200),
    ("callbacks", "statusCode", 401),
    ("dispatch", "batchItemFailures", 1),
    ("sweeper", "", 0),
    ("bootstrap", "tenantId", 1),
];

/// Invokes each once.
pub(crate) async fn each_function(tools: &Tools, aws: &Aws, key: &str) {
    for (function, member, wanted) in ANSWERS {
        let answer = invoke(tools, aws, function, key).await;
        let told = match *member {
            "" => answer.as_u64(),
            "batchItemFailures" => answer[member].as_array().map(|list| list.len() as u64),
            _ => answer[member].as_u64(),
        };
        assert_eq!(told, Some(*wanted), "{function}: {answer}");
    }
}

async fn invoke(tools: &Tools, aws: &Aws, function: &str, key: &str) -> Value {
    let [emulator, runtime] = [free_port().await, free_port().await];
    let mut title = function.to_owned();
    title[..1].make_ascii_uppercase();
    let bootstrap = tools.root.join(format!(".aws-sam/build/{title}Function/bootstrap"));
    let mut process = Command::new(tools.runtime_emulator());
    let process = aws
        .at(&mut process)
        .arg("--runtime-interface-emulator-address")
        .arg(format!("127.0.0.1:{emulator}"))
        .arg("--runtime-api-address")
        .arg(format!("127.0.0.1:{runtime}"))
        .arg(bootstrap)
        .envs([("AWS_LAMBDA_FUNCTION_NAME", function), ("AWS_REGION", "us-east-1")])
        .envs(stack::environment(aws, function).await)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut process = process.spawn().unwrap();
    let event = tools.root.join(format!("tests/events/{function}.json"));
    let event = std::fs::read_to_string(event).unwrap().replace("pvk_REPLACE_ME", key);
    let client = Client::new(&format!("http://127.0.0.1:{emulator}"), "");
    let path = "/2015-03-31/functions/function/invocations";
    let answer = until(function, || async {
        let body = Some(event.clone().into_bytes());
        client.try_call(Method::POST, path, &[], body).await.map(|reply| reply.json)
    });
    let answer = answer.await;
    process.kill().await.unwrap();
    if answer["errorType"].is_null() { answer } else { json!({"failed": answer}) }
}
