//! What each function may do on AWS.
//!
//! Neighbours: `permissions` holds it against the calls of the code, `template` the roles against
//! it.

/// THE LIST: resource and actions, a line each. A transaction needs the actions of its items.
#[rustfmt::skip]
pub(crate) const GRANTS: &[(&str, &[&str])] = &[
    ("access", &[
        "catalog: BatchGetItem DeleteItem GetItem PutItem Query UpdateItem",
        "catalog/list: Query",
        "core: GetItem PutItem",
        "master-key: GetSecretValue",
    ]),
    ("catalog", &[
        "catalog: BatchGetItem DeleteItem GetItem PutItem Query",
        "catalog/list: Query",
        "core: GetItem PutItem",
    ]),
    ("customers", &[
        "catalog: BatchGetItem DeleteItem GetItem PutItem Query",
        "catalog/list: Query",
        "core: BatchGetItem GetItem PutItem Query",
        "core/listed: Query",
        "core/owner: Query",
        "master-key: GetSecretValue",
    ]),
    ("plans", &[
        "catalog: BatchGetItem DeleteItem GetItem PutItem Query",
        "catalog/list: Query",
        "core: BatchGetItem GetItem PutItem",
        "core/listed: Query",
        "master-key: GetSecretValue",
    ]),
    ("entitlements", &[
        "catalog: BatchGetItem DeleteItem GetItem PutItem Query UpdateItem",
        "catalog/list: Query",
        "core: BatchGetItem DeleteItem GetItem PutItem Query",
        "core/listed: Query",
        "core/owner: Query",
        "master-key: GetSecretValue",
    ]),
    ("activations", &[
        "catalog: BatchGetItem GetItem PutItem Query UpdateItem",
        "catalog/list: Query",
        "core: BatchGetItem GetItem PutItem UpdateItem",
        "core/listed: Query",
        "core/owner: Query",
        "master-key: GetSecretValue",
        "queue: SendMessage",
    ]),
    ("requests", &[
        "catalog: BatchGetItem GetItem PutItem Query",
        "catalog/list: Query",
        "core: BatchGetItem GetItem PutItem Query",
        "core/listed: Query",
        "core/owner: Query",
        "master-key: GetSecretValue",
        "queue: SendMessage",
    ]),
    ("callbacks", &[
        "catalog: GetItem Query",
        "core: BatchGetItem GetItem PutItem",
        "master-key: GetSecretValue",
        "queue: SendMessage",
    ]),
    ("dispatch", &[
        "catalog: BatchGetItem GetItem Query",
        "core: BatchGetItem GetItem PutItem",
        "master-key: GetSecretValue",
        "queue: SendMessage",
    ]),
    ("sweeper", &[
        "catalog: BatchGetItem DeleteItem GetItem PutItem Query Scan",
        "catalog/list: Query",
        "core: BatchGetItem GetItem PutItem Query Scan",
        "core/due: Query",
        "core/listed: Query",
        "core/owner: Query",
        "master-key: GetSecretValue",
        "queue: SendMessage",
    ]),
    ("bootstrap", &[
        "catalog: BatchGetItem DescribeTable GetItem PutItem Query Scan",
        "catalog/list: Query",
        "core: BatchGetItem DescribeTable GetItem PutItem Scan",
        "core/due: Query",
        "core/listed: Query",
        "dead-letters: GetQueueAttributes",
        "master-key: GetSecretValue PutSecretValue",
        "queue: GetQueueAttributes",
    ]),
];
