//! The stack: deployed as the README says, asked for its outputs, deleted.

use std::collections::BTreeMap;

use harness::{Client, until};
use serde_json::{Value, json};

use crate::emulator::Aws;
use crate::tools::{Tools, architecture, run};

/// The name that `samconfig.toml` gives it.
const NAME: &str = "provisio-dev";

/// A deployed stack: its outputs.
pub(crate) struct Stack(BTreeMap<String, String>);

impl Stack {
    /// An output.
    pub(crate) fn output(&self, name: &str) -> String {
        self.0[name].clone()
    }
}

/// Where the API is; the emulator routes by path, and takes the API's id from a tag.
pub(crate) fn api(aws: &Aws) -> String {
    format!("{}/_aws/execute-api/provisio", aws.url)
}

/// `sam deploy`, with these parameters besides.
pub(crate) async fn deploy(tools: &Tools, aws: &Aws, parameters: &[&str]) -> Stack {
    let mut sam = tools.command("sam");
    aws.at(&mut sam)
        .args(["deploy", "--no-confirm-changeset", "--tags", "ms-custom-id=provisio"])
        .args(["--parameter-overrides", architecture(), "DeletionProtection=false"])
        .arg(format!("PublicUrl={}", api(aws)))
        .args(parameters);
    run(&mut sam).await;
    let mut sam = tools.command("sam");
    let list = ["list", "stack-outputs", "--stack-name", NAME, "--output", "json"];
    let told: Value = serde_json::from_str(&run(aws.at(&mut sam).args(list)).await).unwrap();
    let text = |output: &Value, member: &str| output[member].as_str().unwrap().to_owned();
    let outputs = told.as_array().unwrap().iter();
    let pair = |output: &Value| (text(output, "OutputKey"), text(output, "OutputValue"));
    Stack(outputs.map(pair).collect())
}

/// The first admin key, as the README tells an operator; a client that has it.
pub(crate) async fn first_key(tools: &Tools, aws: &Aws) -> Client {
    let mut sam = tools.command("sam");
    let invoke = ["remote", "invoke", "BootstrapFunction", "--stack-name", NAME];
    let told = run(aws.at(&mut sam).args(invoke)).await;
    let told: Value = serde_json::from_str(told.trim()).unwrap();
    assert_eq!(told["tenantId"], 1);
    Client::new(&api(aws), told["apiKey"].as_str().unwrap())
}

/// Calls the bootstrap function.
pub(crate) async fn bootstrap(tools: &Tools, aws: &Aws, event: &str) -> Value {
    let mut sam = tools.command("sam");
    let invoke = ["remote", "invoke", "BootstrapFunction", "--stack-name", NAME, "--event", event];
    serde_json::from_str(run(aws.at(&mut sam).args(invoke)).await.trim()).unwrap()
}

/// The environment that the template gives a function.
pub(crate) async fn environment(aws: &Aws, function: &str) -> BTreeMap<String, String> {
    let asked = json!({"FunctionName": format!("{NAME}-{function}")});
    let mut told = aws.call("lambda", "get_function_configuration", asked).await;
    serde_json::from_value(told["Environment"]["Variables"].take()).unwrap()
}

/// All is well, as the doctor of the bootstrap function sees it.
pub(crate) async fn is_well(tools: &Tools, aws: &Aws) {
    let told = bootstrap(tools, aws, r#"{"check": true}"#).await;
    assert_eq!(told["fine"], true, "{told}");
    let checks = told["findings"].as_array().unwrap().iter().map(|finding| &finding["check"]);
    assert!(checks.eq(["tables", "master key", "form", "rows", "due", "queue"]), "{told}");
}

/// The end of the stack: tables and master key outlive it. `sam delete` does the same, but cannot
/// read the address that the emulator gives a nested template.
pub(crate) async fn delete(aws: &Aws, stack: &Stack) {
    aws.call("cloudformation", "delete_stack", json!({"StackName": NAME})).await;
    until("the end of the stack", || async {
        let stacks = aws.call("cloudformation", "list_stacks", json!({})).await;
        let all = stacks["StackSummaries"].as_array().unwrap();
        let of = |stack: &&Value| stack["StackName"] == NAME;
        all.iter().filter(of).all(|s| s["StackStatus"] == "DELETE_COMPLETE").then_some(())
    })
    .await;
    for table in ["CoreTableName", "CatalogTableName"] {
        let asked = json!({"TableName": stack.output(table), "Limit": 1});
        let rows = aws.call("dynamodb", "scan", asked).await;
        assert_eq!(rows["Count"], 1, "{table}");
    }
    let asked = json!({"SecretId": stack.output("MasterKeyArn")});
    let key = aws.call("secretsmanager", "get_secret_value", asked).await;
    let kept: BTreeMap<u32, String> =
        serde_json::from_str(key["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!((kept.len(), kept[&2].len()), (1, 64));
    let functions = aws.call("lambda", "list_functions", json!({})).await;
    assert_eq!(functions["Functions"], json!([]));
}
