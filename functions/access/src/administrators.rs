//! Another administrator of a tenant, where an act would end or shorten the life of one.
//!
//! Neighbours: `keys` and `roles` ask before they take something away.

use domain::access::giving::{Administrator, Lasts};
use domain::access::keys::KeyInfo;
use domain::access::{Act, Area, Role};
use domain::limits::PAGE;
use domain::record::Kind;
use edge::{Cx, Problem};
use store::list::PageOf;

/// One among these keys that administers the tenant for as long as `lasts`; none where `lasts` is
/// none (then nothing can be lost), or no such key does.
pub(crate) async fn another(
    cx: &Cx,
    lasts: Option<Lasts>,
    among: impl Fn(&KeyInfo) -> bool + Copy + Send + Sync,
) -> Result<Option<Administrator>, Problem> {
    let Some(lasts) = lasts else { return Ok(None) };
    let (tenant, now) = (cx.tenant()?, cx.app.clock.now());
    let mut page = PageOf { limit: PAGE.1, ..PageOf::default() };
    loop {
        let near = |key: &KeyInfo| among(key) && key.is_live(now);
        let found = cx.store().list::<KeyInfo>(tenant, Kind::ApiKey, &page, near).await?;
        for info in found.rows {
            // The list may be late: the row itself counts.
            let key = cx.store().load_api_key(tenant, info.id).await?;
            let role = store::present(cx.store().load_role(tenant, key.info.role_id).await)?;
            let Some(role) = role else { continue };
            let theirs = key.info.administers(&role, now);
            if among(&key.info) && theirs.is_some_and(|theirs| theirs.as_long_as(lasts)) {
                return Ok(Some(Administrator { key, role }));
            }
        }
        page.after = found.next;
        if page.after.is_none() {
            return Ok(None);
        }
    }
}

/// How long the keys of a role administer the tenant in it; none: the role does not permit that.
/// The list of keys may be late, so a role without a listed key counts as one whose key ends now.
pub(crate) async fn longest(cx: &Cx, role: &Role) -> Result<Option<Lasts>, Problem> {
    if !role.may(Area::Admin, Act::Edit) {
        return Ok(None);
    }
    let (tenant, now) = (cx.tenant()?, cx.app.clock.now());
    let mut page = PageOf { limit: PAGE.1, ..PageOf::default() };
    let mut longest = Lasts::Until(now);
    loop {
        let theirs = |key: &KeyInfo| key.role_id == role.id;
        let found = cx.store().list::<KeyInfo>(tenant, Kind::ApiKey, &page, theirs).await?;
        for lasts in found.rows.iter().filter_map(|key| key.administers(role, now)) {
            if lasts.as_long_as(longest) {
                longest = lasts;
            }
        }
        page.after = found.next;
        if page.after.is_none() {
            return Ok(Some(longest));
        }
    }
}
