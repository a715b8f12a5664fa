//! The AWS templates against the code and the rules for what runs on AWS: each rule is seen to
//! fail.

use std::collections::BTreeSet;

use domain::limits::{LEASE_MARGIN, TIMEOUT};
use edge::http::table::ROUTES;
use serde_json::{Value, json};
use store::keys::attribute;

use crate::grants::GRANTS;
use crate::infra::{Infra, text};
use crate::template_changes::BROKEN;
use crate::template_indexes::indexes;

/// What is wrong, in words.
type Findings = Vec<String>;
type Rule = fn(&Infra) -> Findings;

fn finding(broken: bool, what: &str) -> Findings {
    broken.then(|| what.to_owned()).into_iter().collect()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(-1)
}

/// The dispatcher, and its event source.
fn dispatcher(infra: &Infra) -> (Value, Value) {
    let all = infra.functions();
    let (_, _, dispatch) = all.iter().find(|(folder, ..)| folder == "dispatch").unwrap();
    (dispatch.clone(), dispatch["Events"]["Dispatch"]["Properties"].clone())
}

fn queue(infra: &Infra) -> Findings {
    let (dispatch, source) = dispatcher(infra);
    let queue = &infra.messaging["Resources"]["DispatchQueue"]["Properties"];
    let dead = &infra.messaging["Resources"]["DispatchDeadLetterQueue"]["Properties"];
    let worked = 6 * number(&dispatch["Timeout"]);
    let least = worked + number(&source["MaximumBatchingWindowInSeconds"]);
    let attempt = (TIMEOUT.1.millis() + LEASE_MARGIN.millis()) / 1000;
    let redrive = &queue["RedrivePolicy"];
    let target = json!({"Fn::GetAtt": "DispatchDeadLetterQueue.Arn"});
    let arn = json!({"Fn::GetAtt": "Messaging.Outputs.DispatchQueueArn"});
    let retention = |queue: &Value| number(&queue["MessageRetentionPeriod"]);
    [
        (number(&queue["VisibilityTimeout"]) < least, "visibility below six time-outs and window"),
        (number(&dispatch["Timeout"]) < attempt, "a dispatcher that ends before an attempt"),
        (source["FunctionResponseTypes"] != json!(["ReportBatchItemFailures"]), "batch failures"),
        (number(&source["BatchSize"]) != 10, "batch size"),
        (number(&source["ScalingConfig"]["MaximumConcurrency"]) < 2, "maximum concurrency"),
        (source["Queue"] != arn, "event source"),
        (number(&redrive["maxReceiveCount"]) < 5, "fewer than five receives"),
        (redrive["deadLetterTargetArn"] != target, "dead-letter target"),
        (retention(dead) <= retention(queue), "dead letters die first"),
        (queue["SqsManagedSseEnabled"] != true, "queue in the clear"),
        (dead["SqsManagedSseEnabled"] != true, "dead letters in the clear"),
    ]
    .into_iter()
    .flat_map(|(broken, what)| finding(broken, what))
    .collect()
}

fn alarms(infra: &Infra) -> Findings {
    let wanted = [
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "DispatchDeadLetterQueue.QueueName"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "DispatchQueue.QueueName"),
        ("AWS/ApiGateway", "5xx", "Api"),
        ("Provisio", "SweeperLag", "AWS::StackName"),
    ];
    let alarm = "AWS::CloudWatch::Alarm";
    let all: Vec<&Value> = Infra::of_type(&infra.template, alarm)
        .chain(Infra::of_type(&infra.messaging, alarm))
        .map(|(_, properties)| properties)
        .collect();
    let mut findings = Findings::new();
    for (namespace, metric, of) in wanted {
        let fits = |alarm: &&&Value| {
            let dimension = alarm["Dimensions"][0]["Value"].to_string();
            alarm["Namespace"] == namespace
                && alarm["MetricName"] == metric
                && dimension.contains(&format!("\"{of}\""))
        };
        let found = all.iter().find(fits);
        findings.extend(finding(found.is_none(), &format!("no alarm on {metric}")));
        let told =
            found.is_none_or(|alarm| alarm["AlarmActions"].to_string().contains("AlarmTopicArn"));
        findings.extend(finding(!told, &format!("the alarm on {metric} tells nobody")));
        let silent = metric == "SweeperLag"
            && found.is_some_and(|alarm| alarm["TreatMissingData"] != "breaching");
        findings.extend(finding(silent, "a sweeper that does not run is no alarm"));
    }
    findings
}

/// How well a route of the template fits a call, as API Gateway ranks them; none if it does not.
fn fit(key: &str, verb: &str, path: &str) -> Option<(usize, bool)> {
    if key == "$default" {
        return Some((0, false));
    }
    let (of_verb, pattern) = key.split_once(' ')?;
    if of_verb != "ANY" && of_verb != verb {
        return None;
    }
    let (mut same, mut parts) = (1, path.split('/'));
    for wanted in pattern.split('/') {
        let part = parts.next()?;
        match wanted {
            "{proxy+}" => return Some((same, false)),
            _ if wanted.starts_with('{') || wanted == part => same += 1,
            _ => return None,
        }
    }
    parts.next().is_none().then_some((same, true))
}

fn routes(infra: &Infra) -> Findings {
    let functions = infra.functions();
    let integrations: Vec<_> =
        Infra::of_type(&infra.template, "AWS::ApiGatewayV2::Integration").collect();
    let folder_of = |target: &Value| {
        let target = target["Fn::Sub"].as_str()?;
        let name = target.strip_prefix("integrations/${")?.strip_suffix('}')?;
        let (_, integration) = integrations.iter().find(|(other, _)| *other == name)?;
        let uri = integration["IntegrationUri"]["Fn::GetAtt"].as_str()?.strip_suffix(".Arn")?;
        let form = integration["PayloadFormatVersion"] == "2.0";
        functions.iter().find(|(_, id, _)| *id == uri && form).map(|(folder, ..)| folder.clone())
    };
    let all: Vec<(&str, Option<String>)> =
        Infra::of_type(&infra.template, "AWS::ApiGatewayV2::Route")
            .map(|(_, route)| (route["RouteKey"].as_str().unwrap(), folder_of(&route["Target"])))
            .collect();
    let (mut findings, mut used) = (Findings::new(), BTreeSet::new());
    for route in ROUTES {
        let best = all.iter().max_by_key(|(key, _)| fit(key, route.verb, route.path));
        let best = best.filter(|(key, _)| fit(key, route.verb, route.path).is_some());
        let wanted: &str = route.function.into();
        let leads = best.and_then(|(_, folder)| folder.as_deref());
        used.extend(best.map(|(key, _)| *key));
        let what = format!("{} leads to {leads:?}", route.operation);
        findings.extend(finding(leads != Some(wanted), &what));
    }
    for (key, _) in &all {
        findings.extend(finding(!used.contains(key), &format!("nobody uses the route {key}")));
    }
    for (folder, name, _) in &functions {
        let routed = ROUTES.iter().any(|route| <&str>::from(route.function) == folder);
        let mut permissions = Infra::of_type(&infra.template, "AWS::Lambda::Permission");
        let called = permissions.any(|(_, p)| p["FunctionName"] == json!({"Ref": name}));
        findings.extend(finding(routed != called, &format!("who may invoke {folder}")));
    }
    findings
}

/// The resource of a statement, as `GRANTS` calls it.
fn resource_of(resource: &Value, log: &str) -> String {
    let text = resource.to_string();
    let own_log = format!("{{\"Fn::GetAtt\":\"{log}.Arn\"}}");
    match text.as_str() {
        r#"{"Fn::GetAtt":"Data.Outputs.CoreTableArn"}"# => "core".to_owned(),
        r#"{"Fn::GetAtt":"Data.Outputs.CatalogTableArn"}"# => "catalog".to_owned(),
        r#"{"Fn::Sub":"${Data.Outputs.CoreTableArn}/index/listed"}"# => "core/listed".to_owned(),
        r#"{"Fn::Sub":"${Data.Outputs.CoreTableArn}/index/owner"}"# => "core/owner".to_owned(),
        r#"{"Fn::Sub":"${Data.Outputs.CoreTableArn}/index/due"}"# => "core/due".to_owned(),
        r#"{"Fn::Sub":"${Data.Outputs.CatalogTableArn}/index/list"}"# => "catalog/list".to_owned(),
        r#"{"Fn::GetAtt":"Data.Outputs.MasterKeyArn"}"# => "master-key".to_owned(),
        r#"{"Fn::GetAtt":"Messaging.Outputs.DispatchQueueArn"}"# => "queue".to_owned(),
        r#"{"Fn::GetAtt":"Messaging.Outputs.DispatchDeadLetterQueueArn"}"# => {
            "dead-letters".to_owned()
        }
        _ if text == own_log => "log".to_owned(),
        _ => text,
    }
}

/// What Lambda itself does in a function's name, beside what the code calls. X-Ray has no ARNs.
fn of_lambda(folder: &str) -> &'static [&'static str] {
    const LOGS: &str = "log logs:CreateLogStream logs:PutLogEvents";
    const TRACES: &str = "\"*\" xray:PutTelemetryRecords xray:PutTraceSegments";
    const SOURCE: &str = "queue sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage";
    if folder == "dispatch" { &[LOGS, TRACES, SOURCE] } else { &[LOGS, TRACES] }
}

fn permissions(infra: &Infra) -> Findings {
    let mut findings = Findings::new();
    for (folder, _, function) in infra.functions() {
        let name = |reference: &Value| reference.as_str().unwrap_or_default().to_owned();
        let role = name(&function["Role"]["Fn::GetAtt"]).replace(".Arn", "");
        let log = name(&function["LoggingConfig"]["LogGroup"]["Ref"]);
        let role = &infra.template["Resources"][&role]["Properties"];
        let policy = &role["Policies"][0]["PolicyDocument"]["Statement"];
        let mut given = BTreeSet::new();
        let whole = policy.as_array().into_iter().flatten();
        let (old, policy): (Vec<_>, Vec<_>) = whole.partition(|part| part["Fn::If"] != json!(null));
        for statement in policy {
            let resource = resource_of(&statement["Resource"], &log);
            let actions = statement["Action"].as_array().into_iter().flatten();
            given.extend(actions.map(|action| format!("{resource} {}", name(action))));
        }
        let grants = GRANTS.iter().find(|(of, _)| *of == folder);
        let service = |resource: &str| match resource {
            "queue" | "dead-letters" => "sqs",
            "master-key" => "secretsmanager",
            _ => "dynamodb",
        };
        let mut wanted = BTreeSet::new();
        for line in grants.into_iter().flat_map(|(_, lines)| lines.iter()) {
            let (resource, actions) = line.split_once(": ").unwrap();
            let action = |action| format!("{resource} {}:{action}", service(resource));
            wanted.extend(actions.split(' ').map(action));
        }
        for line in of_lambda(&folder) {
            let (resource, actions) = line.split_once(' ').unwrap();
            wanted.extend(actions.split(' ').map(|action| format!("{resource} {action}")));
        }
        let lists = wanted.contains("core/listed dynamodb:Query");
        let reads_old =
            |part: &&Value| part["Fn::If"][0] == "HasList" && of_old(&part["Fn::If"][1]);
        let reads = old.iter().filter(|part| reads_old(part)).count();
        let what = format!("{folder} reads the index of 0.1.0, or should");
        findings.extend(finding((reads, old.len()) != (usize::from(lists), reads), &what));
        let missing: Vec<_> = wanted.difference(&given).collect();
        let more: Vec<_> = given.difference(&wanted).collect();
        let what = format!("{folder} may not {missing:?}, may needlessly {more:?}");
        findings.extend(finding(given != wanted, &what));
        let others = role.as_object().is_none_or(|role| role.contains_key("ManagedPolicyArns"));
        findings.extend(finding(others, &format!("{folder} has a policy that nobody counts")));
    }
    findings
}

/// Whether a statement lets read the index `list` of the table `core`, and nothing else.
fn of_old(statement: &Value) -> bool {
    let arn = json!({"Fn::Sub": "${Data.Outputs.CoreTableArn}/index/list"});
    *statement == json!({"Effect": "Allow", "Action": ["dynamodb:Query"], "Resource": arn})
}

fn tables(infra: &Infra) -> Findings {
    let key = |hash: &str, range: &str| {
        json!([{"AttributeName": hash, "KeyType": "HASH"},
            {"AttributeName": range, "KeyType": "RANGE"}])
    };
    let mut findings = Findings::new();
    for name in ["CoreTable", "CatalogTable"] {
        let resource = &infra.data["Resources"][name];
        let table = &resource["Properties"];
        let recovery = &table["PointInTimeRecoverySpecification"];
        let ttl = json!({"AttributeName": attribute::TTL, "Enabled": true});
        let protected = json!({"Fn::If": ["Protected", true, false]});
        for (broken, what) in [
            (table["KeySchema"] != key(attribute::PK, attribute::SK), "another key"),
            (table["BillingMode"] != "PAY_PER_REQUEST", "not on demand"),
            (table["SSESpecification"] != json!({"SSEEnabled": true}), "not encrypted"),
            (*recovery != json!({"PointInTimeRecoveryEnabled": true}), "no recovery"),
            (table["TimeToLiveSpecification"] != ttl, "rows that never go"),
            (table["DeletionProtectionEnabled"] != protected, "not protected"),
            (resource["DeletionPolicy"] != "Retain", "goes with its stack"),
            (resource["UpdateReplacePolicy"] != "Retain", "goes when it is replaced"),
        ] {
            findings.extend(finding(broken, &format!("{name}: {what}")));
        }
    }
    let data = &infra.template["Resources"]["Data"];
    let stays = data["DeletionPolicy"] == "Retain" && data["UpdateReplacePolicy"] == "Retain";
    findings.extend(finding(!stays, "the data goes with the rest"));
    let key = &infra.data["Resources"]["MasterKey"];
    let kept = key["DeletionPolicy"] == "Retain" && key["UpdateReplacePolicy"] == "Retain";
    findings.extend(finding(!kept, "the master key goes with its stack"));
    let made = &key["Properties"]["GenerateSecretString"];
    let excluded = made["ExcludeCharacters"].as_str().unwrap_or_default();
    let visible = (' '..='~').filter(|c| *c != ' ' && !excluded.contains(*c));
    let hex = visible.eq("0123456789abcdef".chars()) && made["PasswordLength"] == 64;
    findings.extend(finding(!hex, "the master key is not 64 hex digits"));
    findings
}

/// The names that the code reads, without those that Lambda sets.
fn environment() -> BTreeSet<String> {
    let config = text("functions/edge/src/config.rs");
    let names = config.split("#[config(env = \"").skip(1);
    let names = names.map(|rest| rest.split('"').next().unwrap().to_owned());
    names.filter(|name| !name.starts_with("AWS_")).collect()
}

fn functions(infra: &Infra) -> Findings {
    let mut findings = Findings::new();
    let all = infra.functions();
    let folders: BTreeSet<&str> = all.iter().map(|(folder, ..)| folder.as_str()).collect();
    let granted: BTreeSet<&str> = GRANTS.iter().map(|(folder, _)| *folder).collect();
    findings.extend(finding(folders != granted, "other functions than the code's"));
    for (folder, id, function) in &all {
        let log = function["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap_or_default();
        let log = &infra.template["Resources"][log]["Properties"];
        let variables = function["Environment"]["Variables"].as_object();
        let given: BTreeSet<String> =
            variables.into_iter().flatten().map(|(n, _)| n.clone()).collect();
        let mut wanted = environment();
        let of = GRANTS.iter().find(|(of, _)| of == folder).map(|(_, lines)| *lines);
        let has_key = |lines: &[&str]| lines.iter().any(|line| line.starts_with("master-key: "));
        if !of.is_some_and(has_key) {
            wanted.remove("MASTER_KEY_ARN");
        }
        if folder != "bootstrap" {
            // The doctor alone looks at it.
            wanted.remove("DEAD_LETTER_QUEUE_URL");
        }
        let build = &infra.template["Resources"][*id]["Metadata"]["BuildMethod"];
        let slow = folder != "dispatch" && folder != "sweeper";
        for (broken, what) in [
            (given != wanted, "another environment than the code reads"),
            (function["Runtime"] != "provided.al2023", "another runtime"),
            (*build != "rust-cargolambda", "not built"),
            (function["Architectures"] != json!([{"Ref": "Architecture"}]), "one architecture"),
            (function["Tracing"] != "Active", "no trace"),
            (log["RetentionInDays"] != json!({"Ref": "LogRetentionDays"}), "logs for ever"),
            // API Gateway waits for 30 s at most; the next sweep comes in 60.
            (slow && number(&function["Timeout"]) > 29, "nobody waits so long"),
            (number(&function["Timeout"]) > 60, "too long"),
        ] {
            findings.extend(finding(broken, &format!("{folder}: {what}")));
        }
    }
    let architecture = &infra.template["Parameters"]["Architecture"];
    findings.extend(finding(architecture["Default"] != "arm64", "arm64 is not the default"));
    let (_, stage) = Infra::of_type(&infra.template, "AWS::ApiGatewayV2::Stage").next().unwrap();
    let limit = &stage["DefaultRouteSettings"]["ThrottlingRateLimit"];
    findings.extend(finding(limit.is_null(), "no throttling"));
    let log = &stage["AccessLogSettings"]["DestinationArn"];
    findings.extend(finding(log.is_null(), "no access log"));
    let schedule = &infra.template["Resources"]["SweeperFunction"]["Properties"]["Events"];
    let minute = schedule["EveryMinute"]["Properties"]["Schedule"] == "rate(1 minute)";
    findings.extend(finding(!minute, "nobody calls the sweeper"));
    findings
}

const RULES: [Rule; 7] = [queue, alarms, routes, permissions, indexes, tables, functions];

#[test]
fn the_templates_say_what_the_code_needs() {
    let infra = Infra::read();
    let findings: Findings = RULES.iter().flat_map(|rule| rule(&infra)).collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

/// A change of a template must be noticed, in its words.
#[test]
fn each_rule_is_seen_to_fail() {
    for [file, from, to, words] in BROKEN {
        let infra = Infra::changed(file, from, to);
        let findings: Findings = RULES.iter().flat_map(|rule| rule(&infra)).collect();
        let noticed = findings.iter().any(|finding| finding.contains(words));
        assert!(noticed, "{file}: {from:?} -> {to:?} gives {findings:?}");
    }
}
