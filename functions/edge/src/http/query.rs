//! Query parameters: known names only, each read with its type.
//!
//! Neighbours: `Cx::query`. Guarantee: an unknown or malformed parameter is a 400 that names it.

use std::str::FromStr;

use domain::rejection::{Code, Rejection};
use domain::told::told;
use url::form_urlencoded;

/// The parameters of a call.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string; `known` are the names that the route takes.
    ///
    /// # Errors
    /// 400 naming the parameter.
    pub fn parse(text: &str, known: &[&str]) -> Result<Self, Rejection> {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        for (i, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let detail = format!("unknown; this call takes {known}");
                return Err(wrong(name, &detail));
            }
            if pairs[..i].iter().any(|(other, _)| other == name) {
                return Err(wrong(name, "given twice"));
            }
        }
        Ok(Self(pairs))
    }

    /// All that there is, known or not.
    pub fn all(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Every value of a parameter.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A parameter as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// A parameter as `T`.
    ///
    /// # Errors
    /// 400 naming the parameter.
    pub fn get<T: FromStr>(&self, name: &str) -> Result<Option<T>, Rejection>
    where
        T::Err: std::fmt::Display,
    {
        let parse =
            |text: &str| text.parse().map_err(|e: T::Err| wrong(name, &told(&e.to_string())));
        self.text(name).map(parse).transpose()
    }

    /// A comma list of `T`; absent: empty.
    ///
    /// # Errors
    /// 400 naming the parameter.
    pub fn list<T: FromStr>(&self, name: &str) -> Result<Vec<T>, Rejection>
    where
        T::Err: std::fmt::Display,
    {
        let parse =
            |text: &str| text.parse().map_err(|e: T::Err| wrong(name, &told(&e.to_string())));
        self.text(name).map_or(Ok(Vec::new()), |list| list.split(',').map(parse).collect())
    }

    /// The filters, without what only chooses the page: what a cursor is bound to.
    pub fn filters(&self) -> String {
        let mut filters: Vec<&(String, String)> = self
            .0
            .iter()
            .filter(|(name, _)| !["limit", "cursor", "fields"].contains(&name.as_str()))
            .collect();
        filters.sort();
        form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish()
    }

    /// The same query with another cursor.
    pub fn with_cursor(&self, cursor: &str) -> String {
        let others = self.0.iter().filter(|(name, _)| name != "cursor");
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .append_pair("cursor", cursor)
            .finish()
    }
}

fn wrong(name: &str, detail: &str) -> Rejection {
    let detail = format!("The query parameter {name} is wrong: {detail}.");
    Rejection::at(name, Code::ValidationFailed, detail)
}
