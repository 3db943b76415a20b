//! An organisation as a buyer: what it uses, what it has checked, and how it bridges gaps.

use std::collections::BTreeMap;

use chassis::{Aggregate, Context, Refusal, When, refusal::needed};
use proto::{
    Day, OdsCode, Position,
    certification::{Verdict, table},
    suppliers::{
        CertificationChecked, DemandAnswered, EngagementBegun, EngagementEnded, EngagementWaiting,
        GapPlanAgreed, List, Listing, SupplierEvent, Used,
    },
};
use serde::{Deserialize, Serialize};

/// The most services an organisation uses.
const ENGAGEMENTS_MAX: usize = 500;
/// The most characters of a plan for a gap.
pub const PLAN_MAX_CHARS: usize = 1_000;
/// The longest a gap until a renewal may be planned for: three months. Ours; a certificate is good for
/// twelve, and its scheme reminds 30 days before it ends (domain facts 5.2).
const GAP_MAX_DAYS: i32 = 92;

/// An organisation as a buyer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// What it uses or used.
    #[serde(with = "as_pairs")]
    pub engagements: BTreeMap<Used, Engagement>,
    /// The last check of each service.
    #[serde(with = "as_pairs")]
    pub checked: BTreeMap<Used, LastCheck>,
    /// The plans for gaps, the last of each service.
    #[serde(with = "as_pairs")]
    pub plans: BTreeMap<Used, GapPlan>,
    /// How many checks there were.
    pub checks: u32,
    /// The names under which lists say what it uses and that no one had matched to a supplier, each with the
    /// day from which the list says so.
    #[serde(default, with = "as_pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub waiting: BTreeMap<Listing, Day>,
}

/// Since when, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engagement {
    /// The first day.
    pub begun: Day,
    /// The last day.
    pub ended: Option<Day>,
    /// Where that is known from.
    pub list: List,
}

/// The last check of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCheck {
    /// Its number.
    pub check: u32,
    /// The day.
    pub on: Day,
    /// What came of it.
    pub verdict: Verdict,
    /// The event.
    pub position: Position,
}

/// A plan for a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapPlan {
    /// In words.
    pub plan: String,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub until: Day,
}

/// A check as it was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is about.
    pub used: Used,
    /// The supplier's name.
    pub supplier_name: String,
    /// The service's name.
    pub service_name: String,
    /// The first day of the contract.
    pub from: Day,
    /// Its last day.
    pub to: Day,
    /// What came of it.
    pub verdict: Verdict,
    /// The answers.
    pub answers: Vec<DemandAnswered>,
    /// The last event that was known.
    pub known: Position,
}

/// What can be asked of a buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuyerCommand {
    /// It uses a service.
    Begin {
        /// Whose affair it is.
        organisation: OdsCode,
        /// What.
        used: Used,
        /// Where that is known from.
        list: List,
    },
    /// A list says what it uses, under a name that no one has matched to a supplier yet.
    Wait {
        /// Whose affair it is.
        organisation: OdsCode,
        /// The name, as an entry of its list.
        listing: Listing,
    },
    /// It no longer uses a service.
    End {
        /// Whose affair it is.
        organisation: OdsCode,
        /// What.
        used: Used,
    },
    /// It checked a service.
    Check {
        /// Whose affair it is.
        organisation: OdsCode,
        /// The check.
        check: Box<Check>,
    },
    /// It bridges a gap until a renewal.
    AgreeGapPlan {
        /// Whose affair it is.
        organisation: OdsCode,
        /// Of which service.
        used: Used,
        /// How.
        plan: String,
        /// Until when.
        until: Day,
    },
}

impl Buyer {
    /// What it uses on a day.
    pub fn uses_on(&self, day: Day) -> impl Iterator<Item = (&Used, &Engagement)> {
        self.engagements.iter().filter(move |(_, engagement)| engagement.runs_on(day))
    }
}

impl Engagement {
    /// Whether it runs on a day.
    pub fn runs_on(&self, day: Day) -> bool {
        self.begun <= day && self.ended.is_none_or(|ended| day <= ended)
    }
}

impl Aggregate for Buyer {
    type Event = SupplierEvent;
    type Command = BuyerCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "buyer";
    const FOLD_VERSION: u32 = 3;

    fn decide(&self, command: &BuyerCommand, context: &Context) -> Result<Option<SupplierEvent>, Refusal> {
        match command {
            BuyerCommand::Begin { organisation, used, list } => {
                if table().service_type(used.service_type).is_none() {
                    let known: Vec<&str> = table().types().iter().map(|kind| kind.id.as_str()).collect();
                    let text = format!("the types of service are {}", known.join(", "));
                    return Err(Refusal::at("service_type", text));
                }
                if context.effective > Day::in_london(context.time) {
                    return Err(Refusal::at("on", "the date use began must be today or in the past"));
                }
                // Known since an earlier day it begins no second time; ended before, it begins again.
                if self.engagements.get(used).is_some_and(|known| known.runs_on(context.effective)) {
                    return Ok(None);
                }
                if self.engagements.len() >= ENGAGEMENTS_MAX {
                    let text = format!("an organisation may use up to {ENGAGEMENTS_MAX} services");
                    return Err(Refusal::as_things_stand(text));
                }
                let event = EngagementBegun { organisation: *organisation, used: *used, list: *list };
                Ok(Some(event.into()))
            }
            BuyerCommand::Wait { organisation, listing } => {
                if self.waiting.get(listing).is_some_and(|since| *since <= context.effective) {
                    return Ok(None);
                }
                if self.waiting.len() >= ENGAGEMENTS_MAX {
                    let text = format!("up to {ENGAGEMENTS_MAX} names of an organisation may wait");
                    return Err(Refusal::as_things_stand(text));
                }
                let event = EngagementWaiting { organisation: *organisation, listing: listing.clone() };
                Ok(Some(event.into()))
            }
            BuyerCommand::End { organisation, used } => match self.engagements.get(used) {
                None => Err(Refusal::unknown("the organisation is not known to use this service")),
                Some(known) if context.effective < known.begun => {
                    Err(Refusal::at("on", format!("it is used since {} only", known.begun.long())))
                }
                Some(known) if known.ended == Some(context.effective) => Ok(None),
                Some(_) => Ok(Some(EngagementEnded { organisation: *organisation, used: *used }.into())),
            },
            BuyerCommand::Check { organisation, check } => {
                if check.to < check.from {
                    return Err(Refusal::at("to", "the last day of a contract cannot lie before its first"));
                }
                let Check { used, supplier_name, service_name, from, to, verdict, answers, known } =
                    (**check).clone();
                let event = CertificationChecked {
                    organisation: *organisation,
                    check: self.checks.saturating_add(1),
                    used,
                    supplier_name,
                    service_name,
                    from,
                    to,
                    verdict,
                    answers,
                    known,
                };
                Ok(Some(event.into()))
            }
            BuyerCommand::AgreeGapPlan { organisation, used, plan, until } => {
                let plan = needed("plan", "what is done meanwhile", plan, PLAN_MAX_CHARS)?;
                let today = context.effective;
                if !self.engagements.get(used).is_some_and(|known| known.runs_on(today)) {
                    return Err(Refusal::unknown("the organisation is not known to use this service"));
                }
                if *until <= today || today.days_until(*until) > GAP_MAX_DAYS {
                    let text = format!("the last day lies after today and at most {GAP_MAX_DAYS} days ahead");
                    return Err(Refusal::at("until", text));
                }
                if self.plans.get(used).is_some_and(|known| known.plan == plan && known.until == *until) {
                    return Ok(None);
                }
                let event = GapPlanAgreed { organisation: *organisation, used: *used, plan, until: *until };
                Ok(Some(event.into()))
            }
        }
    }

    fn evolve(&mut self, event: &SupplierEvent, when: &When) {
        match event {
            SupplierEvent::EngagementBegun(event) => {
                // An older file adds that it was so before, too.
                let begun = match self.engagements.get(&event.used) {
                    Some(known) if known.ended.is_none() => known.begun.min(when.effective),
                    _ => when.effective,
                };
                self.engagements.insert(event.used, Engagement { begun, ended: None, list: event.list });
            }
            SupplierEvent::EngagementWaiting(event) => {
                self.waiting.insert(event.listing.clone(), when.effective);
            }
            SupplierEvent::EngagementEnded(event) => {
                if let Some(known) = self.engagements.get_mut(&event.used) {
                    known.ended = Some(when.effective);
                }
            }
            SupplierEvent::CertificationChecked(event) => {
                self.checks = event.check;
                let last = LastCheck {
                    check: event.check,
                    on: when.effective,
                    verdict: event.verdict,
                    position: when.position,
                };
                self.checked.insert(event.used, last);
            }
            SupplierEvent::GapPlanAgreed(event) => {
                let plan = GapPlan { plan: event.plan.clone(), from: when.effective, until: event.until };
                self.plans.insert(event.used, plan);
            }
            _ => {}
        }
    }

    fn keeps(event: &SupplierEvent) -> bool {
        matches!(
            event,
            SupplierEvent::EngagementBegun(_)
                | SupplierEvent::EngagementEnded(_)
                | SupplierEvent::EngagementWaiting(_)
        )
    }

    fn take_over(&mut self, whole: &Self) {
        self.checks = whole.checks;
        self.checked.clone_from(&whole.checked);
        self.plans.clone_from(&whole.plans);
    }
}

/// Maps whose keys are no texts, stored as pairs.
mod as_pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Vec::<(K, V)>::deserialize(deserializer).map(|pairs| pairs.into_iter().collect())
    }
}
