//! The steps of a history name the API key of each, beside its id.
//!
//! Neighbours: handlers name the history of what they answer with.

use std::collections::BTreeMap;

use domain::view::HistoryLine;

use crate::http::auth::Caller;
use crate::http::context::Cx;
use crate::http::problem::Problem;

impl Cx {
    /// Names the keys of a history: the caller's own without a read. A bound key sees no other's
    /// name.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn named(&self, history: &mut [HistoryLine]) -> Result<(), Problem> {
        let Caller { tenant, key, .. } = self.caller()?;
        let mut known = BTreeMap::from([(key.id.to_string(), Some(key.name.clone()))]);
        for line in history {
            if !known.contains_key(&line.by) && !key.is_bound() {
                let found = self.store().find_key_info(*tenant, &line.by).await?;
                known.insert(line.by.clone(), found.map(|key| key.name));
            }
            line.by_name = known.get(&line.by).cloned().flatten();
        }
        Ok(())
    }
}
