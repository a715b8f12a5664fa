//! How values go into a payload: as they are, or as texts, which is all that some providers take.
//!
//! Neighbours: `render` writes what an expression finds, a plan's content the whole document.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// The form of the values that are substituted. What the definition itself says stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(Serialize, Deserialize, strum::EnumString, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(ascii_case_insensitive)]
pub enum Values {
    /// With their JSON types.
    #[default]
    Native,
    /// Every number, boolean and null, at any depth, is its JSON text as a string.
    Text,
}

impl Values {
    /// Writes a value as compact JSON.
    pub fn write(self, value: &Value, out: &mut Vec<u8>) {
        let written = match self {
            Self::Native => serde_json::to_writer(&mut *out, value),
            Self::Text => serde_json::to_writer(&mut *out, &AsText(value)),
        };
        // Writing a JSON value into memory has no way to fail.
        if written.is_err() {
            out.extend_from_slice(b"null");
        }
    }
}

struct AsText<'a>(&'a Value);

impl Serialize for AsText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null | Value::Bool(_) | Value::Number(_) => serializer.collect_str(self.0),
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(list) => {
                let mut all = serializer.serialize_seq(Some(list.len()))?;
                list.iter().try_for_each(|value| all.serialize_element(&AsText(value)))?;
                all.end()
            }
            Value::Object(members) => {
                let mut all = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    all.serialize_entry(name, &AsText(value))?;
                }
                all.end()
            }
        }
    }
}
