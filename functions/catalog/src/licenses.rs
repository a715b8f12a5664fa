//! `/v1/license-models` and `/v1/attributes`: the fixed tables of source 004.

use domain::catalog::license::{ATTRIBUTES, LICENSE_MODELS, LicenseModel, license_model};
use domain::rejection::Rejection;
use edge::{Answer, Cx, Problem};
use serde_json::json;

pub(crate) async fn models(_cx: Cx) -> Result<Answer, Problem> {
    Answer::ok(&json!({"data": LICENSE_MODELS.map(LicenseModel::view)}))
}

pub(crate) async fn model(cx: Cx) -> Result<Answer, Problem> {
    let found = license_model(cx.id("id")?.get());
    cx.show(&found.ok_or_else(|| Rejection::not_found("license model"))?.view(), 1)
}

pub(crate) async fn attributes(_cx: Cx) -> Result<Answer, Problem> {
    Answer::ok(&json!({"data": &ATTRIBUTES[..]}))
}
