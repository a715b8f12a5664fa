//! Definitions that mean harm, each with its name. The benchmark of `tests/render` times those that
//! are not refused.

use serde_json::json;

const PR: &str = "$.provisioningRequest";

/// Patterns that compile to much, go back and forth, or are none.
const PATTERNS: &[&str] = &[
    "(a+)+$",
    "(a|a)*b",
    "(.*)*x",
    "([a-zA-Z]+)*",
    "(a*)*(a*)*(a*)*",
    "((a+)+)+",
    "\\\\p{L}{200}{20}",
    "a{1000}",
    "(a{100}){100}",
    "x{0,50000}",
    "[\\\\w\\\\W]{999}",
    "(?i)k+",
    "\\\\pL+\\\\pN+\\\\pS+\\\\pP+\\\\pZ+\\\\pC+",
    "(((((((((((.*)*)*)*)*)*)*)*)*)*)*)",
    "(?:(?:(?:.?)*)*)*",
    ".*.*.*.*.*.*.*.*.*.*=",
    "[[:^alpha:]]+",
    "\\\\b\\\\B\\\\b\\\\B",
    "(",
    "[",
    "*",
    "(?<n>a)\\\\1",
    "\\\\",
    "(?=a)",
];

/// Filters that look everywhere for each element.
const FILTERS: &[&str] = &[
    "count($..*)>0",
    "count(@..*)>0",
    "value($..id)==1",
    "$..id",
    "@..id",
    "length($..*)>1",
    "$..[?@.id]",
    "@[?$..id]",
    "$[?@[?@[?@]]]",
    "@.a==$.b && count($..*)==count(@..*)",
    "count($.provisioningRequest..*)==count($..*)",
    "$..*==$..*",
];

/// Numbers at their edges.
const NUMBERS: &[&str] = &[
    "9007199254740991",
    "9007199254740992",
    "-9007199254740991",
    "99999999999999999999999",
    "1e400",
    "-0",
    "00",
    "0x10",
    "1.5",
    "--1",
];

/// Texts that break parsers.
const TEXTS: &[&str] = &[
    "$.",
    "$[",
    "$..",
    "$...a",
    "$.a[",
    "$['",
    "$[\"",
    "$['\\u",
    "$['\\ud800']",
    "$.\u{0}",
    "$.\u{202e}",
    "$[?",
    "$[?@",
    "$[?@.",
    "$[?(",
    "$[?)]",
    "$[?@.a==]",
    "$[?==1]",
    "$[?@.a=1]",
    "$[?@.a===1]",
    "$[?'a']",
    "$[?1]",
    "$[?true]",
    "$[?@.a==@.*]",
    "$[?nope(@)]",
    "$[?count()]",
    "$[?match(@.a)]",
    "$.a.b.",
    "$.a b",
    "$ .a",
    "$.a\n.b",
    "$.a //x",
    "$[*",
    "$[,]",
    "$[1,]",
    "$.*a",
    "$.**",
    "$.a..",
    "$.\u{1F600}",
    "$.a`",
    "$.${x}",
    "$.{{x}}",
    "$.a;drop",
    "$[?@.constructor]",
    "$.__proto__",
    "$['__proto__']['x']",
    "$.length",
    "$.a[(@.length-1)]",
];

/// Too much by multiplication, depth or length.
fn expressions() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    // Too much by multiplication.
    for n in [2, 4, 8, 12, 16] {
        all.push(format!("${}", "[0,0,0,0]".repeat(n)));
        all.push(format!("$..{}", "[*,*]".repeat(n)));
        all.push(format!("${}", "..*".repeat(n)));
        all.push(format!("${}", "[*]".repeat(n)));
        all.push(format!("${}", "[::]".repeat(n)));
        all.push(format!("${}", "[?@]".repeat(n)));
        all.push(format!("${}", "['a','b']".repeat(n)));
    }
    // Too deep, too long.
    all.push(format!("${}", ".a".repeat(400)));
    all.push(format!("${}", "[0]".repeat(200)));
    all.push(format!("$.{}", "x".repeat(60_000)));
    all.push(format!("$[?{}@.a{}]", "(".repeat(200), ")".repeat(200)));
    all.push(format!("$[?{}@.a]", "!".repeat(300)));
    all.push(format!("$[?{}]", vec!["@.a"; 60].join(" && ")));
    all.push(format!("$[?{}]", vec!["@.a==1"; 60].join(" || ")));
    all.push(format!("{}@{}", "$[?".repeat(40), "]".repeat(40)));
    all.push(format!("$[?{}]", "@[?".repeat(30) + "@.a" + &"]".repeat(30)));
    all.push(format!("$[{}]", vec!["0"; 150].join(",")));
    all.push(format!("$[{}]", vec!["?@.a"; 80].join(",")));
    all.push(format!("$[?count({})]", "count(".repeat(50)));
    all.push(format!("$[?length({}@{})==1]", "value(".repeat(40), ")".repeat(40)));
    all
}

/// Functions and filters that cost much.
fn filters() -> Vec<String> {
    let mut all = Vec::new();
    for pattern in PATTERNS {
        all.push(format!("$..[?match(@.name,'{pattern}')]"));
        all.push(format!("{PR}.entitlement.productKeys.productKey[?search(@.pkId,'{pattern}')]"));
    }
    all.push(format!("$..[?search(@,'{}')]", "a?".repeat(32)));
    all.push("$..[?match(@.a,@.b)]".to_owned());
    all.push("$..[?match(@.a,$.provisioningRequest.comments)]".to_owned());
    all.push("$..[?search(@.a,value($..name))]".to_owned());
    for filter in FILTERS {
        all.push(format!("$..[?{filter}]"));
        all.push(format!("{PR}.entitlement..[?{filter}]"));
        all.push(format!("$[?{filter}]"));
    }
    all
}

/// What a parser trips over.
fn texts() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for number in NUMBERS {
        all.push(format!("$[{number}]"));
        all.push(format!("$[::{number}]"));
        all.push(format!("$[?@.a=={number}]"));
    }
    all.push("$[0:9007199254740991:1]".to_owned());
    all.push("$[9007199254740991:-9007199254740991:-1]".to_owned());
    all.push("$[::0]".to_owned());
    all.extend(TEXTS.iter().map(|text| (*text).to_owned()));
    all
}

/// Definitions that are hostile as a whole.
fn definitions() -> Vec<(String, String)> {
    let named = |name: &str, text: String| (name.to_owned(), text);
    let many = |n: usize, text: &str| json!(vec![text; n]).to_string();
    let whole = "$.provisioningRequest";
    vec![
        named("200 whole documents", many(200, whole)),
        named("200 times every node", many(200, "$..*")),
        named("200 filters over all", many(200, "$..[?@.name]")),
        named("200 patterns over all", many(200, "$..[?search(@.name,'(a+)+$')]")),
        named("201 expressions", many(201, whole)),
        named("deep objects", "{\"a\":".repeat(33) + "1" + &"}".repeat(33)),
        named("very deep objects", "{\"a\":".repeat(13_000)),
        named("very deep lists", "[".repeat(60_000)),
        named("much text", format!("{{\"a\":\"{}\"}}", "x".repeat(65_000))),
        named("just too much text", format!("{{\"a\":\"{}\"}}", "x".repeat(65_536))),
        named(
            "many keys",
            json!(
                (0..4000)
                    .map(|i| (format!("k{i}"), i))
                    .collect::<std::collections::BTreeMap<_, _>>()
            )
            .to_string(),
        ),
        named("one key many times", format!("{{{}}}", vec!["\"a\":1"; 9000].join(","))),
        named("a huge number", format!("{{\"a\":1{}}}", "0".repeat(60_000))),
        named("a huge exponent", "{\"a\":1e999999999}".to_owned()),
        named("half a surrogate", "{\"a\":\"\\ud800\"}".to_owned()),
        named("a null byte", "{\"a\":\"\u{0}\"}".to_owned()),
        named("nothing", String::new()),
        named("white space", " \n\t ".to_owned()),
        named("a byte order mark", "\u{feff}{}".to_owned()),
        named("a comment", "{/* */}".to_owned()),
        named("two values", "{}{}".to_owned()),
        named("escapes", format!("{{\"a\":\"{}\"}}", "\\u0041".repeat(10_000))),
    ]
}

/// Every case: name and definition.
pub fn cases() -> Vec<(String, String)> {
    let each = |source: String| {
        let name: String = source.chars().take(80).collect();
        (name, json!({"x": source}).to_string())
    };
    let expressions = expressions().into_iter().chain(filters()).chain(texts());
    expressions.map(each).chain(definitions()).collect()
}
