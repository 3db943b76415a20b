//! From a message body to what is gathered of it.

use jiff::Timestamp;
use proto::{
    Actor, Day, DecodeError, EditionId, Header, OdsCode, Position, RequirementId,
    assessments::{
        self, Answer, AssuranceStatementAccepted, DeadlineMoved, Grade, GradeReviewed, ImprovementPlanAgreed,
        ImprovementPlanRefused, PublishedResult, RequirementExempted,
    },
    imports::{FileImported, ImportWithdrawn},
    onsite::OnsiteEvent,
    organisations::{self, OrganisationEvent},
    suppliers::SupplierEvent,
};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::continuity::Continuity;
use crate::rules::declared::Declared;

/// An event on its way into the facts: decoded, so that only the gathering is left to do.
#[derive(Debug)]
pub struct Decoded {
    /// Where it stands.
    pub position: Position,
    pub(super) event: Option<Uuid>,
    pub(super) time: Option<Timestamp>,
    pub(super) effective: Day,
    pub(super) synthetic: bool,
    /// The request it came from: of a row of a file, the import.
    pub(super) import: Option<Uuid>,
    pub(super) what: Result<What, DecodeError>,
}

/// What is gathered of an event.
#[derive(Debug)]
pub(super) enum What {
    Organisation(OdsCode, OrganisationEvent),
    Assessment(Said),
    FileImported(Box<FileImported>),
    ImportWithdrawn(ImportWithdrawn),
    Supplier(Box<SupplierEvent>),
    Continuity(OdsCode, Continuity),
    Onsite(Box<OnsiteEvent>),
    NotGathered,
}

/// What an event of `assessments` says that bears on what is shown. Of the frequent events that
/// say more than that, only the fields with a use here are read.
#[derive(Debug)]
pub(super) enum Said {
    Opened(Opened),
    Published(Published),
    StatementAccepted(AssuranceStatementAccepted),
    PlanAgreed(ImprovementPlanAgreed),
    PlanRefused(ImprovementPlanRefused),
    GradeReviewed(GradeReviewed),
    DeadlineMoved(DeadlineMoved),
    RequirementExempted(RequirementExempted),
    EditionAdded(Box<assessments::EditionAdded>),
    StatusTextExplained(assessments::StatusTextExplained),
    ResultListed(ResultListed),
}

/// Of [`assessments::AssessmentOpened`].
#[derive(Debug, Deserialize)]
pub(super) struct Opened {
    pub organisation: OdsCode,
    pub edition: EditionId,
}

/// Of [`assessments::AssessmentPublished`].
#[derive(Debug, Deserialize)]
pub(super) struct Published {
    pub organisation: OdsCode,
    pub edition: EditionId,
    pub grade: Grade,
    #[serde(default)]
    pub gaps: Vec<RequirementId>,
    /// What the answers declare; the answers themselves are not kept.
    #[serde(default, rename = "answers", deserialize_with = "declared")]
    pub declared: Declared,
}

fn declared<'de, D: Deserializer<'de>>(answers: D) -> Result<Declared, D::Error> {
    let answers: Vec<(RequirementId, Answer)> = Deserialize::deserialize(answers)?;
    Ok(Declared::by_answers(&answers))
}

/// Of [`assessments::ResultListed`].
#[derive(Debug, Deserialize)]
pub(super) struct ResultListed {
    pub organisation: OdsCode,
    pub as_of: Day,
    /// Only kept where it is not understood.
    #[serde(default)]
    pub status: String,
    pub result: PublishedResult,
    #[serde(default)]
    pub published: Option<Day>,
}

impl Decoded {
    /// Reads a message body. Total: what cannot be read is set aside later.
    pub fn read(position: Position, body: &[u8]) -> Self {
        match Header::read(body) {
            Ok(header) => Self {
                position,
                event: Some(header.id),
                time: Some(header.time),
                effective: header.effective_day(),
                synthetic: header.actor == Actor::SYNTHETIC,
                import: header.import(),
                what: What::read(&header),
            },
            Err(error) => Self {
                position,
                event: None,
                time: None,
                effective: Day::FIRST,
                synthetic: false,
                import: None,
                what: Err(error),
            },
        }
    }
}

impl What {
    fn read(header: &Header<'_>) -> Result<Self, DecodeError> {
        if header.kind.starts_with("oversight.organisations.") {
            return organisation(header);
        }
        if header.kind.starts_with("oversight.suppliers.") {
            return supplier(header);
        }
        if header.kind.starts_with("oversight.continuity.") {
            let said = Continuity::of(header.event()?);
            return Ok(said.map_or(What::NotGathered, |(code, what)| What::Continuity(code, what)));
        }
        if header.kind.starts_with("oversight.onsite.") {
            return Ok(match header.event()? {
                OnsiteEvent::ImportBegun(_) | OnsiteEvent::FileImported(_) => What::NotGathered,
                OnsiteEvent::ImportWithdrawn(event) => What::ImportWithdrawn(event.0),
                event => What::Onsite(Box::new(event)),
            });
        }
        let said = match header.kind.as_ref() {
            // They say nothing that a publication or the decision on a plan does not say again.
            // Answers are by far the most frequent events of all: not even their data are read.
            assessments::RequirementAnswered::TYPE
            | assessments::RequirementReviewed::TYPE
            | assessments::ImprovementActionPlanned::TYPE
            | assessments::ImprovementActionCompleted::TYPE
            | assessments::ImprovementPlanSubmitted::TYPE => return Ok(What::NotGathered),
            // Up to which day an edition can be published bears on what may be done, and on no status.
            assessments::ClosingDaySet::TYPE => return Ok(What::NotGathered),
            assessments::AssessmentOpened::TYPE => Said::Opened(header.fields()?),
            assessments::AssessmentPublished::TYPE => Said::Published(header.fields()?),
            assessments::AssuranceStatementAccepted::TYPE => Said::StatementAccepted(header.fields()?),
            assessments::ImprovementPlanAgreed::TYPE => Said::PlanAgreed(header.fields()?),
            assessments::ImprovementPlanRefused::TYPE => Said::PlanRefused(header.fields()?),
            assessments::GradeReviewed::TYPE => Said::GradeReviewed(header.fields()?),
            assessments::DeadlineMoved::TYPE => Said::DeadlineMoved(header.fields()?),
            assessments::RequirementExempted::TYPE => Said::RequirementExempted(header.fields()?),
            assessments::EditionAdded::TYPE => Said::EditionAdded(Box::new(header.fields()?)),
            assessments::StatusTextExplained::TYPE => Said::StatusTextExplained(header.fields()?),
            assessments::ResultListed::TYPE => Said::ResultListed(header.fields()?),
            assessments::FileImported::TYPE => return Ok(What::FileImported(Box::new(header.fields()?))),
            assessments::ImportWithdrawn::TYPE => return Ok(What::ImportWithdrawn(header.fields()?)),
            unknown => return Err(DecodeError::unknown(unknown)),
        };
        Ok(What::Assessment(said))
    }
}

/// The aggregate is the organisation, and its id the code.
fn organisation(header: &Header<'_>) -> Result<What, DecodeError> {
    match header.kind.as_ref() {
        organisations::FileImported::TYPE => return Ok(What::FileImported(Box::new(header.fields()?))),
        organisations::ImportWithdrawn::TYPE => return Ok(What::ImportWithdrawn(header.fields()?)),
        _ => {}
    }
    let event = header.event()?;
    let id = header.subject.rsplit('.').next().unwrap_or_default();
    let code = id.parse().map_err(|error: proto::codes::CodeError| DecodeError::Envelope {
        reason: format!("the subject names no organisation: {error}"),
    })?;
    Ok(What::Organisation(code, event))
}

/// Of a supplier its certificates, services and sub-suppliers, and what organisations do as buyers.
fn supplier(header: &Header<'_>) -> Result<What, DecodeError> {
    use SupplierEvent as E;
    Ok(match header.event()? {
        E::ListingHeld(_)
        | E::ListingRejected(_)
        | E::RowWaiting(_)
        | E::RowSettled(_)
        | E::ListingParted(_)
        | E::CertificateHeldForReview(_)
        | E::CertificateRejected(_)
        | E::IdentifierClaimed(_)
        | E::IdentifierReleased(_)
        | E::ImportBegun(_)
        | E::FileImported(_) => What::NotGathered,
        E::ImportWithdrawn(event) => What::ImportWithdrawn(event.0),
        event => What::Supplier(Box::new(event)),
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::facts::{FOLD_VERSION, Facts};

    /// An event that is added to the contract must not be forgotten here.
    #[test]
    fn every_sample_of_the_contract_is_understood() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/samples");
        let mut read = 0;
        // What stands on the access log is not for the views.
        for service in proto::Service::OF_THE_FIELD {
            for sample in fs::read_dir(folder.join(service.name())).unwrap() {
                let body = fs::read(sample.unwrap().path()).unwrap();
                Decoded::read(Position(1), &body).what.unwrap();
                read += 1;
            }
        }
        assert!(read > 0);
    }

    /// What a service is sold as and who does part of it stand in no status, but in its words.
    #[test]
    fn the_services_and_sub_suppliers_of_a_supplier_are_gathered() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/samples/suppliers");
        let mut facts = Facts::default();
        let mut gather = |position, kind: &str| {
            let sample = folder.join(format!("oversight.suppliers.{kind}.v1.json"));
            let body = fs::read(sample).unwrap();
            facts.gather(Decoded::read(Position(position), &body));
            Header::read(&body).unwrap().event::<SupplierEvent>().unwrap()
        };
        let SupplierEvent::ServiceOffered(offered) = gather(1, "service-offered") else { panic!() };
        let SupplierEvent::SubSupplierNamed(named) = gather(2, "sub-supplier-named") else { panic!() };
        let of = |supplier| &facts.suppliers[supplier];
        assert_eq!(
            of(&offered.supplier).product(offered.service, Position(2)),
            Some(offered.offered.product.as_str())
        );
        let chain = of(&named.supplier).sub_suppliers(named.service, Position(2));
        assert_eq!(chain, [(named.sub_supplier, named.part)]);
    }

    /// Snapshots keep facts as they are made here: what is kept otherwise needs another version of the fold. (A new
    /// sample moves the positions of those after it: then the digest changes alone.)
    #[test]
    fn what_is_kept_of_the_samples_stands_for_a_version_of_the_fold() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/samples");
        let mut facts = Facts::default();
        let mut position = Position::START;
        for service in proto::Service::OF_THE_FIELD {
            let files = fs::read_dir(folder.join(service.name())).unwrap();
            let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
            files.sort();
            for file in files {
                position = position.next();
                facts.gather(Decoded::read(position, &fs::read(file).unwrap()));
            }
        }
        let kept =
            serde_json::to_vec(&(&facts.organisations, &facts.suppliers, &facts.successions, &facts.files));
        let kept = proto::EventHash::of(&kept.unwrap()).to_string();
        assert_eq!((FOLD_VERSION, &kept[..12]), (9, "86defde34d32"));
    }
}
