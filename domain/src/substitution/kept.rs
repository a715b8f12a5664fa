//! Compiled definitions, kept for the next request: to compile one costs far more than to fill it.
//!
//! Neighbours: `plan::content` asks for them. Guarantee: a definition is found by its whole text,
//! so that an edited plan never meets what it said before.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::limits::{DEFINITIONS_KEPT, DEFINITIONS_KEPT_BYTES};
use crate::substitution::compile::{Definition, DefinitionFault};
use crate::substitution::version::DocumentVersion;

/// Those of one version of the document.
#[derive(Default)]
struct Kept {
    by_text: BTreeMap<String, Rc<Definition>>,
    bytes: usize,
}

thread_local! {
    static KEPT: RefCell<BTreeMap<DocumentVersion, Kept>> = RefCell::default();
}

/// The compiled form of a text. When too much is kept, all of it is dropped, and kept anew as it is
/// asked for.
///
/// # Errors
/// As [`Definition::compile`].
pub fn compiled(
    text: &str,
    version: DocumentVersion,
) -> Result<Rc<Definition>, Vec<DefinitionFault>> {
    KEPT.with_borrow_mut(|kept| {
        let kept = kept.entry(version).or_default();
        if let Some(known) = kept.by_text.get(text) {
            return Ok(Rc::clone(known));
        }
        let fresh = Rc::new(Definition::compile_for(text, version)?);
        let full = kept.by_text.len() == DEFINITIONS_KEPT
            || kept.bytes + text.len() > DEFINITIONS_KEPT_BYTES;
        if full {
            *kept = Kept::default();
        }
        kept.bytes += text.len();
        kept.by_text.insert(text.to_owned(), Rc::clone(&fresh));
        Ok(fresh)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(text: &str) -> Result<Rc<Definition>, Vec<DefinitionFault>> {
        super::compiled(text, DocumentVersion::Second)
    }

    fn definition(n: usize, length: usize) -> String {
        format!("{{\"{n}\": \"{}\"}}", "x".repeat(length))
    }

    #[test]
    fn the_same_text_is_compiled_once_and_another_one_anew() {
        let first = compiled(&definition(0, 1)).unwrap();
        assert!(Rc::ptr_eq(&first, &compiled(&definition(0, 1)).unwrap()));
        assert!(!Rc::ptr_eq(&first, &compiled(&definition(1, 1)).unwrap()));
        let older = super::compiled(&definition(0, 1), DocumentVersion::First).unwrap();
        assert!(!Rc::ptr_eq(&first, &older));
        assert!(compiled("7").is_err());
        assert!(compiled("7").is_err(), "a fault is not kept");
    }

    #[test]
    fn what_is_kept_has_bounds() {
        let of = |kept: &Kept| (kept.by_text.len(), kept.bytes);
        let kept = || KEPT.with_borrow(|kept| of(&kept[&DocumentVersion::Second]));
        let fill = |length: usize| {
            for n in 0..=DEFINITIONS_KEPT {
                compiled(&definition(n, length)).unwrap();
                let (count, bytes) = kept();
                assert!((1..=DEFINITIONS_KEPT).contains(&count), "{count}");
                assert!(bytes <= DEFINITIONS_KEPT_BYTES, "{bytes}");
            }
        };
        fill(1);
        assert_eq!(kept().0, 1, "one more than there is place for");
        fill(60_000);
        assert!(kept().0 < DEFINITIONS_KEPT_BYTES / 60_000 + 1);
    }
}
