//! What is set centrally for general practice, as known at some moment: the deadlines of the toolkit
//! editions and the requirements exempted.

use std::sync::Arc;

use proto::{
    Day, EditionId, Position, RequirementId,
    standards::{self, Catalogue, OrganisationType},
};

use crate::facts::Facts;

/// Which toolkit an edition belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The IG Toolkit, up to 2017/18.
    IgToolkit,
    /// The DSP Toolkit, from 2018/19.
    DspToolkit,
}

/// An edition with its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The edition.
    pub edition: EditionId,
    /// Its toolkit.
    pub scheme: Scheme,
    /// The last day on which publication is in time.
    pub deadline: Day,
}

/// The editions in order of deadline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    terms: Vec<Term>,
    exempt: Vec<Exempt>,
    /// The editions it is of.
    catalogue: Arc<Catalogue>,
    /// The editions whose deadline is expected and not confirmed.
    unsure: Vec<EditionId>,
}

/// A requirement that need not be met from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exempt {
    /// From which day.
    pub day: Day,
    /// Of which edition.
    pub edition: EditionId,
    /// Which requirement.
    pub requirement: RequirementId,
}

impl Calendar {
    /// A calendar of these terms.
    pub fn new(mut terms: Vec<Term>) -> Self {
        terms.sort_by_key(|term| term.deadline);
        Self { terms, ..Self::default() }
    }

    /// The same calendar with these exemptions.
    pub fn with_exempt(mut self, exempt: Vec<Exempt>) -> Self {
        self.exempt = exempt;
        self
    }

    /// The deadlines for general practice: the published ones as announced by a day (none: all
    /// that are known today), and the moves recorded up to a position.
    pub fn for_practices(facts: &Facts, upto: Position, announced_by: Option<Day>) -> Self {
        let practices = OrganisationType::GeneralPractice;
        let catalogue = Arc::new(facts.catalogue(upto));
        let mut unsure = Vec::new();
        let terms: Vec<Term> = catalogue
            .editions()
            .iter()
            .filter_map(|edition| {
                let published = edition.announced_deadline(practices, announced_by)?;
                let moved = facts.deadlines_moved.iter().rev().find(|moved| {
                    moved.position <= upto
                        && moved.edition == edition.id
                        && moved.organisation_type == practices.name()
                });
                let scheme = match edition.scheme {
                    standards::Scheme::IgToolkit => Scheme::IgToolkit,
                    standards::Scheme::DspToolkit => Scheme::DspToolkit,
                };
                if moved.is_none() && !published.certainty.is_sure() {
                    unsure.push(edition.id);
                }
                Some(Term {
                    edition: edition.id,
                    scheme,
                    deadline: moved.map_or(published.day, |moved| moved.to),
                })
            })
            .collect();
        let exempt = facts
            .exemptions
            .iter()
            .filter(|exemption| exemption.position <= upto && exemption.organisation_type == practices.name())
            .map(|exemption| Exempt {
                day: exemption.day,
                edition: exemption.edition,
                requirement: exemption.requirement,
            });
        Self { catalogue, unsure, ..Self::new(terms).with_exempt(exempt.collect()) }
    }

    /// The requirements exempted, in the order of their events.
    pub fn exempt(&self) -> &[Exempt] {
        &self.exempt
    }

    /// The editions in order of deadline.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The editions, as known at the position that the calendar is of.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Whether the deadline of an edition is certain: announced, or decided here.
    pub fn is_sure(&self, edition: EditionId) -> bool {
        !self.unsure.contains(&edition)
    }

    /// The first deadline on or after a day.
    pub fn next(&self, day: Day) -> Option<&Term> {
        self.terms.iter().find(|term| term.deadline >= day)
    }
}
