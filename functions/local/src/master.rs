//! `keys rotate-master` and `keys forget-master`: whoever runs the service has a new master key
//! made, and an older one forgotten, also while it runs.
//!
//! Neighbours: `door` is the way in while a service has the folder; else the folder is opened, and
//! what older keys sealed is sealed anew here. Guarantee: ended early, it goes on when it is called
//! again, or at the next start.

use edge::rotation;
use reqwest::Method;
use store::resealing::Resealing;

use crate::limits::MASTER_KEY_LOOK;
use crate::tenants::{TenantsError, Where, opened};

/// The address of the master keys.
const KEYS: &str = "/operator/v1/master-keys";

/// Makes a master key, and shows how far everything is on its way to it until all is.
///
/// # Errors
/// When it was refused, or there is no service and no folder.
pub async fn rotate(at: &Where, say: fn(&str)) -> Result<(), TenantsError> {
    let data = at.look()?;
    let mut said = String::new();
    let mut tell = |so_far: &Resealing| {
        let line = so_far.to_string();
        if said != line {
            say(&line);
        }
        said = line;
    };
    if data.is_held() {
        let api = at.ask(&data)?;
        let mut told = api.call(Method::POST, KEYS, &[], None).await?;
        while let Ok(so_far) = serde_json::from_value::<Resealing>(told) {
            tell(&so_far);
            if so_far.done {
                break;
            }
            tokio::time::sleep(MASTER_KEY_LOOK).await;
            told = api.get(KEYS).await?;
        }
        return Ok(());
    }
    let data = at.open()?;
    let app = opened(&data).await?;
    let mut so_far = Some(rotation::rotate(&app).await?);
    // Nobody else has the folder, so nobody seals with an older key meanwhile.
    while let Some(reached) = so_far {
        tell(&reached);
        so_far = if reached.done { None } else { rotation::step(&app).await? };
    }
    Ok(())
}

/// Forgets the master key of a number for ever.
///
/// # Errors
/// As long as anything is sealed with it; when there is no service and no folder.
pub async fn forget(number: u32, at: &Where, say: fn(&str)) -> Result<(), TenantsError> {
    let data = at.look()?;
    if data.is_held() {
        let path = format!("{KEYS}/{number}");
        at.ask(&data)?.nothing(Method::DELETE, &path).await?;
    } else {
        let data = at.open()?;
        rotation::forget(&opened(&data).await?, number).await?;
    }
    say(&format!("Master key {number} is forgotten. Backups of before need it: keep a copy."));
    Ok(())
}
