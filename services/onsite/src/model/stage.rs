//! How far an assessment has come, and what is next.

use std::fmt;

use proto::{Day, OdsCode};

use super::{OnsiteAssessment, Reply};

/// How far an assessment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Asked for, and not answered.
    Requested,
    /// The organisation refuses.
    Refused,
    /// Agreed, with no visit set, or the last one called off.
    Agreed,
    /// A visit is set.
    Scheduled,
    /// Held, and its outcome not disclosed.
    Held,
    /// Disclosed, with no plan that lies with anyone or is agreed.
    Disclosed,
    /// A plan lies with the commissioner or region.
    PlanProposed,
    /// A plan is agreed.
    PlanAgreed,
    /// Closed.
    Closed,
}

impl Stage {
    /// All of them, in the order of an assessment's life.
    pub const ALL: [Stage; 9] = [
        Stage::Requested,
        Stage::Refused,
        Stage::Agreed,
        Stage::Scheduled,
        Stage::Held,
        Stage::Disclosed,
        Stage::PlanProposed,
        Stage::PlanAgreed,
        Stage::Closed,
    ];

    /// The name in addresses, answers and files.
    pub const fn slug(self) -> &'static str {
        match self {
            Stage::Requested => "requested",
            Stage::Refused => "refused",
            Stage::Agreed => "agreed",
            Stage::Scheduled => "scheduled",
            Stage::Held => "held",
            Stage::Disclosed => "disclosed",
            Stage::PlanProposed => "plan-proposed",
            Stage::PlanAgreed => "plan-agreed",
            Stage::Closed => "closed",
        }
    }

    /// The name on pages.
    pub const fn words(self) -> &'static str {
        match self {
            Stage::Requested => "Asked for",
            Stage::Refused => "Refused",
            Stage::Agreed => "Agreed",
            Stage::Scheduled => "Visit set",
            Stage::Held => "Held",
            Stage::Disclosed => "Disclosed",
            Stage::PlanProposed => "Plan proposed",
            Stage::PlanAgreed => "Plan agreed",
            Stage::Closed => "Closed",
        }
    }
}

/// Why a finding is still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// No agreed plan has an action for it.
    NoAction,
    /// An action for it is not done.
    ActionOpen(u16),
    /// Its actions were done, and a re-test afterwards did not find it mended.
    NotMended(Day),
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Open::NoAction => f.write_str("no agreed plan has an action for it"),
            Open::ActionOpen(action) => write!(f, "action {action} is not done"),
            Open::NotMended(on) => {
                write!(
                    f,
                    "the re-test of {} did not find it resolved, and no action was done since",
                    on.long()
                )
            }
        }
    }
}

impl OnsiteAssessment {
    /// How far it has come; none where no one asked for it.
    pub fn stage(&self) -> Option<Stage> {
        self.requested.as_ref()?;
        let visit_is_set = self.visit.as_ref().is_some_and(|visit| visit.cancelled.is_none());
        Some(if self.closed.is_some() {
            Stage::Closed
        } else if self.plan.proposed.is_some() {
            Stage::PlanProposed
        } else if self.plan.agreed.is_some() {
            Stage::PlanAgreed
        } else if !self.disclosed.is_empty() {
            Stage::Disclosed
        } else if self.held.is_some() {
            Stage::Held
        } else if visit_is_set {
            Stage::Scheduled
        } else {
            match self.reply {
                None => Stage::Requested,
                Some(Reply::Agreed(_)) => Stage::Agreed,
                Some(Reply::Refused(..)) => Stage::Refused,
            }
        })
    }

    /// The delivery partner it was last scheduled with.
    pub fn partner(&self) -> Option<OdsCode> {
        self.visit.as_ref().map(|visit| visit.partner)
    }

    /// The delivery partner that is sent there, or was: none where the visit was called off before
    /// anything was held.
    pub fn sent(&self) -> Option<OdsCode> {
        let visit = self.visit.as_ref().filter(|visit| visit.cancelled.is_none() || self.held.is_some());
        visit.map(|visit| visit.partner)
    }

    /// Whether the last re-test found a finding mended.
    pub fn is_mended(&self, finding: u16) -> bool {
        self.retest.as_ref().is_some_and(|retest| retest.mended.contains(&finding))
    }

    /// Why a finding is still open; none once it is dealt with: the last re-test found it mended, or all
    /// actions agreed for it are done and no re-test since says that it is not.
    pub fn why_open(&self, finding: u16) -> Option<Open> {
        if self.is_mended(finding) {
            return None;
        }
        let actions = || self.plan.actions().filter(|(_, action, _)| action.finding == finding);
        if let Some((action, ..)) = actions().find(|(_, _, done)| done.is_none()) {
            return Some(Open::ActionOpen(action));
        }
        let last_done = actions().filter_map(|(_, _, done)| done).max();
        match (last_done, &self.retest) {
            (None, _) => Some(Open::NoAction),
            (Some(done), Some(retest)) if done <= retest.on => Some(Open::NotMended(retest.on)),
            _ => None,
        }
    }

    /// The findings still open, each with why.
    pub fn open_findings(&self) -> Vec<(u16, Open)> {
        self.findings.keys().filter_map(|number| Some((*number, self.why_open(*number)?))).collect()
    }

    /// The actions that are overdue on a day, with their due days.
    pub fn overdue(&self, today: Day) -> Vec<(u16, Day)> {
        if self.closed.is_some() {
            return Vec::new();
        }
        self.plan
            .actions()
            .filter(|(_, action, done)| done.is_none() && action.due < today)
            .map(|(number, action, _)| (number, action.due))
            .collect()
    }

    /// What is next and by whom, as a sentence; none where no one asked for an assessment.
    pub fn next(&self, today: Day) -> Option<String> {
        let stage = self.stage()?;
        let fixed = |text: &str| text.to_owned();
        Some(match stage {
            Stage::Requested => fixed("The practice agrees to be assessed, or refuses with grounds."),
            Stage::Refused => fixed("Nothing happens unless the practice agrees after all."),
            Stage::Agreed => {
                fixed("NHS Digital or the commissioner sets a day, a delivery partner and an assessor.")
            }
            Stage::Scheduled => {
                let on = self.visit.as_ref().map_or(today, |visit| visit.on);
                if on > today {
                    format!("The assessor visits on {}.", on.long())
                } else if on == today {
                    fixed("The assessor visits today, and enters the result after the visit.")
                } else {
                    format!("The assessor enters the result of the visit of {}.", on.long())
                }
            }
            Stage::Held => fixed("The practice discloses the outcome to its commissioner or region."),
            Stage::Disclosed if self.open_findings().is_empty() => fixed(ONLY_TO_CLOSE),
            Stage::Disclosed => match &self.plan.returned {
                Some((by, ..)) => format!("{by} sent the plan back: the practice proposes another."),
                None => fixed("The practice proposes what it will do about the findings."),
            },
            Stage::PlanProposed => fixed("The commissioner or region agrees the plan, or sends it back."),
            Stage::PlanAgreed => match (self.overdue(today).first(), self.open_findings().first()) {
                (Some((action, due)), _) => {
                    format!("The practice does action {action}, which was due on {}.", due.long())
                }
                (None, Some((_, Open::ActionOpen(_)))) => fixed("The practice does the actions it agreed."),
                (None, Some((finding, why))) => {
                    format!("The practice proposes what it will do about finding {finding}: {why}.")
                }
                (None, None) => fixed(ONLY_TO_CLOSE),
            },
            Stage::Closed => fixed("Nothing more is expected."),
        })
    }
}

const ONLY_TO_CLOSE: &str =
    "Nothing is open: the commissioner, the region or NHS Digital closes the assessment.";
