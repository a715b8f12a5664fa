//! The first role, namespace and key of a tenant: nobody can call before they exist.
//!
//! Neighbours: local mode at its first start; a deployed service by its operator.

use domain::access::keys::{ApiKeyInput, PREFIX};
use domain::access::namespace::{DEFAULT_NAMESPACE, NamespaceInput};
use domain::access::{ApiKey, Namespace, Role};
use domain::decision::{Actor, Decision};
use domain::ids::Id;
use edge::{App, Problem};
use store::Extra;

/// A tenant that was made.
pub struct Tenant {
    /// Its id.
    pub id: Id,
    /// The secret of its administrator's key.
    pub api_key: String,
}

/// Makes a tenant with the role "Administrator", the namespace "Default" and one key.
///
/// # Errors
/// When the store is not available.
pub async fn bootstrap(app: &App) -> Result<Tenant, Problem> {
    let stamp = |n: u32| {
        let mut stamp = app.stamp(Actor::System);
        stamp.entropy = domain::ids::Entropy::new(stamp.entropy.bytes(n));
        stamp
    };
    let tenant = stamp(0).id(0);
    let secret = secret(&app.ids.entropy());
    let input = NamespaceInput { name: DEFAULT_NAMESPACE.to_owned() };
    let (_, namespace) = Namespace::create(&input, true, &stamp(1))?;
    let (role, made_role) = Role::create(&Role::administrator(), &stamp(2))?;
    let input = ApiKeyInput { name: "Administrator".to_owned(), ..ApiKeyInput::default() };
    let (_, key) = ApiKey::create(&input, tenant, &role, &secret, &stamp(3))?;
    let changes = [namespace, made_role, key].into_iter().flat_map(|made| made.changes).collect();
    let decision = Decision { changes, effects: Vec::new() };
    app.commit(tenant, &decision, &Extra::default()).await?;
    Ok(Tenant { id: tenant, api_key: secret })
}

/// A new API key's secret: 256 random bits.
pub fn secret(entropy: &domain::ids::Entropy) -> String {
    format!("{PREFIX}{}", hex::encode(entropy.bytes(7)))
}
