//! The deadlines of the toolkit editions for general practice, as known at some moment.

use proto::{
    Day, EditionId, Position,
    standards::{self, OrganisationType, catalogue},
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
}

impl Calendar {
    /// A calendar of these terms.
    pub fn new(mut terms: Vec<Term>) -> Self {
        terms.sort_by_key(|term| term.deadline);
        Self { terms }
    }

    /// The deadlines for general practice: the published ones as announced by a day (none: all
    /// that are known today), and the moves recorded up to a position.
    pub fn for_practices(facts: &Facts, upto: Position, announced_by: Option<Day>) -> Self {
        let practices = OrganisationType::GeneralPractice;
        let terms = catalogue().editions().iter().filter_map(|edition| {
            let published = edition.deadline(practices, announced_by)?;
            let moved = facts.deadlines_moved.iter().rev().find(|moved| {
                moved.position <= upto
                    && moved.edition == edition.id
                    && moved.organisation_type == practices.name()
            });
            let scheme = match edition.scheme {
                standards::Scheme::IgToolkit => Scheme::IgToolkit,
                standards::Scheme::DspToolkit => Scheme::DspToolkit,
            };
            Some(Term { edition: edition.id, scheme, deadline: moved.map_or(published, |moved| moved.to) })
        });
        Self::new(terms.collect())
    }

    /// The editions in order of deadline.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The first deadline on or after a day.
    pub fn next(&self, day: Day) -> Option<&Term> {
        self.terms.iter().find(|term| term.deadline >= day)
    }
}
