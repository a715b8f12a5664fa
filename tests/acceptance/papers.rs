//! What papers and comments cite is there, and the blocks of the papers are run.

use std::collections::BTreeSet;

use crate::tidy::{files, is_a, read, sources};

/// The codes of rules in a text: `Q2`, `D15`, `004-H17`, `I5`, `P4`, `S1`.
fn codes(text: &str) -> BTreeSet<String> {
    let word = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_code = |word: &&str| {
        let (source, rule) = word.split_once('-').unwrap_or(("", word));
        let (letter, rest) = rule.split_at_checked(1).unwrap_or_default();
        let of_source = source.len() == 3 && number(source) && "HPR".contains(letter);
        let ours = source.is_empty() && rest.len() <= 2 && "ACDIKNPQS".contains(letter);
        (of_source || ours) && number(rest)
    };
    text.split(word).filter(|word| !word.is_empty()).filter(is_code).map(str::to_owned).collect()
}

/// The comments of a Rust file.
fn comments(text: &str) -> String {
    text.lines().filter_map(|line| Some(line.split_once("//")?.1)).collect::<Vec<_>>().join("\n")
}

/// Each code in a comment is a rule of SPEC.md, an invariant of ARCHITECTURE.md or a row of a state
/// table; each test that SPEC.md names is there.
#[test]
fn what_is_cited_is_there() {
    let (spec, architecture) = (read("SPEC.md"), read("ARCHITECTURE.md"));
    let of_tables = read("domain/tests/cases/machines.txt");
    let mut known: BTreeSet<String> =
        of_tables.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    for line in spec.lines().chain(architecture.lines()) {
        let code = line.strip_prefix("| ").and_then(|row| row.split(" |").next());
        known.extend(code.map(str::to_owned));
    }
    let found = ["004-H17", "Q2", "Q99"].map(str::to_owned).into();
    assert_eq!(codes("by Q2, not Q99; (004-H17), UTF-8"), found);
    for (path, text) in sources() {
        let missing: Vec<String> =
            codes(&comments(&text)).into_iter().filter(|code| !known.contains(code)).collect();
        assert!(missing.is_empty(), "{path} cites {missing:?}: write the rule down in SPEC.md");
    }
    let named = spec.split('`').filter(|text| text.contains("::") && !text.contains('*'));
    let all = sources();
    for test in named {
        let (file, function) = test.split_once("::").unwrap();
        let (file, function) = (format!("/{file}.rs"), format!("fn {function}("));
        let holds = |text: &str| text.contains(&function);
        let there = all.iter().any(|(path, text)| path.ends_with(&file) && holds(text));
        assert!(there, "SPEC.md names the test {test}");
    }
}

/// The files that a text names: words with a folder, and Rust files and papers without one.
fn named_files(text: &str) -> impl Iterator<Item = &str> {
    let of_a_path = |c: char| !c.is_ascii_alphanumeric() && !"_-./".contains(c);
    text.split(of_a_path).map(|word| word.trim_matches(['.', '/'])).filter(|word| {
        let (stem, end) = word.rsplit_once('.').unwrap_or_default();
        let ours = ["json", "md", "py", "rs", "snap", "toml", "txt", "yaml"].contains(&end);
        ours && (stem.contains('/') || ["md", "rs"].contains(&end))
    })
}

#[test]
fn every_file_that_is_named_is_there() {
    // People leave out of a path what most paths have.
    let plain = |path: &str| format!("/{}", path.replace("src/", ""));
    let there: Vec<String> = files().iter().map(|path| plain(path)).collect();
    let missing = |text: &str| -> Vec<String> {
        let lacks = |name: &&str| !there.iter().any(|path| path.ends_with(&plain(name)));
        named_files(text).filter(lacks).map(str::to_owned).collect()
    };
    assert_eq!(missing("See `edge/http/page.rs` and (tests/none.json), a.b."), ["tests/none.json"]);
    let papers = files().into_iter().filter(|path| is_a("md", path) && !path.contains('/'));
    let papers = papers.map(|path| (path.clone(), read(&path)));
    let comments = sources().into_iter().map(|(path, text)| (path, comments(&text)));
    let all = papers.chain(comments).map(|(path, text)| (path, missing(&text)));
    let wrong: Vec<_> = all.filter(|(_, missing)| !missing.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_block_of_the_papers_is_run() {
    let ci = read(".ci/run");
    // Blocks that need more than a shell: one starts the service that all others run beside, one
    // needs an account of AWS. GUIDE.md and MIGRATING.md are run whole.
    let otherwise = [("README.md", 1), ("OPERATING.md", 1)];
    for paper in ["README.md", "OPERATING.md"] {
        for n in 1..=read(paper).matches("\n```sh\n").count() {
            let run = ci.contains(&format!("\nblock {paper} {n}\n"));
            assert!(run != otherwise.contains(&(paper, n)), "block {n} of {paper}");
        }
    }
    assert!(ci.contains("papers.py run "), "the blocks of the guide");
}
