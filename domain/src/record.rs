//! THE TABLE of the nouns: one line for each thing that has a row.
//!
//! Neighbours: `store` has the same nouns in its table of places, `access::audit` shows them.
//! Guarantee: a noun that has no line cannot be saved, and one that has no place does not compile.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strum::{Display, EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::access::audit::AuditEntry;
use crate::access::secrets::StandIn;
use crate::access::{ApiKey, Namespace, Role, Tenant};
use crate::activation::Activation;
use crate::catalog::{CustomAttributeDef, Feature, Product};
use crate::customer::Customer;
use crate::customer::contact::Contact;
use crate::customer::erasure::Erasure;
use crate::entitlement::Entitlement;
use crate::entitlement::product_key::ProductKey;
use crate::life::Overflow;
use crate::plan::Plan;
use crate::plan::association::Association;
use crate::plan::door::Door;
use crate::plan::method::Method;
use crate::plan::version::PlanVersion;
use crate::request::attempt::Attempt;
use crate::request::{Conflicts, LongResponse, Payload, Repeat, Request};
use crate::rev::{Rev, Revised};

macro_rules! records {
    (|$it:ident|
        audited { $($noun:ident [$($kind:ident $word:literal),+]:
            $id:expr, $shown:expr $(, $history:ident)?;)* }
        beside { $($beside:ident [$($its:ident $its_word:literal)?]: $rev:expr;)* }
    ) => {
        /// A kind of thing that has a list, or names that lead to it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[derive(Display, EnumIter, EnumString, IntoStaticStr, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        #[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
        #[expect(missing_docs, reason = "the kinds of the nouns above")]
        pub enum Kind {
            $($($kind,)+)*
            $($($its,)?)*
        }

        impl Kind {
            /// Its name in the keys of rows.
            pub const fn word(self) -> &'static str {
                match self {
                    $($(Self::$kind => $word,)+)*
                    $($(Self::$its => $its_word,)?)*
                }
            }

            /// The kind of this name in the keys of rows.
            pub fn of_word(word: &str) -> Option<Self> {
                Self::iter().find(|kind| kind.word() == word)
            }

            /// Whether the audit has entries of what is done to such a thing.
            pub const fn is_audited(self) -> bool {
                matches!(self, $($(Self::$kind)|+)|*)
            }
        }

        /// A row of the store, whole.
        #[derive(Clone, Debug)]
        #[expect(missing_docs, reason = "each variant is the entity of its name")]
        pub enum Record {
            $($noun($noun),)*
            $($beside($beside),)*
        }

        impl Record {
            /// What it is, if there are lists or names of such things.
            pub fn kind(&self) -> Option<Kind> {
                match self {
                    $(Self::$noun($it) => Some(kind!($it, $($kind),+)),)*
                    $(Self::$beside(_) => kind!($($its)?),)*
                }
            }

            /// What stood in its row when it was read; none for what is new, or not audited.
            pub fn was(&self) -> Option<Self> {
                match self {
                    $(Self::$noun($it) => $it.rev.was().cloned().map(Self::$noun),)*
                    $(Self::$beside(_) => None,)*
                }
            }

            /// The id that people know it by; empty: the path of the call has it.
            #[expect(unused_variables, reason = "a product key's row does not have its id")]
            pub(crate) fn known_by(&self) -> String {
                match self {
                    $(Self::$noun($it) => $id.to_string(),)*
                    $(Self::$beside(_) => String::new(),)*
                }
            }

            /// What the API shows of it: no secret, and nothing that is sealed.
            pub(crate) fn shown(&self) -> Value {
                match self {
                    $(Self::$noun($it) => json!($shown),)*
                    $(Self::$beside(_) => Value::Null,)*
                }
            }

            /// It is new, and its own history begins with who made it.
            pub(crate) fn tells_its_birth(&self) -> bool {
                match self {
                    $(Self::$noun($it) => $it.rev.number() == 0 && history!($($history)?),)*
                    $(Self::$beside(_) => false,)*
                }
            }
        }

        $(impl Revised for $noun {
            fn rev(&self) -> u64 {
                self.rev.number()
            }

            fn read_at(&mut self, number: u64) {
                self.rev = Rev::read(number, self.clone());
            }
        })*

        $(impl Revised for $beside {
            fn rev(&self) -> u64 {
                let $it = self;
                $rev.number()
            }

            fn read_at(&mut self, number: u64) {
                let $it = self;
                $rev = Rev::of(number);
            }
        })*

        $(impl From<$noun> for Record {
            fn from(value: $noun) -> Self {
                Self::$noun(value)
            }
        })*

        $(impl From<$beside> for Record {
            fn from(value: $beside) -> Self {
                Self::$beside(value)
            }
        })*
    };
}

/// The kind of a noun: where it has several, the noun knows.
macro_rules! kind {
    () => {
        None
    };
    ($kind:ident) => {
        Some(Kind::$kind)
    };
    ($it:ident, $kind:ident) => {
        only($it, Kind::$kind)
    };
    ($it:ident, $($kind:ident),+) => {
        $it.kind()
    };
}

const fn only<T>(_: &T, kind: Kind) -> Kind {
    kind
}

macro_rules! history {
    () => {
        false
    };
    (history) => {
        true
    };
}

records! { |it|
    // What an API key changes. Noun, its kinds with their names in keys: the id that people know it
    // by (empty: the path of the call has it), what is shown of it; `history`: its own history
    // begins with who made it.
    audited {
        Tenant [Tenant "TENANT"]: it.info.id, it.info;
        Namespace [Namespace "NAMESPACE"]: it.id, it;
        Role [Role "ROLE"]: it.id, it;
        ApiKey [ApiKey "KEY"]: it.info.id, it.info;
        StandIn [Session "SESSION"]: it.known_by(), it.session;
        Feature [Feature "FEATURE"]: it.id, it;
        Product [Product "PRODUCT"]: it.id, it;
        CustomAttributeDef [CustomAttribute "ATTRIBUTE"]: it.id, it;
        Customer [Customer "CUSTOMER", Partner "PARTNER"]: it.id, it.audited();
        Contact [Contact "CONTACT"]: it.id, it;
        Plan [Plan "PLAN"]: it.id, it;
        Method [Method "METHOD"]: it.info.id, it.info;
        Association [Association "ASSOCIATION"]: it.product_id, it;
        Entitlement [Entitlement "ENTITLEMENT"]: it.e_id, it, history;
        ProductKey [ProductKey "PRODUCT_KEY"]: "", it;
        Activation [Activation "ACTIVATION"]: it.aid, it.audited(), history;
        Request [ProvisioningRequest "REQUEST"]: it.id, it.audited(), history;
    }

    // What stands beside another thing, and where it has its revision.
    beside {
        AuditEntry [AuditEntry "AUDIT"]: it.rev;
        PlanVersion []: it.0.rev;
        Door []: it.rev;
        Payload []: it.rev;
        Attempt []: it.rev;
        Conflicts []: it.rev;
        Repeat []: it.rev;
        LongResponse []: it.rev;
        Overflow []: it.rev;
        Erasure []: it.rev;
    }
}

impl utoipa::PartialSchema for Kind {
    fn schema() -> RefOr<Schema> {
        let audited = Self::iter().filter(|kind| kind.is_audited()).map(<&str>::from);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(audited)).into()
    }
}

impl utoipa::ToSchema for Kind {
    fn name() -> std::borrow::Cow<'static, str> {
        "AuditedEntity".into()
    }
}
