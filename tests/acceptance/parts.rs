//! The parts of the document: built alone, they give a plan what the whole gives it.

use domain::ids::Id;
use domain::substitution::Definition;
use domain::substitution::parts::Parts;
use domain::substitution::shape::paths;
use domain::substitution::values::Values;
use domain::substitution::version::DocumentVersion;
use harness::story::id;
use serde_json::json;
use simulator::api::{Sale, Terms};

/// What a plan makes of the parts that it reads is what it makes of the whole document.
#[tokio::test(flavor = "multi_thread")]
async fn no_plan_misses_what_it_does_not_read() {
    let (stage, _) = crate::counts::stage().await;
    let sale = Sale::open(&stage.app, &stage.api, &Terms::default()).await;
    let made = stage.api.call(&sale.activation(0, 1)).await.expect(201);
    let tenant = Id::try_from(sale.tenant).unwrap();
    let request = Id::try_from(id(&made["provisioningRequests"][0])).unwrap();
    let request = stage.app.store.load_request(tenant, request).await.unwrap();
    let sources = stage.app.store.load_sources(tenant, request).await.unwrap();
    let mut expressions: Vec<String> = Vec::new();
    for path in paths().into_iter().map(|line| line.path) {
        let (above, last) = path.rsplit_once('.').unwrap();
        expressions.extend([
            path.replace("[0]", "[*]"),
            path.replace("[0]", "[-1:]"),
            format!("{above}[?@ != 5]"),
            format!("{above}.*"),
            format!("$..{}", last.trim_end_matches("[0]")),
            path.clone(),
        ]);
        if path.ends_with("[0].name") {
            expressions.push(format!("{above}[?(@.name == \"x\")].value").replace("[0][?", "[?"));
        }
    }
    let root = "$.provisioningRequest.entitlement.productKeys.productKey[?@.pkId == \
                $.provisioningRequest.activationRef.activation.activationProductKey.pkId].pkId";
    expressions.push(root.to_owned());
    for version in [DocumentVersion::First, DocumentVersion::Second] {
        let whole = sources.document(&Parts::whole(version));
        let text = whole.to_string();
        let (mut smaller, mut too_costly) = (0, 0);
        for expression in &expressions {
            let definition = json!([expression]).to_string();
            let Ok(definition) = Definition::compile_for(&definition, version) else {
                too_costly += 1;
                continue;
            };
            let parts = sources.document(definition.parts());
            let made = definition.render(&parts, Values::Native).unwrap();
            assert_eq!(made, definition.render(&whole, Values::Native).unwrap(), "{expression}");
            smaller += usize::from(parts.to_string().len() < text.len() / 2);
        }
        let tried = expressions.len() - too_costly;
        assert!(smaller > tried / 3 && too_costly < tried / 20, "{smaller} of {tried}");
        let every = paths().into_iter().map(|line| line.path).take(190);
        let all = json!(every.collect::<Vec<_>>()).to_string();
        let all = Definition::compile_for(&all, version).unwrap();
        let made = all.render(&sources.document(all.parts()), Values::Native).unwrap();
        assert_eq!(made, all.render(&whole, Values::Native).unwrap());
        assert_eq!(text.contains("activationAttributes"), version == DocumentVersion::Second);
    }
    let alone = Definition::compile("[\"$.provisioningRequest.id\"]").unwrap();
    let document = sources.document(alone.parts());
    assert_eq!(document, json!({"provisioningRequest": {"id": sources.request.id}}));
}
