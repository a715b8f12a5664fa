//! The profile of a customer: the contact, demographics, company and receivable members of source
//! 003, in camelCase.
//!
//! Neighbours: the edge seals it into the customer's row. Guarantee (003-H9): what is private is
//! kept only when given, only sealed, is never in a plan's document, and is shown to those alone
//! who may edit customers.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use crate::limits::PROFILE_BYTES;
use crate::rejection::{Faults, pointer_part};
use crate::text;
use crate::time::Day;

/// The person or company behind a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct Profile {
    #[serde(rename = "type")]
    pub kind: Option<ProfileType>,
    pub life_cycle_state: Option<ProfileState>,
    pub first_name: Option<String>,
    pub middle_name: Option<String>,
    pub last_name: Option<String>,
    pub title: Option<String>,
    pub company_name: Option<String>,
    pub demographics: Option<Demographics>,
    pub company_profile: Option<CompanyProfile>,
    pub accounts_receivable: Option<AccountsReceivable>,
}

/// Whether a customer is a person or a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values of source 003")]
pub enum ProfileType {
    Person,
    Company,
}

/// Where the contact information of a customer is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values of source 003")]
pub enum ProfileState {
    Marketing,
    Financial,
}

/// A person's demographics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct Demographics {
    pub gender: Option<Gender>,
    pub id_number: Option<String>,
    pub id_number_expiration_date: Option<Day>,
    pub passport_number: Option<String>,
    pub passport_number_expiration_date: Option<Day>,
    pub social_security_number: Option<String>,
    pub date_of_birth: Option<DateOfBirth>,
    pub name_day: Option<NameDay>,
    pub country_of_residence: Option<Country>,
    pub id_issued_by_country: Option<Country>,
    pub passport_issued_by_country: Option<Country>,
    pub industry: Option<Industry>,
    pub industry_sector: Option<IndustrySector>,
}

/// A person's gender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values of source 003")]
pub enum Gender {
    Male,
    Female,
}

/// A day of a year; each part may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct DateOfBirth {
    /// 1 to 31.
    pub day: Option<u8>,
    /// 1 to 12.
    pub month: Option<u8>,
    /// 1 to 9999.
    pub year: Option<u16>,
}

/// A day of every year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct NameDay {
    /// 1 to 31.
    pub day: Option<u8>,
    /// 1 to 12.
    pub month: Option<u8>,
}

/// A country, with the ids that it was given (003-H12).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct Country {
    pub id: Option<String>,
    pub name: Option<String>,
    pub alternative_code: Option<String>,
    pub dialing_code: Option<String>,
    pub two_character_code: Option<String>,
    pub three_character_code: Option<String>,
    pub country_flag: Option<CountryFlag>,
}

/// A country's flag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct CountryFlag {
    pub id: Option<String>,
    pub file: Option<FlagFile>,
}

/// The file of a flag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct FlagFile {
    pub file_name: Option<String>,
    pub file_content_url: Option<String>,
    pub file_mime_type: Option<String>,
}

/// An industry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct Industry {
    pub id: Option<String>,
    pub name: Option<String>,
    pub code: Option<String>,
}

/// A sector of industry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct IndustrySector {
    pub id: Option<String>,
    pub name: Option<String>,
    pub alternative_code: Option<String>,
}

/// A company.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct CompanyProfile {
    #[schema(value_type = Option<f64>)]
    pub profile_year: Option<Number>,
    #[schema(value_type = Option<f64>)]
    pub annual_turnover: Option<Number>,
    #[schema(value_type = Option<f64>)]
    pub number_of_employees: Option<Number>,
    pub established_date: Option<Day>,
    pub registration_number: Option<String>,
    pub vat_registration_number: Option<String>,
    pub vat_registered_by: Option<String>,
    pub vat_registration_date: Option<Day>,
    pub tax_reference_number: Option<String>,
    pub registered_in_country: Option<Country>,
    pub industry: Option<Industry>,
    pub industry_sector: Option<IndustrySector>,
}

/// Where a customer's money is accounted for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct AccountsReceivable {
    pub id: Option<String>,
    pub number: Option<String>,
    pub name: Option<String>,
    pub life_cycle_state: Option<ReceivableState>,
}

/// Where an account is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values of source 003")]
pub enum ReceivableState {
    Active,
    Suspended,
    Terminated,
}

impl Profile {
    /// Nothing is said in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Notes every fault of it: texts of 1 to 255 characters, days that can be.
    pub(super) fn check(&self, faults: &mut Faults) {
        let whole = json!(self);
        let fits = whole.to_string().len() <= PROFILE_BYTES;
        faults.check(fits, "/profile", format!("at most {PROFILE_BYTES} bytes"));
        texts(&whole, "/profile", faults);
        let (person, company) = (self.demographics.as_ref(), self.company_profile.as_ref());
        let days = [
            (
                "demographics/idNumberExpirationDate",
                person.and_then(|p| p.id_number_expiration_date),
            ),
            (
                "demographics/passportNumberExpirationDate",
                person.and_then(|p| p.passport_number_expiration_date),
            ),
            ("companyProfile/establishedDate", company.and_then(|c| c.established_date)),
            ("companyProfile/vatRegistrationDate", company.and_then(|c| c.vat_registration_date)),
        ];
        for (member, day) in days {
            let at = format!("/profile/{member}");
            faults.check(day.is_none_or(Day::has_common_year), &at, Day::WRONG);
        }
        let Some(of) = &self.demographics else { return };
        let born = of.date_of_birth.as_ref().map(|date| (date.day, date.month, date.year));
        let named = of.name_day.as_ref().map(|date| (date.day, date.month, None));
        for (member, date) in [("dateOfBirth", born), ("nameDay", named)] {
            let Some((day, month, year)) = date else { continue };
            // A missing part may be anything: the year a leap year, the month one of 31 days.
            let (day, month, year) = (day.unwrap_or(1), month.unwrap_or(1), year.unwrap_or(2000));
            let at = format!("/profile/demographics/{member}");
            faults.check(Day::exists(year, month, day), &at, "must be a day that exists");
        }
    }

    /// What those see who may not edit customers: nothing that is a private person's.
    #[must_use]
    pub fn masked(self) -> Self {
        let person = self.kind != Some(ProfileType::Company);
        let public = |text: Option<String>| text.filter(|_| !person);
        Self {
            first_name: public(self.first_name),
            middle_name: public(self.middle_name),
            last_name: public(self.last_name),
            title: public(self.title),
            demographics: None,
            ..self
        }
    }
}

fn texts(value: &Value, at: &str, faults: &mut Faults) {
    match value {
        Value::String(text) => {
            faults.take(at, text::short(text));
        }
        Value::Object(members) => {
            for (name, value) in members {
                texts(value, &format!("{at}/{}", pointer_part(name)), faults);
            }
        }
        _ => {}
    }
}
