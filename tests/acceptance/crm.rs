//! CRM.COM's view of a request (source 003): its example, its fields, its ways of saying no.

use harness::{Client, Reply, Story};
use reqwest::Method;
use serde_json::{Map, Value, json};

const SHOW: &str = "/crmapi/rest/v2/provisioning/provisioning_requests/show";
const EXAMPLE: &str = include_str!("crm/example.json");

/// Every object of the source with its members, no more and no fewer.
const OBJECTS: &[(&str, &str)] = &[
    (
        "",
        "id number type sequence_number scheduled_date executed_date process_immediately \
         life_cycle_state request response reference_number error_code error_description \
         process_name process_id provisioning_provider subscription parameters_set log_information",
    ),
    ("provisioning_provider", "id name alternative_code description provisioning_protocol"),
    (
        "subscription",
        "id number life_cycle_state first_activated_date rating_state accounts_receivable type",
    ),
    ("subscription/type", "id name alternative_code description classification"),
    ("subscription/accounts_receivable", "id number name life_cycle_state account_owner"),
    (
        "subscription/accounts_receivable/account_owner",
        "id type life_cycle_state name first_name middle_name last_name title company_name \
         demographics company_profile",
    ),
    (
        "subscription/accounts_receivable/account_owner/demographics",
        "gender id_number id_number_expiration_date passport_number \
         passport_number_expiration_date social_security_number date_of_birth name_day \
         country_of_residence id_issued_by_country passport_issued_by_country industry \
         industry_sector",
    ),
    ("subscription/accounts_receivable/account_owner/demographics/date_of_birth", "day month year"),
    ("subscription/accounts_receivable/account_owner/demographics/name_day", "day month"),
    (
        "subscription/accounts_receivable/account_owner/demographics/country_of_residence",
        "id name alternative_code dialing_code two_character_code three_character_code \
         country_flag",
    ),
    (
        "subscription/accounts_receivable/account_owner/demographics/country_of_residence/\
         country_flag",
        "id file",
    ),
    (
        "subscription/accounts_receivable/account_owner/demographics/country_of_residence/\
         country_flag/file",
        "file_name file_content_url file_mime_type",
    ),
    ("subscription/accounts_receivable/account_owner/demographics/industry", "id name code"),
    (
        "subscription/accounts_receivable/account_owner/demographics/industry_sector",
        "id name alternative_code",
    ),
    (
        "subscription/accounts_receivable/account_owner/company_profile",
        "profile_year annual_turnover established_date number_of_employees registration_number \
         vat_registration_number vat_registered_by vat_registration_date tax_reference_number \
         registered_in_country industry industry_sector",
    ),
    ("parameters_set/0", "id string_value integer_value float_value date_value clob_value"),
    (
        "log_information",
        "created_date updated_date created_by_unit updated_by_unit created_by_business_unit \
         updated_by_business_unit created_by_user updated_by_user",
    ),
    (
        "log_information/created_by_unit",
        "id name group_name community_name alternative_code description",
    ),
    (
        "log_information/updated_by_business_unit",
        "id name code unified_code description parent_business_unit_name",
    ),
    ("log_information/created_by_user", "id username person_name email"),
];

/// The example's data, made through the API: its names, numbers and texts.
async fn told() -> (Story, u64) {
    let story = Story::begin().await;
    let admin = story.admin();
    let patch = async |path: String, body: Value| {
        let body = Some(body.to_string().into_bytes());
        let reply = admin.call(Method::PATCH, &path, &[("if-match", "*")], body).await;
        reply.expect(200)
    };
    let unit = json!({"name": "Admin Unit", "alternativeCode": "adminunit",
        "description": "admin unit", "groupName": "Group", "communityName": "Community",
        "parentBusinessUnitName": "Parent"});
    patch("/v1/tenant".to_owned(), unit).await;
    let flag = json!({"id": "F1", "file": {"fileName": "cy.png",
        "fileContentUrl": "https://flags.example/cy.png", "fileMimeType": "image/png"}});
    let country = json!({"id": "181", "name": "CYPRUS", "alternativeCode": "CYP",
        "dialingCode": "357", "twoCharacterCode": "CY", "threeCharacterCode": "CYP",
        "countryFlag": flag});
    let sector = json!({"id": "S1", "name": "Video", "alternativeCode": "VID"});
    let industry = json!({"id": "I1", "name": "Media", "code": "MED"});
    let profile = json!({
        "type": "PERSON", "lifeCycleState": "FINANCIAL", "firstName": "Tucano",
        "lastName": "Provider_2",
        "demographics": {"idNumber": "854693", "passportNumber": "P-1",
            "socialSecurityNumber": "SSN-1", "idNumberExpirationDate": "2027-04-30",
            "countryOfResidence": country, "industry": industry, "industrySector": sector},
        "companyProfile": {"annualTurnover": 1.5, "establishedDate": "2001-02-03"},
        "accountsReceivable": {"id": "22CAF157C73047B69D97D8FF3F0B8E5B",
            "number": "ACR0000000510", "name": "Tucano_2", "lifeCycleState": "ACTIVE"}});
    let body = json!({"name": "Tucano Provider_2", "profile": profile});
    patch(format!("/v1/customers/{}", story.customer), body).await;
    let kind = json!({"description": "a farm of pods", "classification": "PACKAGE"});
    patch(format!("/v1/products/{}", story.product), kind).await;
    let plan = json!({"name": "Pods", "definition": {"username": "S0000000327", "pods": 5}});
    admin.put(&format!("/v1/plans/{}", story.plan), &plan).await.expect(200);
    let method = json!({"name": "AlphaNetworks Tucano", "type": "CALLOUT",
        "alternativeCode": "AT", "protocol": "TUCANO", "requestType": "CREATE_ACCOUNT",
        "endpointUrl": story.provider.url});
    admin.put(&format!("/v1/methods/{}", story.method), &method).await.expect(200);
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    let response = json!({"result": {"confirmEmailSent": false}, "error": null, "status": true});
    let done = json!({"status": "COMPLETED", "response": response});
    story.report(id, "done", &done).await.expect(200);
    (story, id)
}

async fn show(client: &Client, query: &str) -> Reply {
    client.get(&format!("{SHOW}?{query}")).await
}

/// Every name of the example is answered at its path with its kind of value.
fn covers(answer: &Value, example: &Value, at: &str) {
    match example {
        Value::Object(members) => {
            for (name, value) in members {
                let found = answer.get(name);
                let found = found.unwrap_or_else(|| panic!("{at}/{name} is missing"));
                covers(found, value, &format!("{at}/{name}"));
            }
        }
        Value::Array(rows) => covers(&answer[0], &rows[0], &format!("{at}/0")),
        // The example's null may be a value here, and a value that we do not have is null.
        Value::Null => {}
        _ if answer.is_null() => {
            let unset = ["date_value", "string_value", "clob_value", "description", "person_name"];
            assert!(unset.iter().any(|name| at.ends_with(name)), "{at} is null");
        }
        _ => assert_eq!(
            std::mem::discriminant(answer),
            std::mem::discriminant(example),
            "{at}: {answer}"
        ),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sources_example_is_answered_name_by_name() {
    let (story, id) = told().await;
    let query = format!("provisioning_request_identifier=number={id}");
    let answer = show(story.admin(), &query).await.expect(200);
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    covers(&answer, &example, "");
    let data = &answer["data"];
    for (at, members) in OBJECTS {
        let at = if at.is_empty() { String::new() } else { format!("/{at}") };
        let object = data.pointer(&at).and_then(Value::as_object);
        let object: &Map<String, Value> = object.unwrap_or_else(|| panic!("{at} is no object"));
        let mut found: Vec<&str> = object.keys().map(String::as_str).collect();
        let mut wanted: Vec<&str> = members.split_whitespace().collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{at}");
    }
    assert_eq!(answer["status"], json!({"code": "OK", "description": "", "message": ""}));
    let same = [
        ("life_cycle_state", json!("COMPLETED")),
        ("type", json!("CREATE_ACCOUNT")),
        ("process_immediately", json!(true)),
        ("response", example["data"]["response"].clone()),
        ("error_code", Value::Null),
        ("number", json!(id.to_string())),
        ("id", json!(format!("{id:032X}"))),
        ("sequence_number", json!("1.1")),
    ];
    for (name, value) in same {
        assert_eq!(data[name], value, "{name}");
    }
    let subscription = &data["subscription"];
    assert_eq!(subscription["life_cycle_state"], "EFFECTIVE");
    assert_eq!(subscription["rating_state"], "PENDING");
    let owner = &subscription["accounts_receivable"]["account_owner"];
    let expected = &example["data"]["subscription"]["accounts_receivable"]["account_owner"];
    for name in ["type", "life_cycle_state", "name", "first_name", "last_name"] {
        assert_eq!(owner[name], expected[name], "{name}");
    }
    assert_eq!(owner["demographics"]["id_number_expiration_date"], "2027-04-30T00:00:00");
    let provider = &data["provisioning_provider"];
    assert_eq!(provider["provisioning_protocol"], "TUCANO");
    let executed = data["executed_date"].as_str().unwrap();
    assert_eq!((executed.len(), executed.ends_with('Z')), (19, false));
    let unit = &data["log_information"]["created_by_unit"];
    assert_eq!((&unit["name"], &unit["group_name"]), (&json!("Admin Unit"), &json!("Group")));
    assert_eq!(unit["community_name"], "Community");
    let unit = &data["log_information"]["updated_by_business_unit"];
    assert_eq!(unit["parent_business_unit_name"], "Parent");
    assert_eq!(subscription["type"]["description"], "a farm of pods");
    assert_eq!(subscription["type"]["classification"], "PACKAGE");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_id_and_number_names_the_request() {
    let (story, id) = told().await;
    let (admin, hex) = (story.admin(), format!("{id:032X}"));
    let name = "provisioning_request_identifier";
    for query in [
        format!("{name}=number={id}"),
        format!("{name}[number]={id}"),
        format!("{name}=id={hex}"),
        format!("{name}[id]={hex}&language=en"),
    ] {
        let answer = show(admin, &query).await.expect(200);
        assert_eq!(answer["data"]["number"], json!(id.to_string()), "{query}");
    }
    let check = async |query: &str, status: u16, code: &str| {
        let reply = show(admin, query).await;
        assert_eq!(reply.status, status, "{query}: {}", reply.text);
        assert_eq!(reply.json["status"]["code"], code, "{query}");
        assert_eq!(reply.json["data"], Value::Null, "{query}");
        assert_eq!(reply.json["status"]["description"], "");
        assert!(!reply.json["status"]["message"].as_str().unwrap().is_empty());
    };
    check("", 400, "MISSING_PARAMETER").await;
    check(&format!("{name}=97"), 400, "MISSING_PARAMETER").await;
    check(&format!("{name}=number="), 400, "MISSING_PARAMETER").await;
    let both = format!("{name}[number]={id}&{name}[id]={hex}");
    check(&both, 400, "TOO_MANY_IDENTIFIERS").await;
    let twice = format!("{name}=number={id}&{name}=number={id}");
    check(&twice, 400, "TOO_MANY_IDENTIFIERS").await;
    check(&format!("{name}=number=97"), 404, "NOT_FOUND").await;
    check(&format!("{name}=number=x"), 404, "NOT_FOUND").await;
    check(&format!("{name}=id=8C2792D45B1A4B579ED47666FE54CB5D"), 404, "NOT_FOUND").await;
    let wrong = format!("{name}=number={id}&fields_set=number,colour");
    check(&wrong, 400, "INVALID_FIELDS_SET").await;
    assert!(show(admin, &wrong).await.text.contains("colour"), "the field is named");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_set_leaves_what_is_named() {
    let (story, id) = told().await;
    let query = format!("provisioning_request_identifier=number={id}&fields_set=");
    let of = async |fields: &str| {
        let answer = show(story.admin(), &format!("{query}{fields}")).await.expect(200);
        let members = answer["data"].as_object().unwrap().clone();
        members.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(of("number,life_cycle_state,subscription").await.len(), 4);
    assert_eq!(of("").await.len(), 19, "empty is absent: all");
    assert_eq!(of("number&fields_set=type,life_cycle_state").await.len(), 4, "given twice");
    for name in of("number,life_cycle_state,subscription").await {
        assert!(["id", "number", "life_cycle_state", "subscription"].contains(&name.as_str()));
    }
    let answer = show(story.admin(), &format!("{query}subscription.number")).await.expect(200);
    let left = &answer["data"]["subscription"];
    assert_eq!(left.as_object().unwrap().len(), 2, "number and id: {left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_open_and_close_as_keys_do() {
    let (story, id) = told().await;
    let admin = story.admin();
    let nobody = admin.with_key("");
    let query = format!("provisioning_request_identifier=number={id}");
    let with = |token: &str| format!("{query}&token={token}");
    show(&nobody, &with(&admin.key)).await.expect(200);
    let check = async |client: &Client, query: &str, status: u16, code: &str| {
        let reply = show(client, query).await;
        assert_eq!((reply.status, &reply.json["status"]["code"]), (status, &json!(code)));
        assert!(!reply.text.contains("pvk_"), "the token is not repeated");
    };
    check(&nobody, &query, 401, "INVALID_TOKEN").await;
    check(&nobody, &with("pvk_wrong"), 401, "INVALID_TOKEN").await;
    let other = story.service.another_tenant().await;
    check(&other, &query, 404, "NOT_FOUND").await;
    let role = admin.post("/v1/roles", &json!({"name": "Nothing"})).await.expect(201);
    let body = json!({"name": "Weak", "roleId": role["id"]});
    let key = admin.post("/v1/api-keys", &body).await.expect(201);
    check(&nobody, &with(key["secret"].as_str().unwrap()), 403, "FORBIDDEN").await;
    // In the query it is a token of this facade alone.
    let path = format!("/v1/me?token={}", admin.key);
    nobody.get(&path).await.refused(401, "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_needs_permission() {
    let (story, id) = told().await;
    let admin = story.admin();
    let query = format!("provisioning_request_identifier=number={id}");
    let view = |area: &str, acts: &[&str]| json!({"area": area, "acts": acts});
    let requests = view("entitlement", &["view"]);
    for (name, more, known, private) in [
        ("None", vec![], false, false),
        ("Viewer", vec![view("customer", &["view"])], true, false),
        ("Editor", vec![view("customer", &["view", "edit"])], true, true),
    ] {
        let permissions: Vec<Value> = more.into_iter().chain([requests.clone()]).collect();
        let role = json!({"name": name, "permissions": permissions});
        let role = admin.post("/v1/roles", &role).await.expect(201);
        let body = json!({"name": name, "roleId": role["id"]});
        let key = admin.post("/v1/api-keys", &body).await.expect(201);
        let client = admin.with_key(key["secret"].as_str().unwrap());
        let answer = show(&client, &query).await.expect(200);
        let account = &answer["data"]["subscription"]["accounts_receivable"];
        assert_eq!(account.is_object(), known, "{name}");
        let text = answer.to_string();
        for secret in ["P-1", "SSN-1", "854693", "Provider_2\",\"t"] {
            assert_eq!(text.contains(secret), private, "{name}: {secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn states_errors_and_the_legacy_setting_are_told() {
    let story = Story::begin().await;
    let admin = story.admin();
    story.provider.answer(&[(400, "no such tariff")]);
    let failed = story.activate(1).await;
    story.until_status(failed, "FAILED").await;
    let date = harness::story::days_ahead(9);
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1,
        "scheduledDate": date});
    let later = admin.post("/v1/activations", &body).await.expect(201);
    let later = &later["provisioningRequests"][0]["id"];
    let of = async |id: &Value| {
        let query = format!("provisioning_request_identifier=number={id}");
        show(admin, &query).await.expect(200)["data"].clone()
    };
    let rejected = of(&json!(failed)).await;
    assert_eq!(rejected["life_cycle_state"], "REJECTED");
    assert_eq!(rejected["error_code"], "PROVIDER_HTTP_400");
    assert_eq!(rejected["response"], "no such tariff");
    assert_eq!(rejected["subscription"]["life_cycle_state"], "NOT_EFFECTIVE");
    // What nobody can have received was not executed.
    let nowhere = json!({"name": "Pod farm", "type": "CALLOUT", "retryLadder": ["PT0S"],
        "endpointUrl": "http://127.0.0.1:1/"});
    admin.put(&format!("/v1/methods/{}", story.method), &nowhere).await.expect(200);
    let unsent = story.activate(1).await;
    story.until_status(unsent, "DISPATCH_FAILED").await;
    let unsent = of(&json!(unsent)).await;
    assert_eq!((&unsent["executed_date"], &unsent["request"]), (&Value::Null, &Value::Null));
    let pending = of(later).await;
    assert_eq!(pending["life_cycle_state"], "PENDING");
    assert_eq!(pending["scheduled_date"], date[..19]);
    for (name, value) in [
        ("process_immediately", json!(false)),
        ("sequence_number", Value::Null),
        ("executed_date", Value::Null),
        ("request", Value::Null),
        ("parameters_set", json!([])),
    ] {
        assert_eq!(pending[name], value, "{name}");
    }
    let unit = &pending["log_information"]["created_by_unit"];
    assert_eq!(unit["group_name"], Value::Null);
    let off = Some(json!({"legacyCompatibility": false}).to_string().into_bytes());
    admin.call(Method::PATCH, "/v1/tenant", &[("if-match", "*")], off).await.expect(200);
    let log = of(later).await["log_information"].clone();
    for at in [
        "/created_by_unit/group_name",
        "/updated_by_unit/community_name",
        "/created_by_user/person_name",
        "/updated_by_user/email",
    ] {
        assert_eq!(log.pointer(at), Some(&json!("")), "{at}");
    }
}
