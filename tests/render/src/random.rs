//! Random plans: paths of the document and near misses, every kind of segment and filter, static
//! texts, nesting.

use fastrand::Rng;
use serde_json::{Value, json};

/// Names that the document has, and some that it has not.
const NAMES: [&str; 24] = [
    "provisioningRequest",
    "entitlement",
    "customer",
    "activationRef",
    "activation",
    "productKeys",
    "productKey",
    "customAttributes",
    "customAttribute",
    "item",
    "itemProduct",
    "product",
    "nameVersion",
    "name",
    "id",
    "eId",
    "pkId",
    "value",
    "activationQuantity",
    "comments",
    "ids",
    "Name",
    "é",
    "a b",
];

/// Patterns for `match` and `search`.
const PATTERNS: [&str; 8] = [".*", "(a+)+$", "[A-Z]{1}", "\\\\p{L}+", "T.*o", "(.*)*x", "", "^$"];

/// A source of plans.
pub(crate) struct Plans(Rng);

impl Plans {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// A definition, as text.
    pub(crate) fn plan(&mut self) -> String {
        let members = self.0.usize(1..6);
        let each = (0..members).map(|i| (format!("k{i}"), self.value(0)));
        Value::Object(each.collect()).to_string()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.0.u8(0..12) {
            0 if depth < 3 => {
                let list = (0..self.0.usize(0..4)).map(|_| self.value(depth + 1));
                Value::Array(list.collect())
            }
            1 if depth < 3 => json!({"in": self.value(depth + 1), "n": 1.5}),
            2 => json!(self.0.i32(..)),
            3 => json!(format!("$${}", self.expression())),
            4 => json!(["$5.00", "text", "", "$", " $.a", "\u{0}\u{1F600}"][self.0.usize(0..6)]),
            _ => json!(self.expression()),
        }
    }

    fn expression(&mut self) -> String {
        let mut out = "$".to_owned();
        // Mostly one that is known to begin with.
        if self.0.u8(0..10) > 1 {
            out.push_str(".provisioningRequest");
        }
        for _ in 0..self.0.usize(1..7) {
            let segment = self.segment(0);
            out.push_str(&segment);
        }
        out
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.0.usize(0..NAMES.len())]
    }

    fn segment(&mut self, depth: usize) -> String {
        let (name, n) = (self.name(), self.0.i64(-3..4));
        match self.0.u8(0..20) {
            0..=9 => format!(".{name}"),
            10 => format!("['{name}']"),
            11 => format!("[{n}]"),
            12 => format!("[{n}:{}:{}]", self.0.i64(-3..4), self.0.i64(-2..3)),
            13 => "[*]".to_owned(),
            14 => format!("..{name}"),
            15 => format!("['{name}',{n}]"),
            16 => "[:9007199254740991]".to_owned(),
            _ if depth > 1 => "[0]".to_owned(),
            _ => format!("[?{}]", self.filter(depth + 1)),
        }
    }

    fn filter(&mut self, depth: usize) -> String {
        let (a, b) = (self.side(depth), self.side(depth));
        let pattern = PATTERNS[self.0.usize(0..PATTERNS.len())];
        match self.0.u8(0..10) {
            0..=3 => format!("{a} == {b}"),
            4 => format!("{a} <= {b}"),
            5 => format!("!(@.{})", self.name()),
            6 => format!("match({a}, '{pattern}')"),
            7 => format!("search(@.{}, '{pattern}')", self.name()),
            8 => format!("{a} != {b} && @.{}", self.name()),
            _ => format!("@{}", self.segment(depth)),
        }
    }

    fn side(&mut self, depth: usize) -> String {
        match self.0.u8(0..9) {
            0 => format!("'{}'", self.name()),
            1 => self.0.i64(-5..100).to_string(),
            2 => "null".to_owned(),
            3 => "count(@.*)".to_owned(),
            4 => format!("length(@.{})", self.name()),
            5 if depth < 2 => format!("value(@..{})", self.name()),
            _ => format!("@.{}", self.name()),
        }
    }
}

/// The document with as many line items, attributes and features as one may have.
pub(crate) fn large(document: &Value) -> Value {
    let mut large = document.clone();
    let keys = &mut large["provisioningRequest"]["entitlement"]["productKeys"]["productKey"];
    let mut key = keys[0].clone();
    let attribute =
        |i: usize| json!({"name": format!("a{i}"), "value": "aaaaaaaaaaaaaaaaaaaaaaaa"});
    key["customAttributes"]["customAttribute"] = (0..50).map(attribute).collect();
    let features = &mut key["item"]["itemProduct"]["itemProductFeatures"]["itemProductFeature"];
    *features = Value::Array(vec![features[0].clone(); 25]);
    *keys = Value::Array(vec![key; 25]);
    large
}
