//! Lists of suppliers as they are published.
//!
//! | kind | file | a row leads to |
//! | --- | --- | --- |
//! | `catalogue-suppliers` | suppliers of the buying catalogue | a supplier, or its new name |
//! | `catalogue-services` | its catalogue items | a service of a supplier |
//! | `toolkit-companies` | the DSP Toolkit's register: companies and business partners | a supplier, and its published status as a certificate |
//! | `principal-suppliers` | practice and name of its clinical system's supplier | an engagement |
//!
//! A name is taken for a known supplier only where that is sure ([`Register::whom`]); what resembles one
//! is held for someone to look at. What a row says of an entry that no one has matched, or in words that no one has
//! explained, is kept, and recorded once that is decided ([`crate::waiting`]).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use chassis::{
    Clock, CommandMeta, Commands, Problem,
    editions::Editions,
    following::Following,
    import::{
        self, Column, Columns, DatedColumns, Giving, Heading, ImportRecords, Job, Mode, Needed, Opening,
        Progress, Report, Row, RowFault, RowOutcome, Shape,
    },
};
use futures::Stream;
use proto::{
    By, Day, OdsCode, ServiceId, SupplierId,
    assessments::PublishedResult,
    standards::{Catalogue, OrganisationType},
    suppliers::{Certificate, List, Listing, RowSays, SupplierDetails, SupplierEvent, Used},
};

use crate::{
    desk::Desk,
    identities::{Identities, NotFree, need_free},
    model::{
        Buyer, BuyerCommand, HeldListing, ListingCommand, Supplier, SupplierCommand, TEXT_MAX_CHARS,
        buyer_aggregate, company_number, listing_aggregate, supplier_aggregate, supplier_of,
    },
    register::{Match, Register},
};

/// How long a row waits until the register knows what the row before it led to.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(30);

/// Why rows are passed over.
const HELD: &str = "resembles a known supplier: to be reviewed at /suppliers/review";
const NOT_DECIDED: &str = "the name has not been matched to a supplier yet: once that is decided at /suppliers/review, the row is recorded";
const REJECTED: &str = "the entry names no supplier: so decided at /suppliers/review";
const IN_REVIEW: &str =
    "another supplier has this certificate on record: to be reviewed at /suppliers/review";
const UNDATED: &str = "no date of publication, so the status is no certificate";
const NO_COMPANY: &str = "not a company or business partner";
const NO_SUPPLIER: &str = "the supplier is not known yet: once it is, the row is recorded";

/// A kind of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Suppliers of the buying catalogue.
    CatalogueSuppliers,
    /// Services of the buying catalogue.
    CatalogueServices,
    /// Companies and business partners of the DSP Toolkit's register.
    ToolkitCompanies,
    /// Practices with the supplier of their clinical system.
    PrincipalSuppliers,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] =
        [Kind::CatalogueSuppliers, Kind::CatalogueServices, Kind::ToolkitCompanies, Kind::PrincipalSuppliers];

    /// The name, as in addresses and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::CatalogueSuppliers => "catalogue-suppliers",
            Kind::CatalogueServices => "catalogue-services",
            Kind::ToolkitCompanies => "toolkit-companies",
            Kind::PrincipalSuppliers => "principal-suppliers",
        }
    }

    /// The kind of a name.
    pub fn of(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What its rows look like. Lists of suppliers are read row after row: whether a name is new depends
    /// on the rows before it.
    pub fn shape(self) -> Shape {
        let (columns, aggregate, unique): (_, &'static [usize], &'static [usize]) = match self {
            Kind::CatalogueSuppliers => (SUPPLIER_COLUMNS, &[], &[0]),
            Kind::CatalogueServices => (SERVICE_COLUMNS, &[2], &[0]),
            Kind::ToolkitCompanies => (TOOLKIT_COLUMNS, &[], &[1]),
            Kind::PrincipalSuppliers => (PRINCIPAL_COLUMNS, &[0], &[]),
        };
        let dates = match self {
            Kind::ToolkitCompanies => DatedColumns { ends: &[3], ..DatedColumns::NONE },
            Kind::CatalogueSuppliers | Kind::CatalogueServices | Kind::PrincipalSuppliers => {
                DatedColumns::NONE
            }
        };
        Shape { columns: Columns::headed(columns), wrong_file: |_| None, aggregate, unique, dates }
    }
}

const fn column(name: &'static str, headings: &'static [Heading], needed: Needed) -> Column {
    Column { name, headings, needed }
}

const SUPPLIER_COLUMNS: &[Column] = &[
    column("supplier id", &[Heading::Is("Supplier Id"), Heading::Is("Id")], Needed::Always),
    column("name", &[Heading::Is("Name"), Heading::Is("Supplier Name")], Needed::Always),
    column("legal name", &[Heading::Is("Legal Name")], Needed::IfThere),
    column("ODS code", &[Heading::Is("ODS Code")], Needed::IfThere),
    column("company number", &[Heading::Is("Company Number")], Needed::IfThere),
];

const SERVICE_COLUMNS: &[Column] = &[
    column("catalogue item id", &[Heading::Is("Catalogue Item Id"), Heading::Is("Id")], Needed::Always),
    column("name", &[Heading::Is("Name"), Heading::Is("Product")], Needed::Always),
    column("supplier id", &[Heading::Is("Supplier Id")], Needed::Always),
    column(
        "type of service",
        &[Heading::Is("Service Type"), Heading::Is("Type of Service")],
        Needed::IfThere,
    ),
    column("version", &[Heading::Is("Version")], Needed::IfThere),
];

const TOOLKIT_COLUMNS: &[Column] = &[
    column("organisation name", &[Heading::Is("Organisation Name"), Heading::Is("Name")], Needed::Always),
    column(
        "code",
        &[Heading::Is("Code"), Heading::Is("ODS Code"), Heading::Is("Organisation Code")],
        Needed::Always,
    ),
    column(
        "status",
        &[Heading::Is("Status"), Heading::Is("Latest Status"), Heading::Is("Publication Status")],
        Needed::Always,
    ),
    column(
        "date of publication",
        &[Heading::Is("Date Of Publication"), Heading::Is("Publication Date")],
        Needed::Always,
    ),
    column("primary sector", &[Heading::Is("Primary Sector"), Heading::Is("Sector")], Needed::Always),
];

const PRINCIPAL_COLUMNS: &[Column] = &[
    column("practice", &[Heading::Is("ODS"), Heading::Is("ODS Code"), Heading::Is("Code")], Needed::Always),
    column(
        "principal supplier",
        &[Heading::Is("Principal Supplier"), Heading::Is("Supplier")],
        Needed::Always,
    ),
];

/// The type of service that practices are listed to use.
pub(crate) const CLINICAL_SYSTEM: &str = "clinical-system";
/// The scheme of a published status.
const DSP_TOOLKIT: &str = "dsp-toolkit";
/// Who publishes it.
const NHS_DIGITAL: &str = "NHS Digital";

/// How often an entry is looked at because another process gave its number to a supplier meanwhile.
const ENTRY_TRIES_MAX: u32 = 3;

/// Who is meant by an entry of a list.
enum Meant {
    /// A supplier, to which this is to be said.
    Command(SupplierId, SupplierCommand),
    /// A supplier of which the entry says nothing new.
    Unchanged(SupplierId),
    /// One of these, perhaps: someone has to look.
    Unsure(Vec<SupplierId>),
    /// No supplier: someone has looked.
    None,
}

/// An import about to run.
#[derive(Debug)]
pub(crate) struct Import {
    kind: Kind,
    job: Job,
    as_of: Day,
    suppliers: Commands<Supplier>,
    buyers: Commands<Buyer>,
    listings: Commands<HeldListing>,
    register: Following<Register>,
    records: ImportRecords<SupplierEvent>,
    editions: Editions,
    identities: Identities,
    giving: Giving,
    /// For the second command of a row: its ids are others.
    giving_status: Giving,
}

impl Import {
    pub fn new(desk: &Desk, id: uuid::Uuid, by: By, kind: Kind, as_of: Day, mode: Mode) -> Self {
        let job = Job { id, kind: kind.name(), as_of: Some(as_of), mode };
        let clock: Clock = desk.common.clock.clone();
        let status = Job { kind: "toolkit-companies-status", ..job.clone() };
        let opening = Opening::new(&desk.records, &job, &by);
        Self {
            kind,
            as_of,
            suppliers: desk.suppliers.clone(),
            buyers: desk.buyers.clone(),
            listings: desk.listings.clone(),
            register: desk.register.clone(),
            records: desk.records.clone(),
            editions: desk.common.editions.clone(),
            identities: desk.identities.clone(),
            giving: Giving::new(&job, clock.clone(), by.clone()).opening(&opening),
            giving_status: Giving::new(&status, clock, by).opening(&opening),
            job,
        }
    }

    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Reads a body and records what it shows.
    pub async fn run<B, E>(&self, progress: Arc<Progress>, body: B) -> Result<Report, Problem>
    where
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        self.register.must_catch_up(CATCH_UP_TIMEOUT).await?;
        self.editions.must_catch_up(CATCH_UP_TIMEOUT).await?;
        let counts = &progress.clone();
        // What a withdrawn import said is to be known as withdrawn.
        self.records.withdrawn().await?;
        import::run_recorded(
            &self.giving,
            &self.records,
            &self.kind.shape(),
            progress,
            body,
            |row| async move {
                match self.kind {
                    Kind::CatalogueSuppliers => self.catalogue_supplier(&row).await,
                    Kind::CatalogueServices => self.catalogue_service(&row).await,
                    Kind::ToolkitCompanies => self.toolkit_company(&row, counts).await,
                    Kind::PrincipalSuppliers => self.principal_supplier(&row).await,
                }
            },
        )
        .await
    }

    async fn catalogue_supplier(&self, row: &Row) -> Result<RowOutcome, RowFault> {
        let (name, legal_name) = (row.tidy(1), row.tidy(2));
        let legal_name = if legal_name.is_empty() { name.clone() } else { legal_name };
        let trading_names = if name == legal_name { Vec::new() } else { vec![name] };
        let company_number =
            company_number(row.get(4)).map_err(|refusal| row.wrong(4, refusal.to_string()))?;
        let details =
            SupplierDetails { legal_name, trading_names, company_number, ods_code: row.parse_optional(3)? };
        let listing = listing(row, List::BuyingCatalogue, row.get(0))?;
        self.entry(row, listing, details).await.map(|(_, outcome)| outcome)
    }

    async fn catalogue_service(&self, row: &Row) -> Result<RowOutcome, RowFault> {
        let listing = listing(row, List::BuyingCatalogue, row.get(2))?;
        let details = SupplierDetails { legal_name: row.get(2).to_owned(), ..SupplierDetails::default() };
        let service: ServiceId = row.get(0).to_lowercase().parse().map_err(|error| of_code(row, 0, error))?;
        let service_type = row.parse_optional(3)?;
        let (product, version) = (row.tidy(1), row.tidy(4));
        let whom = self.register.known().whom(&listing, &details);
        let supplier = match whom {
            Match::Known(supplier) => supplier,
            Match::Rejected => return Ok(RowOutcome::Skipped(REJECTED)),
            _ => {
                let says = RowSays::Offered { service, product, version, service_type };
                self.keep(row, listing, says).await?;
                return Ok(RowOutcome::Skipped(NO_SUPPLIER));
            }
        };
        let command = SupplierCommand::Offer { service, product, version, service_type };
        self.give(&self.suppliers, &self.giving, row, supplier, &command, None).await
    }

    async fn toolkit_company(&self, row: &Row, counts: &Progress) -> Result<RowOutcome, RowFault> {
        let sector = row.tidy(4).to_lowercase();
        if !["company", "nhs business partner"].contains(&sector.as_str()) {
            return Ok(RowOutcome::Skipped(NO_COMPANY));
        }
        let code: OdsCode = row.parse(1)?;
        let (published, _) = row.day_or_words(3)?;
        if row.get(2).chars().count() > TEXT_MAX_CHARS {
            // Before the company is recorded, so that nothing is half done.
            return Err(row.wrong(2, format!("is longer than {TEXT_MAX_CHARS} characters")).into());
        }
        let catalogue = self.editions.catalogue();
        import::edition_is_open(row, 2, published, self.as_of, &catalogue)?;
        // The register puts the code behind some names.
        let name = row.tidy(0);
        let name = name.trim_end_matches(&format!("({code})")).trim().to_owned();
        let details =
            SupplierDetails { legal_name: name.clone(), ods_code: Some(code), ..SupplierDetails::default() };
        let listing = listing(row, List::DspToolkit, code.as_str())?;
        let (supplier, outcome) = self.entry(row, listing.clone(), details).await?;
        let status = row.tidy(2);
        let says = || RowSays::Published { name: name.clone(), status: status.clone(), on: published };
        let Some(supplier) = supplier else {
            if matches!(outcome, RowOutcome::Skipped(HELD)) && !status.is_empty() {
                self.keep(row, listing, says()).await?;
            }
            return Ok(outcome);
        };
        let result = catalogue.read_status(&status, published, self.as_of);
        if result == PublishedResult::Unrecognised {
            counts.not_understood(&status);
            self.keep(row, listing, says()).await?;
        }
        let printed = published
            .and_then(|issued| status_as_certificate(code, &name, &status, result, issued, &catalogue));
        let Some(printed) = printed else {
            let is_undated = published.is_none() && result.edition().is_some();
            return Ok(match outcome {
                RowOutcome::Unchanged(_) if is_undated => RowOutcome::Skipped(UNDATED),
                outcome => outcome,
            });
        };
        if self.job.mode == Mode::DryRun && matches!(outcome, RowOutcome::Recorded(_)) {
            // No one is there yet to be certified.
            return Ok(outcome);
        }
        let effective = Some(printed.issued);
        let _alone = self.identities.alone().await;
        let also_of = self.register.known().other_of_certificate(&printed, supplier);
        let command = SupplierCommand::Certify { printed, renews: None, also_of };
        let given = self.identify(&self.giving_status, row, supplier, command, effective).await?;
        let (command, certified) = given.map_err(|not_free| row.reject(Problem::from(not_free).detail))?;
        let is_held = matches!(command, SupplierCommand::Certify { also_of: Some(_), .. });
        let certified = if is_held { RowOutcome::Skipped(IN_REVIEW) } else { certified };
        Ok(if matches!(outcome, RowOutcome::Recorded(_)) { outcome } else { certified })
    }

    async fn principal_supplier(&self, row: &Row) -> Result<RowOutcome, RowFault> {
        let organisation: OdsCode = row.parse(0)?;
        let name = row.tidy(1);
        let listing = listing(row, List::PrincipalSuppliers, &name)?;
        let details = SupplierDetails { legal_name: name, ..SupplierDetails::default() };
        // Short names of systems: only ever what someone has looked at.
        let whom = self.register.known().whom(&listing, &details);
        let supplier = match whom {
            Match::Known(supplier) => supplier,
            Match::Sure(supplier, _) => {
                return self.wait(row, organisation, listing, details, vec![supplier]).await;
            }
            Match::Rejected => return Ok(RowOutcome::Skipped(REJECTED)),
            Match::New => return self.wait(row, organisation, listing, details, Vec::new()).await,
            Match::Unsure(resembles) => {
                return self.wait(row, organisation, listing, details, resembles).await;
            }
        };
        let service_type = CLINICAL_SYSTEM.parse().map_err(|error| of_code(row, 1, error))?;
        // Where the supplier has one such service alone, it is that one.
        let service = self.register.known().only_service(supplier, service_type);
        let used = Used { supplier, service, service_type };
        let command = BuyerCommand::Begin { organisation, used, list: List::PrincipalSuppliers };
        let aggregate = buyer_aggregate(organisation).map_err(|error| row.reject(error))?;
        self.giving
            .command(&self.buyers, &aggregate, &command, row, |refusal| Err(row.reject(refusal).into()))
            .await
    }

    /// Takes note of an entry of a list of suppliers, and says whose it is, unless someone has to look.
    async fn entry(
        &self,
        row: &Row,
        listing: Listing,
        details: SupplierDetails,
    ) -> Result<(Option<SupplierId>, RowOutcome), RowFault> {
        let _alone = self.identities.alone().await;
        let mut tries = 1;
        loop {
            let (supplier, command) = match self.meant(row, &listing, &details)? {
                Meant::Unchanged(supplier) => return Ok((Some(supplier), RowOutcome::Unchanged(None))),
                Meant::Command(supplier, command) => (supplier, command),
                Meant::None => return Ok((None, RowOutcome::Skipped(REJECTED))),
                Meant::Unsure(resembles) => {
                    let held = self.hold(row, listing, details, resembles, HELD).await;
                    return held.map(|outcome| (None, outcome));
                }
            };
            match self.identify(&self.giving, row, supplier, command, None).await? {
                Ok((_, outcome)) => return Ok((Some(supplier), outcome)),
                Err(not_free) if tries == ENTRY_TRIES_MAX => {
                    return Err(row.reject(Problem::from(not_free).detail).into());
                }
                // Another process has given the number to a supplier just now: that changes who is meant.
                Err(_) => {
                    tries += 1;
                    let mut waiting = self.giving.waiting();
                    while let Err(problem) = self.register.must_catch_up(CATCH_UP_TIMEOUT).await {
                        waiting.after_problem(problem).await.map_err(RowFault::Stop)?;
                    }
                }
            }
        }
    }

    /// Who is meant by an entry, by what the register shows now, and what is to be said of it.
    fn meant(&self, row: &Row, listing: &Listing, details: &SupplierDetails) -> Result<Meant, RowFault> {
        let whom = self.register.known().whom(listing, details);
        Ok(match whom {
            Match::Known(supplier) => match self.correction(supplier, listing, details.clone()) {
                Some(details) => {
                    let (code, number) = (details.ods_code, details.company_number.as_deref());
                    need_free(&self.register.known(), supplier, code, number)
                        .map_err(|problem| row.reject(problem.detail))?;
                    Meant::Command(supplier, SupplierCommand::Amend(details))
                }
                None => Meant::Unchanged(supplier),
            },
            Match::Sure(supplier, by) => {
                let (listing, name) = (listing.clone(), details.legal_name.clone());
                Meant::Command(supplier, SupplierCommand::Match { listing, name, by })
            }
            Match::New => {
                let supplier = supplier_of(listing).map_err(|error| row.reject(error))?;
                let (listing, details) = (listing.clone(), details.clone());
                Meant::Command(supplier, SupplierCommand::Register { supplier, details, listing })
            }
            Match::Rejected => Meant::None,
            Match::Unsure(resembles) => Meant::Unsure(resembles),
        })
    }

    /// Gives a supplier a command that may give it what no other may have, and tells which command was given.
    async fn identify(
        &self,
        giving: &Giving,
        row: &Row,
        supplier: SupplierId,
        command: SupplierCommand,
        effective: Option<Day>,
    ) -> Result<Result<(SupplierCommand, RowOutcome), NotFree>, RowFault> {
        if self.job.mode == Mode::DryRun {
            let outcome = self.give(&self.suppliers, giving, row, supplier, &command, effective).await?;
            return Ok(Ok((command, outcome)));
        }
        // What is claimed is no part of the import: it is not counted among what that recorded.
        let meta = CommandMeta { correlation_id: None, ..giving.meta(row, None) };
        let mut waiting = giving.waiting();
        let (command, reserved) = loop {
            match self.identities.reserve(supplier, command.clone(), &meta).await {
                Ok(reserved) => break reserved,
                Err(NotFree::Problem(problem)) => {
                    waiting.after_problem(problem).await.map_err(RowFault::Stop)?;
                }
                Err(taken) => return Ok(Err(taken)),
            }
        };
        let outcome = self.give(&reserved.commands(), giving, row, supplier, &command, effective).await;
        let recorded_nothing = match &outcome {
            Ok(RowOutcome::Recorded(_)) | Err(RowFault::Stop(_)) => false,
            Ok(RowOutcome::Unchanged(_) | RowOutcome::Skipped(_)) | Err(RowFault::Rejected(_)) => true,
        };
        if recorded_nothing {
            reserved.release().await;
        }
        Ok(Ok((command, outcome?)))
    }

    /// What the list by which a supplier was first heard of says of it now, where that differs. Other
    /// lists do not correct it.
    fn correction(
        &self,
        supplier: SupplierId,
        listing: &Listing,
        listed: SupplierDetails,
    ) -> Option<SupplierDetails> {
        let known = self.register.known().supplier(supplier).cloned()?;
        let before = &known.dossier.details;
        let corrected = SupplierDetails {
            company_number: listed.company_number.or_else(|| before.company_number.clone()),
            ods_code: listed.ods_code.or(before.ods_code),
            trading_names: before
                .trading_names
                .iter()
                .chain(listed.trading_names.iter().filter(|name| !before.trading_names.contains(name)))
                .cloned()
                .collect(),
            legal_name: listed.legal_name,
        };
        (known.listings.first() == Some(listing) && corrected != *before).then_some(corrected)
    }

    async fn hold(
        &self,
        row: &Row,
        listing: Listing,
        details: SupplierDetails,
        resembles: Vec<SupplierId>,
        why: &'static str,
    ) -> Result<RowOutcome, RowFault> {
        let aggregate = listing_aggregate(&listing).map_err(|error| row.reject(error))?;
        let command = ListingCommand::Hold { listing, details, resembles };
        let outcome = self
            .giving
            .command(&self.listings, &aggregate, &command, row, |refusal| Err(row.reject(refusal).into()))
            .await?;
        if let RowOutcome::Recorded(Some(position)) = outcome {
            // Who reads the report finds at /suppliers/review what it speaks of.
            self.register.reached(position, CATCH_UP_TIMEOUT).await;
        }
        Ok(RowOutcome::Skipped(why))
    }

    /// Keeps what a row says until it can be recorded.
    async fn keep(&self, row: &Row, listing: Listing, says: RowSays) -> Result<(), RowFault> {
        let aggregate = listing_aggregate(&listing).map_err(|error| row.reject(error))?;
        let command = ListingCommand::Wait { listing, as_of: self.as_of, says };
        let refused = |refusal| Err(row.reject(refusal).into());
        self.giving_status.command(&self.listings, &aggregate, &command, row, refused).await?;
        Ok(())
    }

    /// Lays a name before someone, and keeps what its row says until that is decided.
    async fn wait(
        &self,
        row: &Row,
        organisation: OdsCode,
        listing: Listing,
        details: SupplierDetails,
        resembles: Vec<SupplierId>,
    ) -> Result<RowOutcome, RowFault> {
        self.hold(row, listing.clone(), details, resembles, NOT_DECIDED).await?;
        let aggregate = buyer_aggregate(organisation).map_err(|error| row.reject(error))?;
        let command = BuyerCommand::Wait { organisation, listing };
        let refused = |refusal| Err(row.reject(refusal).into());
        self.giving_status.command(&self.buyers, &aggregate, &command, row, refused).await?;
        Ok(RowOutcome::Skipped(NOT_DECIDED))
    }

    async fn give(
        &self,
        suppliers: &Commands<Supplier>,
        giving: &Giving,
        row: &Row,
        supplier: SupplierId,
        command: &SupplierCommand,
        effective: Option<Day>,
    ) -> Result<RowOutcome, RowFault> {
        let aggregate = supplier_aggregate(supplier).map_err(|error| row.reject(error))?;
        let effective = effective.or(Some(self.as_of));
        let outcome = giving
            .command_effective(suppliers, &aggregate, command, row, effective, |refusal| {
                Err(row.reject(refusal).into())
            })
            .await?;
        if let RowOutcome::Recorded(Some(position)) = outcome {
            // The next row may be about the same company under another name.
            self.register.reached(position, CATCH_UP_TIMEOUT).await;
        }
        Ok(outcome)
    }
}

fn of_code(row: &Row, column: usize, error: proto::codes::CodeError) -> RowFault {
    row.wrong(column, error.to_string()).into()
}

fn listing(row: &Row, list: List, entry: &str) -> Result<Listing, RowFault> {
    /// The most characters of an entry's name.
    const ENTRY_MAX_CHARS: usize = 80;
    if entry.is_empty() || entry.chars().count() > ENTRY_MAX_CHARS {
        return Err(row.reject(format!("an entry is named by 1 to {ENTRY_MAX_CHARS} characters")).into());
    }
    Ok(Listing { list, entry: entry.to_owned() })
}

/// A published status as a certificate: good from its publication to the deadline of the edition after,
/// by when another must be published. Where no edition after it is known, its last day is not known either.
/// Published after that deadline it is good for nothing.
pub(crate) fn status_as_certificate(
    code: OdsCode,
    name: &str,
    status: &str,
    result: PublishedResult,
    issued: Day,
    catalogue: &Catalogue,
) -> Option<Certificate> {
    let edition = match result {
        PublishedResult::StandardsMet { edition } | PublishedResult::StandardsExceeded { edition } => edition,
        _ => return None,
    };
    let after = catalogue.edition(edition).and_then(|edition| catalogue.successor(edition));
    let deadline = after.and_then(|after| after.deadline(OrganisationType::Company, None));
    if deadline.is_some_and(|deadline| deadline < issued) {
        return None;
    }
    Some(Certificate {
        scheme: DSP_TOOLKIT.parse().ok()?,
        number: format!("{code} {edition}"),
        holder: name.to_owned(),
        issuer: NHS_DIGITAL.to_owned(),
        issued,
        expires: deadline,
        scope: status.to_owned(),
    })
}
