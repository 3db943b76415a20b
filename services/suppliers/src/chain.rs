//! The certificates that an answer rests on: the supplier's own, those of a service, and those of whoever
//! does part of it, down to the last sub-supplier.
//!
//! A buyer has to see the whole chain. A hosted service is no safer than the host, and a certificate of the
//! supplier says nothing of a reseller's. The verdict is on the supplier; the chain shows beside it what there
//! is of the others, and what is missing.

use std::collections::BTreeSet;

use proto::{
    Day, SchemeId, ServiceId, ServiceTypeId, SupplierId,
    certification::{Answer, Dossier, Held, table},
    suppliers::{Certificate, DemandAnswered},
};

use crate::{model::Supplier, register::Register};

/// One supplier of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainLink {
    /// Who.
    pub supplier: SupplierId,
    /// Its legal entity.
    pub name: String,
    /// What it does of the service; empty for the supplier that is asked about.
    pub part: String,
    /// The certificates, in the order of the schemes that are needed.
    pub certificates: Vec<Chained>,
    /// The schemes that are needed and that none of its certificates is of.
    pub missing: Vec<SchemeId>,
}

/// A certificate of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chained {
    /// Its number among the supplier's.
    pub number: u16,
    /// What it says.
    pub printed: Certificate,
    /// The last day it counts; none where it has none.
    pub ends: Option<Day>,
    /// Whether it is shown to cover the service; none where that is no question or no service was named.
    pub covers: Option<Answer>,
}

/// What is asked of each supplier of the chain.
#[derive(Debug, Clone, Copy)]
struct Asked {
    service: Option<ServiceId>,
    service_type: ServiceTypeId,
    from: Day,
    to: Day,
}

/// The chain behind the answers on a service of a supplier over some days: the supplier first, then everyone
/// who does part of the service, each once, those nearest first.
pub(crate) fn chain(
    register: &Register,
    supplier: &Supplier,
    service: Option<ServiceId>,
    service_type: ServiceTypeId,
    (from, to): (Day, Day),
) -> Vec<ChainLink> {
    let Some(id) = supplier.id else { return Vec::new() };
    let asked = Asked { service, service_type, from, to };
    let mut seen = BTreeSet::from([id]);
    let mut links = vec![link(id, supplier, String::new(), asked)];
    let mut next: Vec<(SupplierId, String)> = parts(supplier, service).collect();
    while !next.is_empty() {
        for (id, part) in std::mem::take(&mut next) {
            if !seen.insert(id) {
                continue;
            }
            let Some(known) = register.supplier(id) else { continue };
            // Which of its own services a sub-supplier does the part by is not known.
            links.push(link(id, known, part, Asked { service: None, ..asked }));
            next.extend(parts(known, None));
        }
    }
    links
}

/// Who does part of a service, and which.
fn parts(supplier: &Supplier, service: Option<ServiceId>) -> impl Iterator<Item = (SupplierId, String)> {
    let of_the_service =
        move |of: &Option<ServiceId>| of.is_none_or(|of| service.is_none_or(|service| of == service));
    let parts = supplier.sub_suppliers.iter().filter(move |(_, of, _)| of_the_service(of));
    parts.map(|(other, _, part)| (*other, part.clone()))
}

fn link(id: SupplierId, supplier: &Supplier, part: String, asked: Asked) -> ChainLink {
    let Asked { service, service_type, from, to } = asked;
    let dossier = &supplier.dossier;
    let (_, answered) = dossier.judge(service, service_type, from, to);
    let missing = answered.iter().filter(|answered| answered.certificate.is_none()).map(|of| of.demand);
    ChainLink {
        supplier: id,
        name: dossier.details.legal_name.clone(),
        part,
        certificates: certificates(dossier, &answered, asked),
        missing: missing.collect(),
    }
}

/// The certificates that answer best, those that renew them within the days, and those that are said to cover
/// the service.
fn certificates(dossier: &Dossier, answered: &[DemandAnswered], asked: Asked) -> Vec<Chained> {
    let mut numbers: Vec<u16> = Vec::new();
    let mut add = |number: u16| {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    };
    for (number, _) in answered.iter().filter_map(|answered| answered.certificate.as_ref()) {
        add(*number);
        let mut last = *number;
        while let Some(renewal) = dossier
            .certificates
            .iter()
            .find(|held| held.renews == Some(last) && held.number > last && held.printed.issued <= asked.to)
        {
            add(renewal.number);
            last = renewal.number;
        }
    }
    let covering = dossier
        .certificates
        .iter()
        .filter(|held| held.is_good_on(asked.from) && covers(held, asked) == Some(Answer::Yes));
    covering.for_each(|held| add(held.number));
    let chained = |number: &u16| {
        let held = dossier.certificate(*number)?;
        let (printed, ends) = (held.printed.clone(), held.ends());
        Some(Chained { number: *number, printed, ends, covers: covers(held, asked) })
    };
    numbers.iter().filter_map(chained).collect()
}

/// Whether a certificate is said to cover the service; none where that is no question.
fn covers(held: &Held, asked: Asked) -> Option<Answer> {
    let of_the_body = table().scheme(held.printed.scheme).is_some_and(|scheme| scheme.of_the_body);
    let service = asked.service.filter(|_| !of_the_body)?;
    Some(held.said_of(service, asked.to).map_or(Answer::Unknown, |said| said.covers))
}
