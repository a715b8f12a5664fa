//! A customer's profile as CRM.COM writes it: contact information, demographics, company profile.
//!
//! Neighbours: `customer::profile` has the same members in camelCase.

use serde::Serialize;
use serde_json::Number;

use crate::customer::Customer;
use crate::customer::profile::{
    CompanyProfile, Country, Demographics, Gender, Profile, ProfileState, ProfileType,
};
use crate::time::Day;
use crate::view::crm::{day, hex};

/// Contact information: our customer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmContact {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: Option<ProfileType>,
    pub life_cycle_state: Option<ProfileState>,
    pub name: String,
    pub first_name: Option<String>,
    pub middle_name: Option<String>,
    pub last_name: Option<String>,
    pub title: Option<String>,
    pub company_name: Option<String>,
    pub demographics: Option<CrmDemographics>,
    pub company_profile: Option<CrmCompany>,
}

/// A person's demographics.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmDemographics {
    pub gender: Option<Gender>,
    pub id_number: Option<String>,
    pub id_number_expiration_date: Option<String>,
    pub passport_number: Option<String>,
    pub passport_number_expiration_date: Option<String>,
    pub social_security_number: Option<String>,
    pub date_of_birth: CrmBirth,
    pub name_day: CrmNameDay,
    pub country_of_residence: Option<CrmCountry>,
    pub id_issued_by_country: Option<CrmCountry>,
    pub passport_issued_by_country: Option<CrmCountry>,
    pub industry: Option<CrmIndustry>,
    pub industry_sector: Option<CrmSector>,
}

/// A day of birth; each part may be unknown.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmBirth {
    pub day: Option<u8>,
    pub month: Option<u8>,
    pub year: Option<u16>,
}

/// A name day; each part may be unknown.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmNameDay {
    pub day: Option<u8>,
    pub month: Option<u8>,
}

/// A country.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmCountry {
    pub id: Option<String>,
    pub name: Option<String>,
    pub alternative_code: Option<String>,
    pub dialing_code: Option<String>,
    pub two_character_code: Option<String>,
    pub three_character_code: Option<String>,
    pub country_flag: Option<CrmFlag>,
}

/// A country's flag.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmFlag {
    pub id: Option<String>,
    pub file: Option<CrmFile>,
}

/// A file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmFile {
    #[serde(rename = "file_name")]
    pub name: Option<String>,
    #[serde(rename = "file_content_url")]
    pub content_url: Option<String>,
    #[serde(rename = "file_mime_type")]
    pub mime_type: Option<String>,
}

/// An industry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmIndustry {
    pub id: Option<String>,
    pub name: Option<String>,
    pub code: Option<String>,
}

/// A sector of industry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmSector {
    pub id: Option<String>,
    pub name: Option<String>,
    pub alternative_code: Option<String>,
}

/// A company.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmCompany {
    #[schema(value_type = Option<f64>)]
    pub profile_year: Option<Number>,
    #[schema(value_type = Option<f64>)]
    pub annual_turnover: Option<Number>,
    pub established_date: Option<String>,
    #[schema(value_type = Option<f64>)]
    pub number_of_employees: Option<Number>,
    pub registration_number: Option<String>,
    pub vat_registration_number: Option<String>,
    pub vat_registered_by: Option<String>,
    pub vat_registration_date: Option<String>,
    pub tax_reference_number: Option<String>,
    pub registered_in_country: Option<CrmCountry>,
    pub industry: Option<CrmIndustry>,
    pub industry_sector: Option<CrmSector>,
}

impl CrmContact {
    /// A customer with what may be seen of its profile.
    pub(super) fn new(customer: &Customer, profile: Profile) -> Self {
        Self {
            id: hex(customer.id),
            kind: profile.kind,
            life_cycle_state: profile.life_cycle_state,
            name: customer.name.clone(),
            first_name: profile.first_name,
            middle_name: profile.middle_name,
            last_name: profile.last_name,
            title: profile.title,
            company_name: profile.company_name,
            demographics: profile.demographics.map(CrmDemographics::from),
            company_profile: profile.company_profile.map(CrmCompany::from),
        }
    }
}

fn days(at: Option<Day>) -> Option<String> {
    at.map(day)
}

impl From<Demographics> for CrmDemographics {
    fn from(of: Demographics) -> Self {
        let (born, named) = (of.date_of_birth.unwrap_or_default(), of.name_day.unwrap_or_default());
        Self {
            gender: of.gender,
            id_number: of.id_number,
            id_number_expiration_date: days(of.id_number_expiration_date),
            passport_number: of.passport_number,
            passport_number_expiration_date: days(of.passport_number_expiration_date),
            social_security_number: of.social_security_number,
            date_of_birth: CrmBirth { day: born.day, month: born.month, year: born.year },
            name_day: CrmNameDay { day: named.day, month: named.month },
            country_of_residence: of.country_of_residence.map(CrmCountry::from),
            id_issued_by_country: of.id_issued_by_country.map(CrmCountry::from),
            passport_issued_by_country: of.passport_issued_by_country.map(CrmCountry::from),
            industry: of.industry.map(|i| CrmIndustry { id: i.id, name: i.name, code: i.code }),
            industry_sector: of.industry_sector.map(CrmSector::from),
        }
    }
}

impl From<CompanyProfile> for CrmCompany {
    fn from(of: CompanyProfile) -> Self {
        Self {
            profile_year: of.profile_year,
            annual_turnover: of.annual_turnover,
            established_date: days(of.established_date),
            number_of_employees: of.number_of_employees,
            registration_number: of.registration_number,
            vat_registration_number: of.vat_registration_number,
            vat_registered_by: of.vat_registered_by,
            vat_registration_date: days(of.vat_registration_date),
            tax_reference_number: of.tax_reference_number,
            registered_in_country: of.registered_in_country.map(CrmCountry::from),
            industry: of.industry.map(|i| CrmIndustry { id: i.id, name: i.name, code: i.code }),
            industry_sector: of.industry_sector.map(CrmSector::from),
        }
    }
}

impl From<crate::customer::profile::IndustrySector> for CrmSector {
    fn from(of: crate::customer::profile::IndustrySector) -> Self {
        Self { id: of.id, name: of.name, alternative_code: of.alternative_code }
    }
}

impl From<Country> for CrmCountry {
    fn from(of: Country) -> Self {
        let flag = of.country_flag.map(|flag| CrmFlag {
            id: flag.id,
            file: flag.file.map(|file| CrmFile {
                name: file.file_name,
                content_url: file.file_content_url,
                mime_type: file.file_mime_type,
            }),
        });
        Self {
            id: of.id,
            name: of.name,
            alternative_code: of.alternative_code,
            dialing_code: of.dialing_code,
            two_character_code: of.two_character_code,
            three_character_code: of.three_character_code,
            country_flag: flag,
        }
    }
}
