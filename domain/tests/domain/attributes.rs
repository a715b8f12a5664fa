//! The attributes of source 004: of each a good value, three wrong ones and the words of the
//! refusal; and of each license model the attributes that it takes.

use std::collections::BTreeSet;

use domain::catalog::license::{
    ATTRIBUTES, Attribute, AttributeKind, LICENSE_MODELS, attribute_named, attribute_of,
};

/// What a kind takes, what it does not, and the end of the refusal.
fn cases(attribute: &Attribute) -> ([&'static str; 2], [String; 3], String) {
    let wrong = |texts: [&str; 3]| texts.map(str::to_owned);
    match attribute.kind {
        AttributeKind::Text => (
            ["x", "<c2v>Ünïcode</c2v>"],
            [String::new(), "x".repeat(256), "a\u{7}b".to_owned()],
            String::new(),
        ),
        AttributeKind::Boolean => (
            ["TRUE", "false"],
            wrong(["yes", "1", "True"]),
            "TRUE or FALSE, in upper or lower case".to_owned(),
        ),
        AttributeKind::Integer => {
            let [low, high] = [attribute.minimum, attribute.maximum].map(Option::unwrap);
            let texts = ["+1".to_owned(), "5.0".to_owned(), (high + 1).to_string()];
            (["1", "98765"], texts, format!("a whole number from {low} to {high}"))
        }
        AttributeKind::Date => (
            ["2030-12-31", "0001-01-01"],
            wrong(["not a date", "2030-13-01", "0000-01-01"]),
            "a day, YYYY-MM-DD, of the years 0001 to 9999".to_owned(),
        ),
        AttributeKind::Hex => (
            ["00ff", "7E"],
            wrong(["0", "0x00", "gg"]),
            "bytes, each as two digits 0 to 9 or a to f".to_owned(),
        ),
        AttributeKind::Enumeration => {
            let values = attribute.values;
            let other = values[0].to_uppercase();
            let texts = ["nope".to_owned(), other, "1".to_owned()];
            ([values[0], values[values.len() - 1]], texts, format!("one of {}", values.join(", ")))
        }
    }
}

#[test]
fn each_attribute_takes_its_values_and_no_others() {
    assert_eq!(ATTRIBUTES.len(), 34);
    for attribute in &ATTRIBUTES {
        let name = attribute.name;
        let (good, wrong, told) = cases(attribute);
        for value in good {
            assert_eq!(attribute.read(value).as_deref(), Ok(value), "{name}");
        }
        for value in wrong {
            let (_, detail) = attribute.read(&value).unwrap_err();
            if attribute.kind != AttributeKind::Text {
                assert_eq!(detail, format!("{name} is {told}"), "{value:?}");
            }
        }
    }
}

/// Written down anew: which kind each one has.
#[test]
fn each_attribute_has_its_kind() {
    let of = |kind: AttributeKind| -> Vec<u64> {
        ATTRIBUTES.iter().filter(|it| it.kind == kind).map(|it| it.id).collect()
    };
    assert_eq!(of(AttributeKind::Boolean), [5, 8, 9, 10, 11, 13, 14, 17, 18, 19]);
    assert_eq!(of(AttributeKind::Integer), [2, 4, 6, 23, 26, 27, 30, 32, 33]);
    assert_eq!(of(AttributeKind::Date), [3, 20, 21]);
    assert_eq!(of(AttributeKind::Hex), [16]);
    assert_eq!(of(AttributeKind::Enumeration), [1, 7]);
    assert_eq!(of(AttributeKind::Text), [12, 15, 22, 24, 25, 28, 29, 31, 34]);
    let bounds = |id| attribute_of(id).map(|it| (it.minimum, it.maximum));
    assert_eq!(bounds(2), Some((Some(0), Some(2_147_483_647))));
    assert_eq!(bounds(6), Some((Some(1), Some(10_000_000))));
    assert_eq!(bounds(3), Some((None, None)));
    assert_eq!(attribute_named("LICENSE_TYPE").map(|it| it.id), Some(1), "not the old one");
    let memory = "00".repeat(2048);
    assert!(attribute_of(16).unwrap().read(&memory).is_ok());
    assert!(attribute_of(16).unwrap().read(&format!("{memory}00")).is_err());
}

/// Of the terms that exclude each other a model takes the one that it needs, and all else.
#[test]
fn each_license_model_takes_its_attributes() {
    let terms = |id: u64| -> BTreeSet<u64> {
        let model = LICENSE_MODELS.iter().find(|model| model.id == id).unwrap();
        let taken = model.view().attribute_ids;
        assert_eq!(taken.len(), 31 + usize::from(model.attribute_id.is_some()), "{id}");
        taken.into_iter().filter(|id| [2, 3, 4].contains(id)).collect()
    };
    for (model, taken) in
        [(1, &[2][..]), (2, &[3]), (3, &[4]), (4, &[]), (5, &[4]), (6, &[]), (11, &[3]), (13, &[3])]
    {
        assert_eq!(terms(model), taken.iter().copied().collect(), "{model}");
    }
}
