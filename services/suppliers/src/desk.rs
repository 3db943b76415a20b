//! Where the API and the pages meet: one place that looks suppliers up, judges, and gives commands.

use std::{sync::Arc, time::Duration};

use chassis::{
    Commands, Giver, Outcome, Problem, Refusal, Viewer,
    access::Holder,
    desk::{Order, aggregate_id as id, organisation_of_address, unknown_organisation},
    following::Following,
    import::ImportRecords,
};
use proto::{
    Day, Header, OdsCode, Position, Role, ServiceId, ServiceTypeId, SupplierId,
    certification::{Verdict, table},
    suppliers::{
        Certificate, CertificateHeldForReview, DemandAnswered, Listing, ListingHeld, MatchedBy,
        SupplierDetails, SupplierEvent, Used,
    },
};

use crate::{
    chain::{ChainLink, chain},
    identities::{Identities, need_free, need_same, recorded_nothing, tidy},
    model::{
        Buyer, BuyerCommand, Check, HeldListing, ListingCommand, ReviewFinding, Supplier, SupplierCommand,
        buyer_aggregate, code_of, listing_aggregate, number_key, supplier_aggregate, supplier_of,
    },
    register::Register,
};

/// How long an answer waits until the register shows what a command led to, or knows an id it does not.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// How often a command is given because its claim was taken over meanwhile.
const IDENTIFY_TRIES_MAX: u32 = 3;

/// What commands are given for that a decision on an entry of a list leads to.
const REGISTER: &str = "register";
const SETTLE: &str = "settle";
const REJECT: &str = "reject";

/// What the routes work with.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub common: chassis::Desk,
    pub suppliers: Commands<Supplier>,
    pub buyers: Commands<Buyer>,
    pub listings: Commands<HeldListing>,
    /// Imports of lists, which can be withdrawn.
    pub records: ImportRecords<SupplierEvent>,
    pub register: Following<Register>,
    pub identities: Identities,
}

/// What routes get.
pub(crate) type Shared = Arc<Desk>;

/// Why something did not come about.
pub(crate) type Failure = chassis::desk::Failure<Refusal>;

/// What is asked about a supplier: which service of it, or which type of service, over which days.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub used: Used,
    /// The first day of the contract.
    pub from: Day,
    /// Its last day.
    pub to: Day,
}

/// What came of a question.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub supplier: Arc<Supplier>,
    pub question: Question,
    pub verdict: Verdict,
    pub answers: Vec<DemandAnswered>,
    /// The certificates that it rests on, the supplier's first.
    pub chain: Vec<ChainLink>,
}

/// What became of a certificate that was shown.
#[derive(Debug, Clone)]
pub(crate) struct Certified {
    pub outcome: Outcome,
    /// Whether it waits for someone to look, because another supplier has it on record.
    pub is_held: bool,
}

impl Judged {
    /// The name of the service, with its version; empty where only the supplier is known.
    pub fn service_name(&self) -> String {
        let offered = self.question.used.service.and_then(|service| self.supplier.services.get(&service));
        offered.map_or_else(String::new, |offered| {
            format!("{} {}", offered.service.product, offered.service.version).trim().to_owned()
        })
    }
}

/// What is asked for by the parts of an address or form.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub service: &'a str,
    pub service_type: &'a str,
    pub from: &'a str,
    pub to: &'a str,
}

impl Desk {
    pub fn today(&self) -> Day {
        self.common.today()
    }

    /// Waits, for a while, until the register shows what stands at a position.
    pub async fn until_shown(&self, position: Position) {
        self.register.reached(position, CATCH_UP_TIMEOUT).await;
    }

    /// The supplier of an address.
    pub async fn supplier(&self, text: &str) -> Result<Arc<Supplier>, Problem> {
        let unknown =
            || Problem::not_found("there is no supplier of this id; look it up by name at /suppliers");
        let Ok(id) = text.parse::<SupplierId>() else { return Err(unknown()) };
        let known = self.register.known().supplier(id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        // Late or not, the caller is answered from what is known.
        self.register.caught_up(CATCH_UP_TIMEOUT).await?;
        self.register.known().supplier(id).cloned().ok_or_else(unknown)
    }

    /// Whether someone keeps the record of a supplier.
    pub fn keeps(&self, viewer: &Viewer, supplier: &Supplier) -> bool {
        keeps(viewer.holder(), supplier.dossier.details.ods_code)
    }

    /// The supplier of an address, for whoever keeps its record.
    pub async fn own_supplier(&self, viewer: &Viewer, text: &str) -> Result<Arc<Supplier>, Problem> {
        let supplier = self.supplier(text).await?;
        if self.keeps(viewer, &supplier) {
            return Ok(supplier);
        }
        Err(Problem::new(
            axum::http::StatusCode::FORBIDDEN,
            "not-allowed",
            "Not for you to do",
            "the record of a supplier is kept by itself, as the holder of its ODS code, and by NHS Digital",
        ))
    }

    /// Registers a supplier that no one knew.
    pub async fn register_supplier(
        &self,
        giver: &Giver,
        supplier: SupplierId,
        details: SupplierDetails,
        listing: Listing,
    ) -> Result<Outcome, Failure> {
        let details = tidy(details)?;
        let register = |known: &Register| {
            need_free(known, supplier, details.ods_code, details.company_number.as_deref())?;
            let (details, listing) = (details.clone(), listing.clone());
            Ok(SupplierCommand::Register { supplier, details, listing })
        };
        self.identify(giver, supplier, REGISTER, register).await.map(|(outcome, _)| outcome)
    }

    /// Corrects who a supplier is. Its ODS code and company number, from which it is seen whose record this
    /// is and whose certificates lists add to it, are corrected by NHS Digital alone.
    pub async fn amend(
        &self,
        giver: &Giver,
        supplier: SupplierId,
        details: SupplierDetails,
    ) -> Result<Outcome, Failure> {
        let details = tidy(details)?;
        let amend = |known: &Register| {
            let before = known.supplier(supplier).map(|known| &known.dossier.details);
            let before = before.ok_or_else(Problem::internal)?;
            let is_own = giver.viewer.holder().is_none_or(|holder| holder.role == Role::Supplier);
            if is_own {
                need_same("ods_code", "ODS code", before.ods_code.as_ref(), details.ods_code.as_ref())?;
                let (had, has) = (before.company_number.as_ref(), details.company_number.as_ref());
                need_same("company_number", "company number", had, has)?;
            }
            need_free(known, supplier, details.ods_code, details.company_number.as_deref())?;
            Ok(SupplierCommand::Amend(details.clone()))
        };
        self.identify(giver, supplier, "amend", amend).await.map(|(outcome, _)| outcome)
    }

    /// Says which company an entry of a list is: a known supplier, or a new one.
    pub async fn settle(
        &self,
        giver: &Giver,
        held: ListingHeld,
        supplier: Option<SupplierId>,
    ) -> Result<Outcome, Failure> {
        let ListingHeld { listing, details, .. } = held;
        let Some(supplier) = supplier else {
            let supplier = supplier_of(&listing).map_err(|_| Problem::internal())?;
            return self.register_supplier(giver, supplier, details, listing).await;
        };
        let settle = |known: &Register| {
            // An entry of the toolkit's register brings its code along.
            need_free(known, supplier, code_of(&listing), None)?;
            let (listing, name) = (listing.clone(), details.legal_name.clone());
            Ok(SupplierCommand::Match { listing, name, by: MatchedBy::Person })
        };
        self.identify(giver, supplier, SETTLE, settle).await.map(|(outcome, _)| outcome)
    }

    /// What became of a decision on an entry that was sent before under the same key: as a new supplier, as the one
    /// that is named or that it was found to be, or as none. One that was sent with something else is refused.
    pub async fn decided_before(
        &self,
        giver: &Giver,
        listing: &Listing,
        named: Option<SupplierId>,
    ) -> Result<Option<Outcome>, Failure> {
        self.register.must_catch_up(CATCH_UP_TIMEOUT).await?;
        let new = id(supplier_of(listing).and_then(supplier_aggregate))?;
        if let Some(outcome) =
            self.common.repeated(&self.suppliers, &Order::new(giver, REGISTER, &new, None)).await?
        {
            return Ok(Some(outcome));
        }
        let found = self.register.known().of_listing(listing);
        for supplier in found.into_iter().chain(named.filter(|named| Some(*named) != found)) {
            let aggregate = id(supplier_aggregate(supplier))?;
            let order = Order::new(giver, SETTLE, &aggregate, None);
            if let Some(outcome) = self.common.repeated(&self.suppliers, &order).await? {
                return Ok(Some(outcome));
            }
        }
        let none = id(listing_aggregate(listing))?;
        self.common.repeated(&self.listings, &Order::new(giver, REJECT, &none, None)).await
    }

    /// Says that an entry of a list names no supplier. Its rows are passed over from then on.
    pub async fn reject(&self, giver: &Giver, listing: &Listing, reason: String) -> Result<Outcome, Failure> {
        let aggregate = id(listing_aggregate(listing))?;
        let order = Order::new(giver, REJECT, &aggregate, None);
        let outcome = self.common.give(&self.listings, order, &ListingCommand::Reject { reason }).await?;
        self.register.reached(outcome.position(), CATCH_UP_TIMEOUT).await;
        Ok(outcome)
    }

    /// Records a certificate; one that another supplier has on record is held for review.
    pub async fn certify(
        &self,
        giver: &Giver,
        supplier: SupplierId,
        printed: Certificate,
        renews: Option<u16>,
    ) -> Result<Certified, Failure> {
        let shown = number_key(&printed.number);
        let purpose = renews.map_or_else(|| "certify".to_owned(), |number| format!("renew {number}"));
        let certify = |known: &Register| {
            let (printed, also_of) = (printed.clone(), known.other_of_certificate(&printed, supplier));
            Ok(SupplierCommand::Certify { printed, renews, also_of })
        };
        let (outcome, given) = self.identify(giver, supplier, &purpose, certify).await?;
        let is_held = match (outcome, given) {
            (Outcome::Recorded(position, _), _) => self.is_held_at(position).await?,
            (Outcome::Unchanged(_), Some(SupplierCommand::Certify { also_of: Some(_), .. })) => {
                self.register.known().supplier(supplier).is_some_and(|supplier| {
                    supplier.in_review.iter().any(|held| number_key(&held.printed.number) == shown)
                })
            }
            (Outcome::Unchanged(_), _) => false,
        };
        Ok(Certified { outcome, is_held })
    }

    /// Whether a certificate was held for review by the event at a position.
    async fn is_held_at(&self, position: Position) -> Result<bool, Failure> {
        let recorded = self.common.log.at(position).await?;
        let kind = recorded.as_ref().and_then(|recorded| Header::read(&recorded.body).ok()).map(|it| it.kind);
        Ok(kind.is_some_and(|kind| kind == CertificateHeldForReview::TYPE))
    }

    /// Says whether a certificate that another supplier has, too, is this one's.
    pub async fn review(
        &self,
        giver: &Giver,
        supplier: SupplierId,
        review: u16,
        finding: ReviewFinding,
    ) -> Result<Outcome, Failure> {
        let decided = |_: &Register| Ok(SupplierCommand::Review { review, finding: finding.clone() });
        let purpose = format!("review {review}");
        self.identify(giver, supplier, &purpose, decided).await.map(|(outcome, _)| outcome)
    }

    /// Gives a supplier a command that may give it what no other may have, by what the register shows; and tells which
    /// command was given, none where it was given before.
    async fn identify(
        &self,
        giver: &Giver,
        supplier: SupplierId,
        purpose: &str,
        command: impl Fn(&Register) -> Result<SupplierCommand, Problem>,
    ) -> Result<(Outcome, Option<SupplierCommand>), Failure> {
        let aggregate = id(supplier_aggregate(supplier))?;
        let order = Order::new(giver, purpose, &aggregate, None);
        if let Some(outcome) = self.common.repeated(&self.suppliers, &order).await? {
            return Ok((outcome, None));
        }
        let meta = self.common.meta(&order);
        let _alone = self.identities.alone().await;
        let mut tries = 1;
        loop {
            self.register.must_catch_up(CATCH_UP_TIMEOUT).await?;
            let command = command(&self.register.known())?;
            let (command, reserved) = self.identities.reserve(supplier, command, &meta).await?;
            let outcome = self.common.give(&reserved.commands(), order, &command).await;
            if reserved.is_lost() && tries < IDENTIFY_TRIES_MAX {
                tries += 1;
                continue;
            }
            if recorded_nothing(&outcome) {
                reserved.release().await;
            }
            let outcome = outcome?;
            self.register.reached(outcome.position(), CATCH_UP_TIMEOUT).await;
            return Ok((outcome, Some(command)));
        }
    }

    /// The organisation of an address, whether a practice or not, of which something is known: beside what is known
    /// everywhere, that it buys.
    pub async fn organisation(&self, viewer: &Viewer, text: &str) -> Result<OdsCode, Problem> {
        let code = organisation_of_address(text)?;
        let buys = self.register.known().buyer(code).is_some();
        if buys || self.common.knows(viewer, code).await? {
            Ok(code)
        } else {
            Err(unknown_organisation(code))
        }
    }

    /// What is asked, read from the parts of an address or form. The days default to today.
    pub fn question(&self, supplier: &Supplier, asked: Asked<'_>) -> Result<Question, Problem> {
        let id = supplier.id.ok_or_else(Problem::internal)?;
        let service = match asked.service.trim() {
            "" => None,
            text => {
                let known = text.parse::<ServiceId>().ok();
                let known = known.filter(|service| supplier.services.contains_key(service));
                Some(known.ok_or_else(|| {
                    let ids: Vec<&str> = supplier.services.keys().map(ServiceId::as_str).collect();
                    let detail = if ids.is_empty() {
                        "this supplier has no service on record; leave it out and say the type of service"
                            .to_owned()
                    } else {
                        format!("the services of this supplier are {}", ids.join(", "))
                    };
                    Problem::bad_input("there is no such service of this supplier")
                        .at("service", detail)
                        .on_pages("choose a service of this supplier, or the type of service")
                })?)
            }
        };
        let of_the_service = service.and_then(|service| supplier.services.get(&service));
        let service_type = match (asked.service_type.trim(), of_the_service) {
            ("", Some(offered)) => offered.service.service_type,
            (text, _) => service_type(text)?,
        };
        let day = |field: &'static str, text: &str, missing: Day| match text.trim() {
            "" => Ok(missing),
            text => {
                let what = if field == "from" {
                    "the first date of the contract"
                } else {
                    "the last date of the contract"
                };
                Day::entered(text, what)
                    .map_err(|detail| Problem::bad_input(detail.clone()).at(field, detail))
            }
        };
        let from = day("from", asked.from, self.today())?;
        let to = day("to", asked.to, from)?;
        if to < from {
            let detail = "the last day of a contract cannot lie before its first";
            return Err(Problem::bad_input(detail).at("to", detail));
        }
        Ok(Question { used: Used { supplier: id, service, service_type }, from, to })
    }

    /// The verdict, with its answers. Of a contract that runs already what counts is from today on.
    pub fn judge(&self, supplier: Arc<Supplier>, question: Question) -> Judged {
        let Question { used, from, to } = question;
        let from = from.max(self.today().min(to));
        let (verdict, answers) = supplier.dossier.judge(used.service, used.service_type, from, to);
        let register = self.register.known();
        let chain = chain(&register, &supplier, used.service, used.service_type, (from, to));
        drop(register);
        Judged { supplier, question, verdict, answers, chain }
    }

    /// Records a check for an organisation: the answers are those of what the log holds now.
    pub async fn check(
        &self,
        giver: &Giver,
        organisation: OdsCode,
        question: Question,
    ) -> Result<(Outcome, Judged), Failure> {
        let aggregate = id(supplier_aggregate(question.used.supplier))?;
        let loaded = self.suppliers.load(&aggregate).await?;
        let judged = self.judge(Arc::new(loaded.state), question);
        let check = Check {
            used: question.used,
            supplier_name: judged.supplier.dossier.details.legal_name.clone(),
            service_name: judged.service_name(),
            from: question.from,
            to: question.to,
            verdict: judged.verdict,
            answers: judged.answers.clone(),
            known: loaded.position.max(self.register.position()),
        };
        let command = BuyerCommand::Check { organisation, check: Box::new(check) };
        let outcome = self.buy(giver, organisation, "check", None, &command).await?;
        Ok((outcome, judged))
    }

    /// Gives a command to an organisation as a buyer, and waits until the register shows what came of it.
    pub async fn buy(
        &self,
        giver: &Giver,
        organisation: OdsCode,
        purpose: &str,
        effective: Option<Day>,
        command: &BuyerCommand,
    ) -> Result<Outcome, Failure> {
        let aggregate = id(buyer_aggregate(organisation))?;
        let order = Order { effective, ..Order::new(giver, purpose, &aggregate, Some(organisation)) };
        let outcome = self.common.give(&self.buyers, order, command).await?;
        self.register.reached(outcome.position(), CATCH_UP_TIMEOUT).await;
        Ok(outcome)
    }

    /// Gives a command to a supplier, and waits until the register shows what came of it.
    pub async fn keep(
        &self,
        giver: &Giver,
        supplier: SupplierId,
        purpose: &str,
        effective: Option<Day>,
        command: &SupplierCommand,
    ) -> Result<Outcome, Failure> {
        let aggregate = id(supplier_aggregate(supplier))?;
        let order = Order { effective, ..Order::new(giver, purpose, &aggregate, None) };
        let outcome = self.common.give(&self.suppliers, order, command).await?;
        self.register.reached(outcome.position(), CATCH_UP_TIMEOUT).await;
        Ok(outcome)
    }
}

/// Whether someone keeps the record of the company of an ODS code: NHS Digital any, a supplier its own,
/// and no one else.
pub(crate) fn keeps(holder: Option<&Holder>, code: Option<OdsCode>) -> bool {
    holder.is_some_and(|holder| match holder.role {
        Role::NhsDigital => true,
        Role::Supplier => code == Some(holder.organisation),
        _ => false,
    })
}

/// A type of service by its id.
pub(crate) fn service_type(text: &str) -> Result<ServiceTypeId, Problem> {
    let known = text.trim().parse().ok().filter(|id| table().service_type(*id).is_some());
    known.ok_or_else(|| {
        let ids: Vec<&str> = table().types().iter().map(|kind| kind.id.as_str()).collect();
        Problem::bad_input("say which service of the supplier, or which type of service")
            .at("service_type", format!("the types of service are {}", ids.join(", ")))
            .on_pages("choose a service of the supplier, or the type of service")
    })
}

#[cfg(test)]
mod tests {
    use proto::PersonId;

    use super::*;

    #[test]
    fn a_record_is_kept_by_its_company_and_by_nhs_digital_and_by_nobody_else() {
        let own = "8AA01".parse().unwrap();
        for role in Role::ALL {
            for (at, is_own) in [("8AA01", true), ("8BB02", false)] {
                let holder = Holder::person(PersonId(uuid::Uuid::nil()), role, at.parse().unwrap());
                let expected = role == Role::NhsDigital || (role == Role::Supplier && is_own);
                assert_eq!(keeps(Some(&holder), Some(own)), expected, "{role} at {at}");
                assert_eq!(keeps(Some(&holder), None), role == Role::NhsDigital, "{role}, no code");
            }
        }
        assert!(!keeps(None, Some(own)) && !keeps(None, None), "the public keeps none");
    }
}
