//! The acceptance tests: one file a story, over HTTP against the real service; and the tidy rules.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may end so")]

mod activations;
mod bad_input;
mod callbacks;
mod catalog;
mod contract;
mod counts;
mod credentials;
mod dispatching;
mod entitlements;
mod events;
mod first_key;
mod grants;
mod guards;
mod hostile;
mod idempotency;
mod infra;
mod ldk;
mod ldk_documents;
mod lists;
mod lost_answers;
mod main_job;
mod notes;
mod openapi;
mod operating;
mod people;
mod permissions;
mod permissions_sales;
mod plan_actions;
mod plans;
mod profiles;
mod races;
mod restart;
mod revoking;
mod routes;
mod source_001;
mod specified;
mod template;
mod template_changes;
mod tidy;
mod trials;
