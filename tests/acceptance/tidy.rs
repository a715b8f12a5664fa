//! The tidy rules of the house, each seen to fail on a sample.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;

const LINES: usize = 400;
const COLUMNS: usize = 100;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every file of the repository: its path from the root.
pub(crate) fn files() -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![root()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !path.is_dir() {
                found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            } else if !name.starts_with('.') && name != "target" {
                open.push(path);
            }
        }
    }
    found
}

pub(crate) fn is_a(kind: &str, path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == kind)
}

pub(crate) fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

/// Every Rust file of the workspace: its path from the root, its text.
pub(crate) fn sources() -> Vec<(String, String)> {
    let rust = files().into_iter().filter(|path| is_a("rs", path));
    let found: Vec<(String, String)> = rust.map(|path| (path.clone(), read(&path))).collect();
    assert!(found.len() > 50, "the sources were not found");
    found
}

type Rule = fn(&str, &str) -> Option<String>;

/// Holds every source against a rule, and the rule against a sample that breaks it.
fn check(rule: Rule, sample: (&str, &str)) {
    assert!(rule(sample.0, sample.1).is_some(), "the rule lets its sample pass");
    let broken: Vec<String> = sources()
        .iter()
        .filter_map(|(path, text)| Some(format!("{path}: {}", rule(path, text)?)))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_module_says_what_it_is() {
    check(
        |_, text| (!text.starts_with("//! ")).then(|| "no //! header".to_owned()),
        ("a.rs", "fn a() {}"),
    );
}

#[test]
fn no_file_is_longer_than_a_person_reads() {
    let long = "\n".repeat(LINES + 1);
    let rule: Rule = |_, text| {
        let lines = text.lines().count();
        (lines > LINES).then(|| format!("{lines} lines"))
    };
    check(rule, ("a.rs", &long));
}

#[test]
fn no_line_is_wider_than_the_page() {
    let rule: Rule = |_, text| {
        let wide = text.lines().position(|line| line.chars().count() > COLUMNS)?;
        Some(format!("line {}", wide + 1))
    };
    check(rule, ("a.rs", &"x".repeat(COLUMNS + 1)));
}

/// The part of a file before its unit tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

fn is_service(path: &str) -> bool {
    (path.starts_with("functions/") || path.starts_with("domain/src")) && !path.contains("/tests/")
}

#[test]
fn status_codes_are_in_problem_only() {
    let rule: Rule = |path, text| {
        let exempt = ["functions/edge/src/http/problem.rs", "functions/local/src/provider.rs"];
        if !is_service(path) || exempt.contains(&path) {
            return None;
        }
        let named = |line: &&str| line.contains("StatusCode::") && !line.contains("::default()");
        code(text).lines().find(named).map(str::to_owned)
    };
    check(rule, ("functions/a/src/lib.rs", "let x = StatusCode::OK;"));
}

#[test]
fn key_shapes_are_in_keys_only() {
    let rule: Rule = |path, text| {
        if !is_service(path) || path == "functions/store/src/keys.rs" {
            return None;
        }
        let shapes = [
            "\"T#",
            "\"E#",
            "\"R#",
            "\"K#",
            "\"P#",
            "\"C#",
            "\"H#",
            "\"V#",
            "\"CONTACT#",
            "\"DUE#",
            "\"KEY#",
            "\"METHOD#",
        ];
        let shape = |line: &&str| shapes.iter().any(|shape| line.contains(shape));
        code(text).lines().find(shape).map(str::to_owned)
    };
    check(rule, ("functions/a/src/lib.rs", "format!(\"T#{tenant}\")"));
}

#[test]
fn environment_names_are_in_config_only() {
    let rule: Rule = |path, text| {
        let reads = |line: &&str| line.contains("env::var") || line.contains("#[config(env");
        let elsewhere = is_service(path) && path != "functions/edge/src/config.rs";
        code(text).lines().find(|line| elsewhere && reads(line)).map(str::to_owned)
    };
    check(rule, ("functions/a/src/lib.rs", "std::env::var(\"X\")"));
}

/// The constants of a file that are numbers or lengths of time.
fn bounds(text: &str) -> impl Iterator<Item = &str> {
    let kinds = ["usize", "u8", "u16", "u32", "u64", "i32", "i64", "f64", "Duration", "Period"];
    code(text).lines().filter_map(move |line| {
        let (name, rest) = line.split_once("const ")?.1.split_once(": ")?;
        let rest = (!name.contains(' ')).then_some(rest)?;
        let kind = rest.trim_start_matches('(').split([' ', ',']).next()?;
        kinds.contains(&kind).then_some(name)
    })
}

#[test]
fn bounds_are_in_limits_only() {
    let rule: Rule = |path, text| {
        // Numbers that are part of a form: how something is written, numbered or packed.
        let forms = "BOUND DAY_MS DIGITS ENTRY EPOCH_MS E_ID_TAG_BITS FIRST_KEY FORM \
                     GENERATION_BITS GUID INDEX_BITS KEY_TAG_BITS LAST_MS LOCK_BYTE LONG MAX_ID \
                     NONCE_BYTES PERIOD_LONGEST_MS RANDOM_BITS SHARDS TEXT TIME VERSION";
        // Numbers that are names: status codes, license attributes, how the binary ends.
        let names = ["edge/src/http/problem.rs", "catalog/license.rs", "local/src/main.rs"];
        let elsewhere = names.iter().any(|file| path.ends_with(file));
        if !is_service(path) || path.ends_with("/limits.rs") || elsewhere {
            return None;
        }
        let bound = |name: &&str| !forms.split(' ').any(|form| form == *name);
        bounds(text).find(bound).map(str::to_owned)
    };
    check(rule, ("functions/a/src/lib.rs", "const MOST: usize = 7;"));
    check(rule, ("domain/src/a.rs", "    pub const WAIT: (Period, Period) = x;"));
}

/// The files of a crate that the code of a file names: as long a path as leads to one.
fn named(code: &str, files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (path, after) = rest.split_at(end);
        let list = after.strip_prefix('{').and_then(|list| list.split_once('}'));
        for name in list.map_or("", |(list, _)| list).split(',') {
            let whole = format!("{path}{}", name.trim());
            let mut parts: Vec<&str> = whole.split("::").collect();
            while !parts.is_empty() && !files.contains_key(&parts.join("::")) {
                parts.pop();
            }
            found.extend((!parts.is_empty()).then(|| parts.join("::")));
        }
    }
    found
}

/// The files of a crate that lead to each other, or to such files.
fn in_circles(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut open: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in files {
        let mut uses = named(code(text), files);
        uses.remove(file);
        open.insert(file, uses);
    }
    loop {
        let left: BTreeSet<String> = open.keys().map(|file| (*file).clone()).collect();
        open.retain(|_, uses| uses.iter().any(|file| left.contains(file)));
        if open.len() == left.len() {
            return left.into_iter().collect();
        }
    }
}

#[test]
fn files_do_not_go_in_circles() {
    let pair = [("a", "use crate::b::{c, D};"), ("b", "use crate::a::E;"), ("c", "")];
    let pair = pair.map(|(file, text)| (file.to_owned(), text.to_owned())).into();
    assert_eq!(in_circles(&pair), ["a", "b"], "the rule lets its sample pass");
    for room in ["edge", "store", "local"] {
        let room = format!("functions/{room}/src/");
        let module = |path: &str| {
            let name = path.strip_prefix(&room)?.strip_suffix(".rs")?;
            Some(name.trim_end_matches("/mod").replace('/', "::"))
        };
        let files: BTreeMap<String, String> = sources()
            .into_iter()
            .filter_map(|(path, text)| Some((module(&path)?, text)))
            .filter(|(file, _)| file != "lib")
            .collect();
        assert!(files.len() > 10, "{room} was not found");
        assert_eq!(in_circles(&files), Vec::<String>::new(), "{room}");
    }
}

#[test]
fn nothing_is_left_open_or_passed_over() {
    let words = ["todo", "unimplemented"].map(|word| format!("{word}!("));
    let rule = move |path: &str, text: &str| {
        let marks = ["#[ignore", "FIXME", "XXX", "thread::sleep", "let _ ="];
        let hit = |line: &&str| {
            words.iter().any(|word| line.contains(word.as_str()))
                || marks.iter().any(|mark| line.contains(mark))
        };
        let own = path == "tests/acceptance/tidy.rs";
        text.lines().find(|line| !own && hit(line)).map(str::to_owned)
    };
    assert!(rule("a.rs", "let _ = save().await;").is_some());
    let broken: Vec<_> =
        sources().iter().filter_map(|(p, t)| Some((p.clone(), rule(p, t)?))).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_domain_is_pure() {
    let rule: Rule = |path, text| {
        let pure = path.starts_with("domain/src");
        text.lines()
            .find(|l| pure && !l.starts_with("//") && l.contains("async fn"))
            .map(str::to_owned)
    };
    check(rule, ("domain/src/a.rs", "pub async fn a() {}"));
}

/// Which of our crates a crate may use: domain <- store <- edge <- functions <- local <- tests.
fn arrows_broken(uses: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let floor = |name: &str| match name {
        "domain" => 0,
        "store" | "model" | "render" => 1,
        "edge" => 2,
        "local" | "simulator" => 4,
        "tests" => 5,
        _ => 3,
    };
    let wrong = |(name, used): (&String, &Vec<String>)| {
        let up: Vec<String> = used
            .iter()
            .filter(|other| floor(other) >= floor(name))
            .map(|other| format!("{name} uses {other}"))
            .collect();
        up
    };
    uses.iter().flat_map(wrong).collect()
}

#[test]
fn crate_arrows_point_one_way() {
    let metadata =
        MetadataCommand::new().no_deps().other_options(["--offline".to_owned()]).exec().unwrap();
    let ours: Vec<String> = metadata.packages.iter().map(|p| p.name.to_string()).collect();
    let used = |package: &cargo_metadata::Package| {
        let inner = package.dependencies.iter().filter(|d| d.path.is_some());
        (package.name.to_string(), inner.map(|d| d.name.clone()).collect())
    };
    let arrows: BTreeMap<String, Vec<String>> = metadata.packages.iter().map(used).collect();
    assert!(ours.len() >= 15);
    assert!(!arrows_broken(&BTreeMap::from([("store".into(), vec!["edge".into()])])).is_empty());
    assert!(!arrows_broken(&BTreeMap::from([("plans".into(), vec!["access".into()])])).is_empty());
    let broken = arrows_broken(&arrows);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_domain_knows_neither_http_nor_aws() {
    let metadata =
        MetadataCommand::new().no_deps().other_options(["--offline".to_owned()]).exec().unwrap();
    let domain = metadata.packages.iter().find(|p| p.name.as_str() == "domain").unwrap();
    let foreign = ["aws", "lambda", "http", "axum", "reqwest", "tokio", "hyper"];
    for dependency in &domain.dependencies {
        let known = foreign.iter().any(|name| dependency.name.starts_with(name));
        assert!(!known, "domain uses {}", dependency.name);
    }
}
