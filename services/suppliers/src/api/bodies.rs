//! The shapes in which suppliers, certificates and answers are shown.

use chassis::Viewer;
use proto::{
    Day, OdsCode, SchemeId, ServiceId, ServiceTypeId, SupplierId,
    certification::{Answer, Held, Verdict, table},
    suppliers::{Certificate, DemandAnswered, Voice},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    access::STATE_COVERAGE,
    chain::{ChainLink, Chained},
    desk::Judged,
    model::{Offered, Supplier},
};

/// A supplier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SupplierView {
    /// Its id here.
    #[schema(value_type = Option<String>)]
    pub id: Option<SupplierId>,
    /// The legal entity.
    pub legal_name: String,
    /// The names it trades under.
    pub trading_names: Vec<String>,
    /// Its number at Companies House.
    pub company_number: Option<String>,
    /// Its ODS code.
    #[schema(value_type = Option<String>)]
    pub ods_code: Option<OdsCode>,
    /// What it offers.
    pub services: Vec<ServiceView>,
    /// Its certificates, in the order in which they were shown.
    pub certificates: Vec<CertificateView>,
    /// Who does part of it.
    pub sub_suppliers: Vec<SubSupplierView>,
}

/// A service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceView {
    /// Its id with the supplier.
    #[schema(value_type = String)]
    pub id: ServiceId,
    /// The product.
    pub product: String,
    /// Its version.
    pub version: String,
    /// The id of its type.
    #[schema(value_type = String)]
    pub service_type: ServiceTypeId,
    /// The last day it was offered.
    #[schema(value_type = Option<String>, format = "date")]
    pub retired: Option<Day>,
    /// Whether it is certified today as its type requires.
    #[schema(value_type = String)]
    pub today: Verdict,
}

/// A certificate.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateView {
    /// Its number among the supplier's.
    pub certificate: u16,
    /// What it says.
    #[serde(flatten)]
    pub printed: PrintedBody,
    /// The one it follows.
    pub renews: Option<u16>,
    /// Whether it counts today, as far as its dates and its fate go.
    pub good_today: bool,
    /// The first day it no longer counted.
    #[schema(value_type = Option<String>, format = "date")]
    pub withdrawn: Option<Day>,
    /// What was said last of each service.
    pub coverage: Vec<CoverageView>,
}

/// Whether a certificate covers a service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageView {
    /// Which service.
    #[schema(value_type = String)]
    pub service: ServiceId,
    /// Whether it does.
    #[schema(value_type = String)]
    pub covers: Answer,
    /// Who says so.
    #[schema(value_type = String)]
    pub said_by: Voice,
    /// On what ground, in the words of who said so; only for those who may say so themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = "date")]
    pub since: Day,
}

/// Whether the words in which someone says how they know are told, too. They are free text of people at
/// work, and not for everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grounds {
    /// They are.
    Told,
    /// Only who said what, and when.
    Withheld,
}

impl Grounds {
    /// For whoever looks: told to those who may say it themselves.
    pub fn of(viewer: &Viewer) -> Self {
        if viewer.may_here(STATE_COVERAGE) { Grounds::Told } else { Grounds::Withheld }
    }
}

/// Who does part of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubSupplierView {
    /// Who.
    #[schema(value_type = String)]
    pub supplier: SupplierId,
    /// For which service; none: for all.
    #[schema(value_type = Option<String>)]
    pub service: Option<ServiceId>,
    /// What.
    pub part: String,
}

/// What is printed on a certificate.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrintedBody {
    /// The id of the scheme, such as `cyber-essentials`.
    #[schema(value_type = String)]
    pub scheme: SchemeId,
    /// The number as printed.
    #[serde(default)]
    pub number: String,
    /// The legal entity it names.
    pub holder: String,
    /// The body that issued it.
    pub issuer: String,
    /// The first day.
    #[schema(value_type = String, format = "date")]
    pub issued: Day,
    /// The last day; none where the scheme sets none.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub expires: Option<Day>,
    /// Its scope in words.
    #[serde(default)]
    pub scope: String,
}

impl From<PrintedBody> for Certificate {
    fn from(body: PrintedBody) -> Self {
        let PrintedBody { scheme, number, holder, issuer, issued, expires, scope } = body;
        Certificate { scheme, number, holder, issuer, issued, expires, scope }
    }
}

impl From<Certificate> for PrintedBody {
    fn from(printed: Certificate) -> Self {
        let Certificate { scheme, number, holder, issuer, issued, expires, scope } = printed;
        PrintedBody { scheme, number, holder, issuer, issued, expires, scope }
    }
}

impl SupplierView {
    pub fn of(supplier: &Supplier, today: Day, grounds: Grounds) -> Self {
        let details = supplier.dossier.details.clone();
        let service = |(id, offered): (&ServiceId, &Offered)| ServiceView {
            id: *id,
            product: offered.service.product.clone(),
            version: offered.service.version.clone(),
            service_type: offered.service.service_type,
            retired: offered.retired,
            today: supplier.dossier.verdict_on(Some(*id), offered.service.service_type, today),
        };
        let sub_supplier = |(other, service, part): &(SupplierId, Option<ServiceId>, String)| {
            SubSupplierView { supplier: *other, service: *service, part: part.clone() }
        };
        Self {
            id: supplier.id,
            legal_name: details.legal_name,
            trading_names: details.trading_names,
            company_number: details.company_number,
            ods_code: details.ods_code,
            services: supplier.services.iter().map(service).collect(),
            certificates: supplier
                .dossier
                .certificates
                .iter()
                .map(|held| CertificateView::of(held, supplier, today, grounds))
                .collect(),
            sub_suppliers: supplier.sub_suppliers.iter().map(sub_supplier).collect(),
        }
    }
}

impl CertificateView {
    fn of(held: &Held, supplier: &Supplier, today: Day, grounds: Grounds) -> Self {
        let coverage = supplier.services.keys().filter_map(|service| held.said_of(*service, today));
        Self {
            certificate: held.number,
            printed: held.printed.clone().into(),
            renews: held.renews,
            good_today: held.is_good_on(today),
            withdrawn: held.withdrawn,
            coverage: coverage
                .map(|said| CoverageView {
                    service: said.service,
                    covers: said.covers,
                    said_by: said.by,
                    ground: (grounds == Grounds::Told).then(|| said.ground.clone()),
                    since: said.day,
                })
                .collect(),
        }
    }
}

/// Whether a service is certified as required.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckView {
    /// Of which supplier.
    #[schema(value_type = String)]
    pub supplier: SupplierId,
    /// Its legal entity.
    pub supplier_name: String,
    /// Which service; none where only its type was said.
    #[schema(value_type = Option<String>)]
    pub service: Option<ServiceId>,
    /// What it is called.
    pub service_name: String,
    /// Its type.
    #[schema(value_type = String)]
    pub service_type: ServiceTypeId,
    /// The first day of the contract.
    #[schema(value_type = String, format = "date")]
    pub from: Day,
    /// Its last day.
    #[schema(value_type = String, format = "date")]
    pub to: Day,
    /// `certified`, `runs-out`, `holder-only` or `not-certified`.
    #[schema(value_type = String)]
    pub verdict: Verdict,
    /// The verdict in words.
    pub in_words: &'static str,
    /// Five answers for each scheme that the type of service needs.
    pub answers: Vec<DemandView>,
    /// Every certificate that bears on it: the supplier's, the service's, and those of whoever does part of the
    /// service, down to the last sub-supplier. The verdict is on the supplier's.
    pub chain: Vec<ChainView>,
}

/// One supplier of the chain, with its certificates.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChainView {
    /// Who.
    #[schema(value_type = String)]
    pub supplier: SupplierId,
    /// Its legal entity.
    pub name: String,
    /// What it does of the service, such as hosting; empty for the supplier that is asked about.
    pub part: String,
    /// Its certificates for the schemes that are needed.
    pub certificates: Vec<ChainedView>,
    /// The needed schemes that none of its certificates on record is of.
    #[schema(value_type = Vec<String>)]
    pub missing: Vec<SchemeId>,
}

/// A certificate of the chain.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChainedView {
    /// Its number among the supplier's.
    pub certificate: u16,
    /// Its level: the name of the scheme.
    pub title: String,
    /// What it says.
    #[serde(flatten)]
    pub printed: PrintedBody,
    /// The last day it counts, be it withdrawn or expired.
    #[schema(value_type = Option<String>, format = "date")]
    pub ends: Option<Day>,
    /// Whether it is shown to cover the service; none where that is no question, or no service was named.
    #[schema(value_type = Option<String>)]
    pub covers: Option<Answer>,
}

impl From<&ChainLink> for ChainView {
    fn from(link: &ChainLink) -> Self {
        let certificate = |chained: &Chained| ChainedView {
            certificate: chained.number,
            title: table().scheme_title(chained.printed.scheme),
            printed: chained.printed.clone().into(),
            ends: chained.ends,
            covers: chained.covers,
        };
        Self {
            supplier: link.supplier,
            name: link.name.clone(),
            part: link.part.clone(),
            certificates: link.certificates.iter().map(certificate).collect(),
            missing: link.missing.clone(),
        }
    }
}

/// The answers for one scheme.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DemandView {
    /// The scheme that is needed.
    #[schema(value_type = String)]
    pub demand: SchemeId,
    /// Its name.
    pub title: String,
    /// The certificate that answers it best, by its number among the supplier's.
    pub certificate: Option<u16>,
    /// What that certificate says.
    pub printed: Option<PrintedBody>,
    /// Does the legal entity match? `yes`, `partly`, `unknown` or `no`, like the others.
    #[schema(value_type = String)]
    pub entity: Answer,
    /// Does the level suffice?
    #[schema(value_type = String)]
    pub level: Answer,
    /// Does the scope cover this service?
    #[schema(value_type = String)]
    pub scope: Answer,
    /// Do the dates run through the contract?
    #[schema(value_type = String)]
    pub dates: Answer,
    /// Is the body that issued it recognised?
    #[schema(value_type = String)]
    pub body: Answer,
    /// What comes of it.
    #[schema(value_type = String)]
    pub verdict: Verdict,
}

impl From<&DemandAnswered> for DemandView {
    fn from(answered: &DemandAnswered) -> Self {
        let (certificate, printed) = answered.certificate.clone().unzip();
        Self {
            demand: answered.demand,
            title: table().scheme_title(answered.demand),
            certificate,
            printed: printed.map(PrintedBody::from),
            entity: answered.entity,
            level: answered.level,
            scope: answered.scope,
            dates: answered.dates,
            body: answered.body,
            verdict: answered.verdict,
        }
    }
}

impl CheckView {
    pub fn of(judged: &Judged) -> Self {
        let used = judged.question.used;
        Self {
            supplier: used.supplier,
            supplier_name: judged.supplier.dossier.details.legal_name.clone(),
            service: used.service,
            service_name: judged.service_name(),
            service_type: used.service_type,
            from: judged.question.from,
            to: judged.question.to,
            verdict: judged.verdict,
            in_words: judged.verdict.words(),
            answers: judged.answers.iter().map(DemandView::from).collect(),
            chain: judged.chain.iter().map(ChainView::from).collect(),
        }
    }
}
