//! Profiles of customers (source 003, 003-H9): kept sealed, shown to those who may edit, and never
//! part of a document.

use harness::story::id;
use harness::{Client, Story};
use reqwest::Method;
use serde_json::{Value, json};

/// Every member of source 003 that a customer's profile has; private values hold the canary.
fn whole() -> Value {
    let country = json!({"id": "181", "name": "CYPRUS", "alternativeCode": "CYP",
        "dialingCode": "357", "twoCharacterCode": "CY", "threeCharacterCode": "CYP",
        "countryFlag": {"id": "F1", "file": {"fileName": "cy.png", "fileContentUrl": "u",
            "fileMimeType": "image/png"}}});
    let industry = json!({"id": "I1", "name": "Software", "code": "SW"});
    let sector = json!({"id": "S1", "name": "Services", "alternativeCode": "SV"});
    json!({
        "type": "PERSON", "lifeCycleState": "FINANCIAL", "firstName": "canary",
        "middleName": "canary", "lastName": "canary", "title": "canary", "companyName": "Tucano",
        "demographics": {
            "gender": "FEMALE", "idNumber": "canary", "idNumberExpirationDate": "2030-01-31",
            "passportNumber": "canary", "passportNumberExpirationDate": "2031-01-31",
            "socialSecurityNumber": "canary", "dateOfBirth": {"day": 29, "month": 2, "year": 1988},
            "nameDay": {"day": 23, "month": 4}, "countryOfResidence": country,
            "idIssuedByCountry": country, "passportIssuedByCountry": country,
            "industry": industry, "industrySector": sector},
        "companyProfile": {
            "profileYear": 2025, "annualTurnover": 1_250_000.5, "numberOfEmployees": 41,
            "establishedDate": "1999-12-31", "registrationNumber": "R1",
            "vatRegistrationNumber": "V1", "vatRegisteredBy": "Office",
            "vatRegistrationDate": "2000-01-01", "taxReferenceNumber": "T1",
            "registeredInCountry": country, "industry": industry, "industrySector": sector},
        "accountsReceivable": {
            "id": "A1", "number": "ACR0000000510", "name": "Tucano_2",
            "lifeCycleState": "ACTIVE"},
    })
}

async fn patch(client: &Client, path: &str, body: &Value) -> harness::Reply {
    let body = Some(body.to_string().into_bytes());
    client.call(Method::PATCH, path, &[("if-match", "*")], body).await
}

/// A key whose role has these acts on customers.
async fn key(admin: &Client, acts: &[&str]) -> Client {
    let role = json!({"name": acts.join(" "), "permissions": [{"area": "customer", "acts": acts}]});
    let role = admin.post("/v1/roles", &role).await.expect(201);
    let body = json!({"name": "Clerk", "roleId": role["id"]});
    let made = admin.post("/v1/api-keys", &body).await.expect(201);
    admin.with_key(made["secret"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_kept_sealed_and_masked() {
    let story = Story::begin().await;
    let admin = story.admin();
    let body = json!({"name": "Tucano", "profile": whole()});
    let headers = [("idempotency-key", "p1")];
    let made = admin.post_with("/v1/customers", &headers, &body).await.expect(201);
    assert_eq!((&made["profile"], &made["masked"]), (&whole(), &json!(false)));
    let again = admin.post_with("/v1/customers", &headers, &body).await.expect(201);
    assert_eq!((&again["id"], &again["profile"]), (&made["id"], &Value::Null));
    let path = format!("/v1/customers/{}", id(&made));
    assert_eq!(admin.get(&path).await.expect(200)["profile"], whole());

    let clerk = key(admin, &["view"]).await;
    for query in [path.clone(), "/v1/customers?name=Tucano".to_owned(), "/v1/customers".to_owned()]
    {
        let reply = clerk.get(&query).await;
        assert!(!reply.text.contains("canary"), "{query}: {}", reply.text);
        let row = if reply.json["data"].is_array() { &reply.json["data"][0] } else { &reply.json };
        assert_eq!((&row["masked"], &row["profile"]["demographics"]), (&json!(true), &Value::Null));
        assert_eq!(row["profile"]["companyProfile"], whole()["companyProfile"]);
    }
    let seller = key(admin, &["view", "add"]).await;
    let added = seller.post("/v1/customers", &body).await.expect(201);
    assert_eq!(added["profile"]["firstName"], Value::Null, "who adds may not read");

    // A company's names are no private person's.
    let company = json!({"profile": {"type": "COMPANY", "title": "AG", "companyName": "Tucano"}});
    patch(admin, &path, &company).await.expect(200);
    let shown = clerk.get(&path).await.expect(200);
    assert_eq!((&shown["masked"], &shown["profile"]["title"]), (&json!(false), &json!("AG")));
    patch(admin, &path, &json!({"name": "Tucano Ltd"})).await.expect(200);
    assert_eq!(clerk.get(&path).await.expect(200)["profile"]["title"], "AG", "absent stays");
    let empty = patch(admin, &path, &json!({"profile": {}})).await.expect(200);
    assert_eq!(empty["profile"], Value::Null);

    patch(admin, &format!("/v1/customers/{}", story.customer), &json!({"profile": whole()}))
        .await
        .expect(200);
    let request = story.activate(1).await;
    let view = format!("/v1/provisioning-requests/{request}?view=substitution");
    let document = admin.get(&view).await;
    assert!(!document.text.contains("canary") && !document.text.contains("profile"));
    let data = story.service.running.data.path();
    for file in ["provisio.sqlite", "provisio.sqlite-wal"] {
        let bytes = std::fs::read(data.join(file)).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"), "{file}: sealed on disk");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_profile_is_told_member_by_member() {
    let story = Story::begin().await;
    let admin = story.admin();
    let cases = [
        (json!({"type": "GHOST"}), "/profile/type"),
        (json!({"firstName": ""}), "/profile/firstName"),
        (json!({"lastName": "x".repeat(256)}), "/profile/lastName"),
        (
            json!({"demographics": {"passportNumber": "a\u{1}b"}}),
            "/profile/demographics/passportNumber",
        ),
        (json!({"demographics": {"gender": "OTHER"}}), "/profile/demographics/gender"),
        (
            json!({"demographics": {"dateOfBirth": {"day": 32}}}),
            "/profile/demographics/dateOfBirth",
        ),
        (
            json!({"demographics": {"dateOfBirth": {"day": 29, "month": 2, "year": 2001}}}),
            "/profile/demographics/dateOfBirth",
        ),
        (json!({"demographics": {"nameDay": {"month": 0}}}), "/profile/demographics/nameDay"),
        (
            json!({"demographics": {"idNumberExpirationDate": "31.1.2030"}}),
            "/profile/demographics/idNumberExpirationDate",
        ),
        (
            json!({"companyProfile": {"annualTurnover": "much"}}),
            "/profile/companyProfile/annualTurnover",
        ),
        (
            json!({"accountsReceivable": {"lifeCycleState": "OPEN"}}),
            "/profile/accountsReceivable/lifeCycleState",
        ),
        (
            json!({"demographics": {"countryOfResidence": {"countryFlag": {"file": {
            "fileName": ""}}}}}),
            "/profile/demographics/countryOfResidence/countryFlag/file/fileName",
        ),
        (json!({"nickname": "x"}), "/profile/nickname"),
    ];
    let path = format!("/v1/customers/{}", story.customer);
    let before = admin.get(&path).await.expect(200);
    for (profile, pointer) in cases {
        let body = json!({"name": "A", "profile": profile});
        let reply = admin.post("/v1/customers", &body).await;
        assert_eq!((reply.status, reply.pointer()), (400, pointer), "{}", reply.text);
        let reply = patch(admin, &path, &json!({"profile": profile})).await;
        assert_eq!((reply.status, reply.pointer()), (400, pointer), "{}", reply.text);
    }
    assert_eq!(admin.get(&path).await.expect(200), before);
}
