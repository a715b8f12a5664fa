//! The functions' part of `infra/template.yaml`, made from the table of routes and the list of what
//! each function may do. What no table knows is said here: time-outs, and what calls a function
//! that has no route.
//!
//! Neighbours: `template` holds the whole of the templates against the rules for AWS.

use std::collections::BTreeMap;
use std::fmt::Write;

use edge::http::routes::Route;
use edge::http::table::ROUTES;

use crate::grants::GRANTS;
use crate::infra::text;

/// Between these lines of the template nothing is written by hand.
const MADE: (&str, &str) = ("  # --- made of ROUTES and GRANTS from here\n", "\nOutputs:\n");

const TEMPLATE: &str = "infra/template.yaml";

/// Properties of a function that no table knows.
const BY_HAND: [(&str, &str); 5] = [
    ("bootstrap", "      # A migration works for 20 s a call.\n      Timeout: 29\n"),
    ("activations", "      # A bulk of 100, one transaction each.\n      Timeout: 29\n"),
    ("requests", "      # A retry of 100, one transaction each.\n      Timeout: 29\n"),
    (
        "dispatch",
        "      Timeout: 60
      Events:
        Dispatch:
          Type: SQS
          Properties:
            Queue: !GetAtt Messaging.Outputs.DispatchQueueArn
            BatchSize: 10
            MaximumBatchingWindowInSeconds: 0
            FunctionResponseTypes: [ReportBatchItemFailures]
            ScalingConfig: { MaximumConcurrency: 20 }
",
    ),
    (
        "sweeper",
        "      Timeout: 55
      Events:
        EveryMinute:
          Type: Schedule
          Properties: { Schedule: rate(1 minute) }
",
    ),
];

/// Who reads the index `lines` reads `list` as long as a stack of 0.1.0 has it.
const OF_OLD_INDEX: &str = "              - !If
                - HasList
                - Effect: Allow
                  Action: [dynamodb:Query]
                  Resource: !Sub \"${Data.Outputs.CoreTableArn}/index/list\"
                - !Ref AWS::NoValue
";

/// Routes of API Gateway whose names do not follow from their keys: those of 0.1.0, which a stack
/// must not make anew.
const NAMED: [(&str, &str); 3] = [
    ("/v1/product-keys/{proxy+}", "ProductKeys"),
    ("/v90/ws/{proxy+}", "LdkEms"),
    ("/crmapi/{proxy+}", "Crm"),
];

/// A resource of `GRANTS`: its service, its ARN.
fn resource(name: &str) -> (&'static str, &'static str) {
    match name {
        "core" => ("dynamodb", "!GetAtt Data.Outputs.CoreTableArn"),
        "catalog" => ("dynamodb", "!GetAtt Data.Outputs.CatalogTableArn"),
        "core/listed" => ("dynamodb", "!Sub \"${Data.Outputs.CoreTableArn}/index/listed\""),
        "core/owner" => ("dynamodb", "!Sub \"${Data.Outputs.CoreTableArn}/index/owner\""),
        "core/due" => ("dynamodb", "!Sub \"${Data.Outputs.CoreTableArn}/index/due\""),
        "catalog/list" => ("dynamodb", "!Sub \"${Data.Outputs.CatalogTableArn}/index/list\""),
        "master-key" => ("secretsmanager", "!GetAtt Data.Outputs.MasterKeyArn"),
        "queue" => ("sqs", "!GetAtt Messaging.Outputs.DispatchQueueArn"),
        "dead-letters" => ("sqs", "!GetAtt Messaging.Outputs.DispatchDeadLetterQueueArn"),
        other => panic!("the template has no resource {other}: say here which it is"),
    }
}

fn title(text: &str) -> String {
    text.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// The key of API Gateway under which a route is called, and its name in the template.
fn key(route: &Route) -> (String, String) {
    let named = |(key, _): &&(&str, &str)| route.path.starts_with(key.trim_end_matches("{proxy+}"));
    if let Some((key, name)) = NAMED.iter().find(named) {
        return ((*key).to_owned(), (*name).to_owned());
    }
    let parts: Vec<&str> = route.path.split('/').skip(1).collect();
    let head = format!("/{}/{}", parts[0], parts[1]);
    let owner = ROUTES.iter().find(|other| other.path == head);
    if owner.is_some_and(|owner| owner.function != route.function) {
        let words = parts[1..].iter().filter(|part| !part.starts_with('{'));
        return (route.path.to_owned(), words.map(|part| title(part)).collect());
    }
    match parts.len() {
        2 => (head, title(parts[1])),
        _ => (format!("{head}/{{proxy+}}"), format!("{}Below", title(parts[1]))),
    }
}

fn policy(out: &mut String, folder: &str, grants: &[&str]) {
    let mut allowed: Vec<(&str, Vec<String>)> = Vec::new();
    for line in grants {
        let (name, actions) = line.split_once(": ").unwrap();
        let (service, arn) = resource(name);
        let mut actions: Vec<String> =
            actions.split(' ').map(|action| format!("{service}:{action}")).collect();
        if (folder, name) == ("dispatch", "queue") {
            // What Lambda itself does there in the function's name.
            let source = ["DeleteMessage", "GetQueueAttributes", "ReceiveMessage"];
            actions.extend(source.map(|action| format!("sqs:{action}")));
            actions.sort();
        }
        allowed.push((arn, actions));
    }
    let log = format!("!GetAtt {}Log.Arn", title(folder));
    let of_lambda = |actions: [&str; 2]| actions.map(str::to_owned).to_vec();
    allowed.push((&log, of_lambda(["logs:CreateLogStream", "logs:PutLogEvents"])));
    allowed.push(("\"*\"", of_lambda(["xray:PutTelemetryRecords", "xray:PutTraceSegments"])));
    if grants.iter().any(|line| line.starts_with("core/listed: ")) {
        out.push_str(OF_OLD_INDEX);
    }
    for (arn, actions) in allowed {
        let line = format!("                Action: [{}]\n", actions.join(", "));
        let lines = actions.iter().map(|action| format!("                  - {action}\n"));
        let lines = format!("                Action:\n{}", lines.collect::<String>());
        let action = if line.len() <= 100 { line } else { lines };
        write!(out, "              - Effect: Allow\n{action}                Resource: {arn}\n")
            .unwrap();
    }
}

fn function(out: &mut String, folder: &str, grants: &[&str]) {
    let name = title(folder);
    let has = |resource: &str| grants.iter().any(|line| line.starts_with(resource));
    let mut environment = String::new();
    for (needed, variable, value) in [
        ("master-key: ", "MASTER_KEY_ARN", "Data.Outputs.MasterKeyArn"),
        ("dead-letters: ", "DEAD_LETTER_QUEUE_URL", "Messaging.Outputs.DispatchDeadLetterQueueUrl"),
    ] {
        if has(needed) {
            writeln!(environment, "          {variable}: !GetAtt {value}").unwrap();
        }
    }
    if !environment.is_empty() {
        environment = format!("      Environment:\n        Variables:\n{environment}");
    }
    let by_hand = BY_HAND.iter().find(|(of, _)| *of == folder).map_or("", |(_, text)| text);
    write!(
        out,
        "
  # --- {folder}
  {name}Function:
    Type: AWS::Serverless::Function
    Metadata: {{ BuildMethod: rust-cargolambda }}
    Properties:
      FunctionName: !Sub \"${{AWS::StackName}}-{folder}\"
      CodeUri: ../functions/{folder}
      Role: !GetAtt {name}Role.Arn
      LoggingConfig: {{ LogGroup: !Ref {name}Log }}
{environment}{by_hand}
  {name}Log:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub \"/aws/lambda/${{AWS::StackName}}-{folder}\"
      RetentionInDays: !Ref LogRetentionDays

  {name}Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: \"2012-10-17\"
        Statement:
          - Effect: Allow
            Principal: {{ Service: lambda.amazonaws.com }}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: {folder}
          PolicyDocument:
            Version: \"2012-10-17\"
            Statement:
"
    )
    .unwrap();
    policy(out, folder, grants);
}

/// What leads from API Gateway to a function.
fn called(out: &mut String, folder: &str) {
    let name = title(folder);
    let mut keys = BTreeMap::new();
    for route in ROUTES.iter().filter(|route| <&str>::from(route.function) == folder) {
        // What has no route of its own is answered by `access`, with our own 404.
        let all = ("$default".to_owned(), "Access".to_owned());
        let (key, name) = if folder == "access" { all } else { key(route) };
        let key = if key.starts_with('/') { format!("ANY {key}") } else { key };
        keys.insert(name, key);
    }
    if keys.is_empty() {
        return;
    }
    write!(
        out,
        "
  {name}Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref {name}Function
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub \"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:\
        ${{Api}}/*\"

  {name}Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      PayloadFormatVersion: \"2.0\"
      IntegrationUri: !GetAtt {name}Function.Arn
"
    )
    .unwrap();
    for (route, key) in keys {
        write!(
            out,
            "
  {route}Route:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: {key}
      Target: !Sub \"integrations/${{{name}Integration}}\"
"
        )
        .unwrap();
    }
}

#[test]
fn the_functions_of_the_template_follow_from_the_tables() {
    let mut made = String::new();
    for (folder, grants) in GRANTS {
        function(&mut made, folder, grants);
        called(&mut made, folder);
    }
    let template = text(TEMPLATE);
    let (before, rest) = template.split_once(MADE.0).unwrap();
    let (stands, after) = rest.split_once(MADE.1).unwrap();
    if std::env::var_os("UPDATE_TEMPLATE").is_some() && stands != made {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let whole = [before, MADE.0, &made, MADE.1, after].concat();
        std::fs::write(path.join(TEMPLATE), whole).unwrap();
        return;
    }
    let told = "run it again with UPDATE_TEMPLATE=1, and look at what has changed";
    assert_eq!(stands, made, "{TEMPLATE}: {told}");
}
