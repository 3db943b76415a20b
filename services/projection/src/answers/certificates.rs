//! The certificates that a service in use rests on, in words: the supplier's for each scheme that its type
//! needs, and those of whoever does part of it.

use std::collections::BTreeSet;

use proto::{Day, SupplierId, certification::table, suppliers::Used};

use crate::{board::Board, facts::SupplierFacts};

/// `(Cyber Essentials CE-1, 1 February 2018 to 31 January 2019; hosting by Birch: no Cyber Essentials
/// certificate)`, on a day; nothing where the supplier or the type of service is not known.
pub(super) fn in_words(board: &Board, used: Used, day: Day) -> String {
    let chain = chain(board, used);
    let each: Vec<String> = chain.iter().flat_map(|link| link.in_words(board, used, day)).collect();
    if each.is_empty() { String::new() } else { format!(" ({})", each.join("; ")) }
}

/// One supplier of the chain, and what it does; nothing of the first.
struct Link<'a> {
    supplier: &'a SupplierFacts,
    part: Option<String>,
}

/// The supplier of a service, then everyone who does part of it, each once, those nearest first.
fn chain(board: &Board, used: Used) -> Vec<Link<'_>> {
    let upto = board.knowledge.upto;
    let known = |id: SupplierId| board.facts.suppliers.get(&id).map(|supplier| &**supplier);
    let Some(first) = known(used.supplier) else { return Vec::new() };
    let mut seen = BTreeSet::from([used.supplier]);
    let mut next = first.sub_suppliers(used.service, upto);
    let mut links = vec![Link { supplier: first, part: None }];
    while !next.is_empty() {
        for (id, part) in std::mem::take(&mut next) {
            let Some(supplier) = known(id).filter(|_| seen.insert(id)) else { continue };
            let name = supplier.legal_name(upto).map_or_else(|| id.to_string(), ToOwned::to_owned);
            let part = if part.is_empty() { name } else { format!("{part} by {name}") };
            links.push(Link { supplier, part: Some(part) });
            next.extend(supplier.sub_suppliers(None, upto));
        }
    }
    links
}

impl Link<'_> {
    fn in_words(&self, board: &Board, used: Used, day: Day) -> Vec<String> {
        let dossier = self.supplier.dossier(board.knowledge.upto);
        // Which of its own services a sub-supplier does the part by is not known.
        let service = used.service.filter(|_| self.part.is_none());
        let (_, answered) = dossier.judge(service, used.service_type, day, day);
        let whose = self.part.as_ref().map(|part| format!("{part}: ")).unwrap_or_default();
        let told = answered.iter().map(|answered| match &answered.certificate {
            None => format!("{whose}no {} certificate", table().scheme_title(answered.demand)),
            Some((_, printed)) => {
                let title = table().scheme_title(printed.scheme);
                let number = if printed.number.is_empty() { "" } else { " " };
                let dates = match printed.expires {
                    Some(last) => format!("{} to {}", printed.issued.long(), last.long()),
                    None => format!("from {}", printed.issued.long()),
                };
                format!("{whose}{title}{number}{}, {dates}", printed.number)
            }
        });
        let mut told: Vec<String> = told.collect();
        // One certificate may answer several demands.
        told.dedup();
        told
    }
}
