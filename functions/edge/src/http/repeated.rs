//! Finds members that stand twice in one object of a JSON text: the last would win silently.
//!
//! Neighbours: `body` tells them with the other faults of a body.

use std::collections::HashSet;
use std::fmt;

use domain::rejection::pointer_part;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The JSON Pointers of repeated members, in the order of the text; none when it is not JSON.
pub fn repeated(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let look = Look { at: String::new(), found: &mut found };
    let read = look.deserialize(&mut serde_json::Deserializer::from_slice(text));
    if read.is_ok() { found } else { Vec::new() }
}

struct Look<'a> {
    at: String,
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! pass {
    ($($visit:ident $kind:ty),*) => {
        $(fn $visit<E>(self, _: $kind) -> Result<(), E> {
            Ok(())
        })*
    };
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    pass!(visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0;
        loop {
            let look = Look { at: format!("{}/{index}", self.at), found: self.found };
            if list.next_element_seed(look)?.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = members.next_key::<String>()? {
            let at = format!("{}/{}", self.at, pointer_part(&key));
            if !seen.insert(key) {
                self.found.push(at.clone());
            }
            members.next_value_seed(Look { at, found: self.found })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_members_are_found_at_any_depth() {
        let text = br#"{"a":1,"b":[{"c":1,"c":[]},{"c":null}],"a":{"x/y":"","x/y":1.5}}"#;
        assert_eq!(repeated(text), ["/b/0/c", "/a", "/a/x~1y"]);
        assert_eq!(repeated(br#"{"a":{"a":true}}"#), Vec::<String>::new());
        assert_eq!(repeated(b"{\"a\":1,\"a\":"), Vec::<String>::new());
    }
}
