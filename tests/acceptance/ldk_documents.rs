//! The schema of the XML facade fits its documents, and documents that are sent to do harm are
//! refused (source 004).

use reqwest::Method;

use crate::ldk::{DOCUMENTS, PUT, Vendor, told};

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_served_and_fits_every_document() {
    let vendor = Vendor::open().await;
    let served = vendor.admin().get("/v90/ws/entitlement.xsd").await;
    assert_eq!(served.header("content-type"), "application/xml; charset=utf-8");
    let kept = include_str!("../../infra/entitlement.xsd");
    assert_eq!(served.text, kept);
    let parsed = uppsala::parse(kept).unwrap();
    let schema = uppsala::XsdValidator::from_schema(&parsed).unwrap();
    let faults = |document: &str| {
        let parsed = uppsala::parse(document).unwrap();
        let faults = schema.validate(&parsed);
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let none = Vec::<String>::new();
    for (name, _) in DOCUMENTS {
        let document = vendor.document(name).replace("{ACTION}", "SAVE");
        assert_eq!(faults(&document), none, "{name}");
        let ent_id = vendor.made(&document).await;
        assert_eq!(faults(&vendor.get(&ent_id).await), none, "GET of {name}");
    }
    let whole = vendor.document("whole");
    for (right, wrong) in [
        ("<action>SAVE", "<action>SELL"),
        ("<entState>DRAFT", "<entState>NEW"),
        ("<numProductKeys>7", "<numProductKeys>10001"),
        ("<Priority>D", "<Priority>A"),
        ("name=\"ADD\"", "name=\"MULTIPLY\""),
        ("<attributeId>34", "<attributeId>35"),
        ("<startDate>2026-01-31", "<startDate>31.1.2026"),
        ("<licenseModelId>1", "<licenseModelId>7"),
        ("<lineItemType>Product_Key", "<lineItemType>Key"),
    ] {
        assert_ne!(faults(&whole.replace(right, wrong)), none, "{wrong}");
    }
    let unknown = whole.replace("<isTest>true</isTest>", "<colour>red</colour>");
    assert_ne!(faults(&unknown), none);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_do_harm_are_refused() {
    let vendor = Vendor::open().await;
    let wide = " a=\"\"".repeat(100_000);
    let entities = "<!DOCTYPE e [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\
                    <entitlement><refId1>&b;</refId1></entitlement>";
    let outside = "<!DOCTYPE e SYSTEM \"file:///etc/passwd\"><entitlement/>";
    let deep = "<entitlement>".repeat(10_000);
    let many = format!("<entitlement>{}</entitlement>", "<entitlementItem/>".repeat(10_000));
    for (document, status, words) in [
        (entities, 400, "A DOCTYPE is not allowed."),
        (outside, 400, "A DOCTYPE is not allowed."),
        (format!("<entitlement{wide}/>").as_str(), 400, "An element has more than 64 attributes."),
        (deep.as_str(), 400, "The XML has more than 32 levels."),
        (many.as_str(), 400, "The XML has more than 10000 elements."),
        ("x".repeat(2 * 1024 * 1024).as_str(), 413, "The body is larger than 1048576 bytes."),
        ("", 400, "The XML ends before entitlement does."),
        ("<a/>", 400, "The root element must be entitlement."),
    ] {
        told(&vendor.put(document).await, status, words);
    }
    for document in [
        "<entitlement>\n<a></b>",
        "<entitlement",
        "\u{0}",
        "<entitlement>&x;</entitlement>",
        "<entitlement/><entitlement/>",
        "<entitlement/><refId1>second root</refId1>",
        "<entitlement/>text",
        "text<entitlement/>",
        "<entitlement><refId1>a & b</refId1></entitlement>",
        "<entitlement><refId1>a ]]> b</refId1></entitlement>",
        "<entitlement><refId1>\u{1}</refId1></entitlement>",
        "<entitlement><refId1>&#1;</refId1></entitlement>",
        "<entitlement><!-- a -- b --></entitlement>",
        "<entitlement><?xml version=\"1.0\"?></entitlement>",
        " <?xml version=\"1.0\"?><entitlement/>",
        "<entitlement a=\"1\" a=\"2\"/>",
        "<entitlement a=1/>",
        "<entitlement a=\"<\"/>",
        "<entitlement><1a/></entitlement>",
        "<entitlement><refId1>a</refId1 ></entitlement",
        "<entitlement xsi:noNamespaceSchemaLocation=\"undeclared\"/>",
    ] {
        let reply = vendor.put(document).await;
        assert_eq!(reply.status, 400, "{document}: {}", reply.text);
    }
    let json = vendor.admin().call(Method::PUT, PUT, &[], Some(b"{}".to_vec())).await;
    told(&json, 415, "Send the body as application/xml or text/xml.");
    let bytes = Some(vec![0xff, 0xfe]);
    let headers = [("content-type", "application/xml")];
    let reply = vendor.admin().call(Method::PUT, PUT, &headers, bytes).await;
    told(&reply, 400, "The XML must be UTF-8.");
}

/// What the served schema allows is taken, in every way that it may be written.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_schema_allows_is_taken() {
    let vendor = Vendor::open().await;
    let parsed = uppsala::parse(include_str!("../../infra/entitlement.xsd")).unwrap();
    let schema = uppsala::XsdValidator::from_schema(&parsed).unwrap();
    let whole = vendor.document("whole").replace("{ACTION}", "SAVE");
    let open = "<entitlement xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
        xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
        xsi:noNamespaceSchemaLocation=\"entitlement.xsd\">";
    let mut tried = 0;
    for (what, written) in [
        ("<entitlement>", open),
        ("<isTest>true", "<isTest>1"),
        ("<isTest>true", "<isTest> true "),
        ("<isTest>true</isTest>", "<isTest>0</isTest><enabled>1</enabled>"),
        ("<activationAllowed>true", "<activationAllowed>0"),
        ("<activationAllowed>false", "<activationAllowed>0"),
        ("<revocationAllowed>false", "<revocationAllowed>0"),
        ("<startDate>2026-01-31", "<startDate>2026-01-31Z"),
        ("<startDate>2026-01-31", "<startDate>2026-01-31-08:00"),
        ("<startDate>2026-01-31", "<startDate> 2026-01-31+14:00 "),
        ("<Priority>D", "<!-- a comment --><Priority><![CDATA[D]]>"),
        ("<numProductKeys>7", "<numProductKeys>+7"),
        ("<numProductKeys>7", "<numProductKeys>007"),
    ] {
        let document = whole.replace(what, written);
        if document == whole {
            continue;
        }
        tried += 1;
        let faults = schema.validate(&uppsala::parse(&document).unwrap());
        assert!(faults.is_empty(), "{written}: {faults:?}");
        let reply = vendor.put(&document).await;
        assert_eq!(reply.status, 201, "{written}: {}", reply.text);
    }
    assert!(tried >= 8, "{tried}");
    // And what it does not allow is not.
    for written in ["<enabled>yes</enabled>", "<enabled>TRUE</enabled>"] {
        let document = whole.replace("<isTest>true</isTest>", written);
        let faults = schema.validate(&uppsala::parse(&document).unwrap());
        assert!(!faults.is_empty(), "{written}");
        assert_eq!(vendor.put(&document).await.status, 400, "{written}");
    }
    let bom = format!("\u{feff}{whole}");
    assert_eq!(vendor.put(&bom).await.status, 201, "a byte order mark is no fault");
    // The creating PUT is safe to repeat.
    let put = async || {
        let headers = [("content-type", "application/xml"), ("idempotency-key", "once")];
        let body = Some(whole.clone().into_bytes());
        vendor.admin().call(Method::PUT, PUT, &headers, body).await
    };
    let (first, again) = (put().await, put().await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(again.header("idempotent-replayed"), "true");
}
