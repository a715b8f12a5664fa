//! Every bound of the product, in one place.
//!
//! Neighbours: all rooms read them; those of the local process alone are in its own `limits.rs`.
//! Guarantee: no other file holds a bound (`tidy::bounds_are_in_limits_only`). A number that is
//! part of a form (a version, a count of bits, a day) is no bound and stays where the form is.

use crate::time::Period;

/// The longest length of time that is kept, days: a hundred years.
pub const PERIOD_LONGEST: i64 = 36_525;
/// An activation's requests may be scheduled so far ahead.
pub const SCHEDULED_AHEAD: Period = Period::from_secs(366 * 86_400);

/// Body of an API call, bytes.
pub const BODY_BYTES: usize = 1024 * 1024;
/// Body of a status callback, bytes.
pub const CALLBACK_BODY_BYTES: usize = 64 * 1024;
/// Faults of a body that an answer tells.
pub const FAULTS: usize = 100;
/// Members of a wrong type of one body that are looked for.
pub const TYPE_FAULTS: usize = 50;
/// Pointer and detail of a fault, bytes each.
pub const FAULT_BYTES: usize = 1000;
/// Elements inside each other of an XML body.
pub const XML_DEPTH: usize = 32;
/// Attributes of one element of an XML body.
pub const XML_ATTRIBUTES: usize = 64;
/// Elements of an XML body.
pub const XML_ELEMENTS: usize = 10_000;
/// What is received of a body that is too large, bytes, so that its sender hears the answer.
pub const DRAINED_BYTES: usize = 16 * 1024 * 1024;
/// What is read of a provider's answer, bytes.
pub const PROVIDER_BODY_BYTES: usize = 64 * 1024;
/// What is kept of a provider's answer in the request's head, bytes.
pub const RESPONSE_EXCERPT_BYTES: usize = 256;

/// Name of a plan, method, role, namespace: Unicode scalar values (001, Plan attributes).
pub const NAME_CHARS: usize = 50;
/// Description: Unicode scalar values (001).
pub const DESCRIPTION_CHARS: usize = 500;
/// Comments of a request (000-H8).
pub const COMMENT_CHARS: usize = 500;
/// Free short text: names of customers, identifiers, references.
pub const TEXT_CHARS: usize = 255;
/// Value of a custom attribute.
pub const ATTRIBUTE_CHARS: usize = 1000;
/// Custom attributes of one entity.
pub const ATTRIBUTES: usize = 50;
/// E-mails of one customer.
pub const EMAILS: usize = 10;
/// `Idempotency-Key`, visible ASCII characters.
pub const IDEMPOTENCY_KEY_CHARS: usize = 255;
/// An idempotency record is kept so long.
pub const IDEMPOTENCY_KEPT: Period = Period::from_secs(24 * 3600);

/// Plan definition, bytes, depth, expressions (D1).
pub const DEFINITION_BYTES: usize = 64 * 1024;
/// Nesting of a definition.
pub const DEFINITION_DEPTH: usize = 32;
/// Expressions of one definition.
pub const DEFINITION_EXPRESSIONS: usize = 200;
/// Compiled definitions kept for the next request, in each thread.
pub const DEFINITIONS_KEPT: usize = 256;
/// Their texts together, bytes; compiled, a definition takes several times as much.
pub const DEFINITIONS_KEPT_BYTES: usize = 1024 * 1024;
/// Rendered payload, bytes (D15).
pub const PAYLOAD_BYTES: usize = 256 * 1024;
/// Nodes of the document that the expressions of one definition visit together.
pub const NODE_VISITS: usize = 1_000_000;
/// So much text costs a pattern as much as visiting a node, bytes.
pub const TEXT_OF_A_VISIT: usize = 16;
/// `payloadSchema`, bytes (D14).
pub const SCHEMA_BYTES: usize = 16 * 1024;
/// Completed requests of a rehearsal: default and most.
pub const REHEARSED: (usize, usize) = (5, 20);
/// A shorter text in a definition is taken for no secret, bytes.
pub const SECRET_BYTES: usize = 10;
/// Requests that a rehearsal looks at.
pub const REHEARSAL_ROWS: usize = 10_000;
/// Products named in a refusal.
pub const NAMED_PRODUCTS: usize = 10;
/// Names tried for a copy.
pub const COPY_NAMES: u32 = 100;
/// One expression: characters.
pub const EXPRESSION_CHARS: usize = 512;
/// Segments of one expression.
pub const EXPRESSION_SEGMENTS: usize = 32;
/// Descendant segments of one expression.
pub const EXPRESSION_DESCENDANTS: usize = 1;
/// Product of the selector counts of an expression's segments.
pub const EXPRESSION_SELECTORS: usize = 16;
/// Wildcards of one expression.
pub const EXPRESSION_WILDCARDS: usize = 2;
/// Filters inside filters.
pub const EXPRESSION_FILTER_DEPTH: usize = 2;
/// Compiled patterns kept for the next node, in each thread.
pub const PATTERNS_KEPT: usize = 4;
/// Brackets and parentheses inside each other.
pub const EXPRESSION_NESTING: usize = 6;
/// Pattern of `match` and `search`, characters.
pub const EXPRESSION_PATTERN_CHARS: usize = 64;

/// A larger row of an entitlement leaves what it was sold with to a row of its own, bytes: a write
/// is billed by the kilobyte, and the counters of the row still grow.
pub const ENTITLEMENT_ROW_BYTES: usize = 960;
/// Reads of both rows of an entitlement, as long as they do not belong together: somebody writes
/// them.
pub const CONTENT_READS: u32 = 10;
/// Product keys of one line item (004).
pub const PRODUCT_KEYS: u32 = 10_000;
/// Activations per product key (004-H10).
pub const ACTIVATIONS_PER_KEY: u32 = 2_147_483_647;
/// Line items of one entitlement.
pub const LINE_ITEMS: usize = 25;
/// Products of one line item.
pub const ITEM_PRODUCTS: usize = 10;
/// `c2v` of an activation, characters: a row holds 400 KB.
pub const C2V_CHARS: usize = 32 * 1024;
/// Activations of one bulk.
pub const BULK: usize = 100;
/// A longer answer of a bulk is not kept whole, bytes; its parts are.
pub const BULK_KEPT_BYTES: usize = 256 * 1024;
/// Protection keys of one line item.
pub const PROTECTION_KEYS: usize = 100;
/// The line items of one entitlement as JSON, bytes: a row holds 400 KB.
pub const ENTITLEMENT_BYTES: usize = 128 * 1024;
/// Keys of one entitlement: 18 bits of index.
pub const ENTITLEMENT_KEYS: u32 = 262_143;
/// Highest key generation: 4 bits. The REOPEN after it is refused.
pub const KEY_GENERATIONS: u8 = 15;

/// Features of a product.
pub const PRODUCT_FEATURES: usize = 25;
/// Highest number that an attribute of a license takes.
pub const LICENSE_NUMBER: u64 = 2_147_483_647;
/// Unlimited concurrency is this many instances (source 004).
pub const UNLIMITED_INSTANCES: u64 = 10_000_000;
/// Attributes of a product's feature: as many as there are.
pub const LICENSE_ATTRIBUTES: usize = 34;
/// Memory data of a product, characters.
pub const MEMORY_DATA_CHARS: usize = 4096;
/// Profile of a customer as JSON, bytes.
pub const PROFILE_BYTES: usize = 32 * 1024;
/// Contacts of a customer.
pub const CONTACTS: usize = 50;

/// Endpoint address, characters.
pub const ENDPOINT_CHARS: usize = 2000;
/// Secret, user or client of an authentication profile, characters.
pub const CREDENTIAL_CHARS: usize = 1000;
/// Name of a header of an authentication profile, characters.
pub const HEADER_NAME_CHARS: usize = 64;
/// An access token that does not say how long it lives is kept so long.
pub const TOKEN_KEPT: Period = Period::from_secs(300);
/// An access token is renewed so long before it ends, or a fifth of its life if that is shorter.
pub const TOKEN_MARGIN: Period = Period::from_secs(60);
/// No access token is used longer, whatever it says.
pub const TOKEN_LONGEST: Period = Period::from_secs(86_400);
/// An access token, characters.
pub const TOKEN_CHARS: usize = 8192;
/// Access tokens kept in one process.
pub const TOKENS: usize = 1000;
/// Deadline of the ping of a method, within the life of the function that sends it.
pub const PING_TIMEOUT: Period = Period::from_secs(8);
/// After a rotation the older callback secret lives so long: least and most.
pub const SECRET_OVERLAP: (Period, Period) = (Period::from_secs(0), Period::from_secs(7 * 86_400));
/// Life of the older callback secret when none is given.
pub const SECRET_OVERLAP_DEFAULT: Period = Period::from_secs(86_400);
/// What the dispatcher knows of a tenant is kept so long.
pub const TENANT_KEPT: Period = Period::from_secs(5);
/// A session of an API key lives so long.
pub const SESSION_KEPT: Period = Period::from_secs(12 * 3600);
/// Method time-out.
pub const TIMEOUT: (Period, Period) = (Period::from_secs(1), Period::from_secs(30));
/// Method time-out when none is given.
pub const TIMEOUT_DEFAULT: Period = Period::from_secs(10);
/// Callback time-out of a method.
pub const CALLBACK_TIMEOUT: (Period, Period) =
    (Period::from_secs(60), Period::from_secs(90 * 86_400));
/// The door of a deleted method stays open so long: for the longest callback time-out of what was
/// sent by it, and once more for what a late report or an operator began anew.
pub const DOOR_KEPT: Period = Period::from_secs(2 * 90 * 86_400);
/// Callback time-out when none is given.
pub const CALLBACK_TIMEOUT_DEFAULT: Period = Period::from_secs(7 * 86_400);
/// Steps of a retry ladder.
pub const LADDER_STEPS: usize = 20;
/// Longest wait before an attempt (Q11).
pub const LADDER_LONGEST: Period = Period::from_secs(86_400);
/// The ladder when none is given, seconds (Q7, Standard Webhooks).
pub const LADDER_DEFAULT_SECS: [i64; 10] =
    [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Jitter of a wait, a fraction of it.
pub const JITTER: f64 = 0.2;
/// A lease outlives the method's time-out by this (Q9).
pub const LEASE_MARGIN: Period = Period::from_secs(5);
/// Clocks that are no further apart agree, for the doctor.
pub const DOCTOR_CLOCKS: Period = Period::from_secs(5);
/// What waits longer for the sweeper tells the doctor that there is none.
pub const DOCTOR_LAG: Period = Period::from_secs(300);
/// A queued request that nobody took is sent again after this (Q10).
pub const RESEND_AFTER: Period = Period::from_secs(30);
/// What waits for long is sent again no less often than this: a message may be lost at any time.
pub const RESEND_SELDOM: Period = Period::from_secs(900);
/// Up to here, every whole number among JSON's floats is exact.
pub const EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;
/// Kept of the `Location` of a redirect, bytes.
pub const LOCATION_BYTES: usize = 1024;
/// A request that a repeated attempt finds queued for so long needs attention.
pub const QUEUED_LATE: Period = Period::from_secs(900);
/// Rows of a shard of the index `due` in one read.
pub const SWEEP_READ: usize = 100;
/// Reads of a shard in one sweep.
pub const SWEEP_READS: usize = 100;
/// Tasks that the sweeper deals with at once, so that ten thousand take seconds.
pub const SWEEP_AT_ONCE: usize = 20;
/// Messages that one sweep sends again, after all else; the next sweep sends those that are left.
pub const SWEEP_RESENDS: usize = 2000;
/// Longest delay that SQS takes.
pub const QUEUE_DELAY: Period = Period::from_secs(900);

/// Steps of history in a row.
pub const HISTORY_STEPS: usize = 50;
/// Webhook ids remembered in a request's head.
pub const WEBHOOK_RING: usize = 32;
/// What one answer tells of the responses to all attempts of a request, bytes: an answer of a
/// Lambda has at most 6 MB.
pub const EXCERPTS_BYTES: usize = 512 * 1024;
/// Attempts without an outcome, kept in a request's head.
pub const UNHEARD_ATTEMPTS: usize = 50;
/// Conflicting callbacks kept.
pub const CONFLICTS: usize = 20;
/// Clock difference allowed for a callback.
pub const SIGNATURE_SKEW: Period = Period::from_secs(300);
/// A callback that lost its races for so long is answered 503, and comes again (Q3).
pub const CALLBACK_ANSWERED: Period = Period::from_millis(1_500);
/// `webhook-id`, characters.
pub const WEBHOOK_ID_CHARS: usize = 64;

/// A partition key, bytes: DynamoDB takes no longer one.
pub const KEY_BYTES: usize = 2048;
/// Keys of one `BatchGetItem`: DynamoDB takes no more.
pub const BATCH_KEYS: usize = 100;
/// Reads of the keys that `BatchGetItem` left out under load.
pub const BATCH_READS: u32 = 6;
/// Wait after the first of these reads; it is doubled each time.
pub const BATCH_WAIT: Period = Period::from_millis(10);
/// Attempts of one call of AWS: the first and two more.
pub const AWS_TRIES: u32 = 3;
/// No attempt of a call of AWS takes longer.
pub const AWS_TIMEOUT: Period = Period::from_secs(5);
/// Wait for a file descriptor that is given back.
pub const DESCRIPTOR_WAIT: Period = Period::from_millis(50);
/// Rows of one step of a migration.
pub const MIGRATE_ROWS: usize = 500;
/// Rows that a migration writes at once.
pub const MIGRATE_AT_ONCE: usize = 20;
/// One call of the bootstrap function migrates so long; the next one goes on.
pub const MIGRATE_CALL: Period = Period::from_secs(20);
/// Rows of one step of sealing anew.
pub const RESEAL_ROWS: usize = 500;
/// Between every tenant's row naming the new master key and the first row sealed anew: longer than
/// any call lives that has read the tenant before.
pub const RESEAL_WAIT: Period = Period::from_secs(60);
/// One sweep seals anew so long; the next one goes on.
pub const RESEAL_SWEEP: Period = Period::from_secs(10);
/// A number of a master key that is not known is looked up at most so often.
pub const MASTER_KEY_REREAD: Period = Period::from_secs(60);
/// Activations of one step of an erasure.
pub const ERASE_AT_ONCE: usize = 20;
/// Rows of one step of an erasure that looks for answers.
pub const ERASE_ROWS: usize = 500;
/// Changes after which a transaction of an erasure is closed; DynamoDB takes 100, and a row of a
/// customer brings up to 25 with it.
pub const ERASE_WRITES: usize = 50;
/// One sweep erases so long in all; the next one goes on.
pub const ERASE_SWEEP: Period = Period::from_secs(10);
/// How long a tenant may have what was sent and heard kept, least and most.
pub const RETENTION: (Period, Period) =
    (Period::from_secs(180 * 86_400), Period::from_secs(10 * 365 * 86_400));
/// A year of a retention.
pub const YEAR: Period = Period::from_secs(365 * 86_400);
/// The same where a tenant says nothing.
pub const RETENTION_DEFAULT: Period = Period::from_secs(2 * 365 * 86_400);
/// It is kept so much longer: a request may be under way for long.
pub const RETENTION_MARGIN: Period = Period::from_secs(180 * 86_400);
/// Entries of the audit are kept so long.
pub const AUDIT_KEPT: Period = Period::from_secs(7 * 365 * 86_400);
/// What an erasure left because a request was open is looked at again after this.
pub const ERASE_WAIT: Period = Period::from_secs(900);
/// Point-in-time backups of the tables reach back so far.
pub const BACKUPS_KEPT: Period = Period::from_secs(35 * 86_400);
/// A page of an export ends once it has so many bytes: an answer of a Lambda has at most 6 MB.
pub const EXPORT_BYTES: usize = 1024 * 1024;
/// The newest rows of a kind that the doctor reads.
pub const SAMPLE_ROWS: usize = 20;
/// Page of a list: default and most.
pub const PAGE: (usize, usize) = (25, 100);
/// Rows looked at for one page.
pub const PAGE_ROWS: usize = 1000;
/// Entitlements of a customer or partner whose activations are looked for at once.
pub const OWNED_AT_ONCE: usize = 20;
/// Rows of one read of what must read a whole list.
pub const READ_ROWS: usize = 1000;
/// How often a decision is taken again after a lost race.
pub const COMMIT_TRIES: u32 = 20;
/// Longest wait after the first lost race.
pub const BACK_OFF: Period = Period::from_millis(4);
/// It is doubled so often.
pub const BACK_OFF_DOUBLED: u32 = 4;
/// Generations whose payloads an explanation shows.
pub const PAYLOADS: u32 = 100;
/// Moments of an explanation, the latest: an answer of a Lambda has at most 6 MB.
pub const MOMENTS: usize = 1000;
/// Of a longer value the audit has only the hash, bytes.
pub const AUDIT_VALUE_BYTES: usize = 1024;
/// Permissions of a role.
pub const GRANTS: usize = 100;
