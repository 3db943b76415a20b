//! How every plan stands, followed in memory: a few dates an organisation.

use std::{collections::BTreeMap, time::Duration};

use chassis::{Viewer, following::Fold, log::Recorded};
use proto::{Day, Header, Moment, OdsCode, continuity::ContinuityEvent};

use crate::{
    access::VIEW_PLAN,
    model::{Dates, Standing},
};

/// How long a list waits until it knows of what was recorded before it was asked for.
pub(crate) const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(5);

/// The types of events that matter here begin so.
const CONTINUITY: &str = "oversight.continuity.";

/// The dates of every plan, by code.
#[derive(Debug, Default)]
pub(crate) struct Plans(BTreeMap<OdsCode, Dates>);

impl Fold for Plans {
    const NAME: &'static str = "the list of continuity plans";

    fn note(&mut self, recorded: &Recorded) {
        let Ok(header) = Header::read(&recorded.body) else { return };
        if header.kind.starts_with(CONTINUITY)
            && let Ok(code) = header.subject.rsplit('.').next().unwrap_or_default().parse()
            && let Ok(event) = header.event::<ContinuityEvent>()
        {
            self.0.entry(code).or_default().note(&event, header.effective_day());
        }
    }
}

/// Which plans are listed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filter {
    /// Only those that stand today and lapse within so many days.
    pub lapses_within_days: Option<i32>,
    /// Only those that have lapsed, or only those that have not.
    pub lapsed: Option<bool>,
}

impl Filter {
    fn lets(self, dates: &Dates, today: Day) -> bool {
        let standing = dates.standing(Moment::During(today));
        let has_lapsed = matches!(standing, Standing::Lapsed(..));
        let soon =
            |within: i32| matches!(standing, Standing::Stands(on, _) if today.days_until(on) <= within);
        self.lapsed.is_none_or(|wanted| wanted == has_lapsed) && self.lapses_within_days.is_none_or(soon)
    }
}

impl Plans {
    /// The organisations with a plan that a viewer may see, by code.
    pub fn seen_by(&self, viewer: &Viewer, filter: Filter, today: Day) -> Vec<(OdsCode, Dates)> {
        self.0
            .iter()
            .filter(|(code, dates)| {
                dates.written > 0 && filter.lets(dates, today) && viewer.may(VIEW_PLAN, **code)
            })
            .map(|(code, dates)| (*code, dates.clone()))
            .collect()
    }
}
