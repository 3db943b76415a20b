//! Counts by area and day.
//!
//! For each area and requirement the counts are a step function over the days: the days on which
//! any count changes, with the counts from that day on. A count on any day, past or future, is one
//! binary search; an area has some hundreds of steps, England a few thousand.

use proto::Day;
use rustc_hash::FxHashMap;

use crate::timeline::Status;

/// The columns of the counts: the five statuses, and how many of the practices counted are placed
/// by a link that reaches back.
pub const COLUMNS: usize = Status::ALL.len() + 1;

/// The column of links that reach back.
pub const REACHING_BACK: usize = Status::ALL.len();

/// How many practices of an area hold which status on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u32; COLUMNS]);

impl Counts {
    /// The number with a status.
    pub fn of(&self, status: Status) -> u32 {
        self.0[status.index()]
    }

    /// The denominator: all practices that operated in the area.
    pub fn practices(&self) -> u32 {
        self.0[..REACHING_BACK].iter().sum()
    }

    /// How many of them are placed by a link that reaches back over the day.
    pub fn reaching_back(&self) -> u32 {
        self.0[REACHING_BACK]
    }

    /// Counts one practice.
    pub fn count(&mut self, status: Status) {
        self.0[status.index()] += 1;
    }
}

/// Whether a stretch is added to the counts or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// One more.
    Add,
    /// One less.
    Remove,
}

/// The counts of one area and requirement over all days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Steps {
    steps: Vec<(Day, Counts)>,
}

impl Steps {
    /// The counts at the end of a day.
    pub fn at(&self, day: Day) -> Counts {
        let after = self.steps.partition_point(|(from, _)| *from <= day);
        after
            .checked_sub(1)
            .and_then(|last| self.steps.get(last))
            .map(|(_, counts)| *counts)
            .unwrap_or_default()
    }

    /// The steps after one day and up to another, both included.
    pub fn between(&self, from: Day, to: Day) -> impl Iterator<Item = (Day, Counts)> + '_ {
        let first = self.steps.partition_point(|(day, _)| *day < from);
        self.steps.get(first..).unwrap_or_default().iter().copied().take_while(move |(day, _)| *day <= to)
    }

    /// The number of steps.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds one to, or takes one from, a column over some days. Linear in the steps.
    pub fn change(&mut self, from: Day, to: Day, column: usize, sign: Sign) {
        let first = self.begin(from);
        let last = if to == Day::LAST { self.steps.len() } else { self.begin(to.plus_days(1)) };
        for (_, counts) in self.steps.get_mut(first..last).unwrap_or_default() {
            if let Some(count) = counts.0.get_mut(column) {
                *count = match sign {
                    Sign::Add => count.saturating_add(1),
                    Sign::Remove => count.saturating_sub(1),
                };
            }
        }
        self.join(last);
        self.join(first);
    }

    /// Makes a step begin on a day, and says which it is.
    fn begin(&mut self, day: Day) -> usize {
        let index = self.steps.partition_point(|(from, _)| *from < day);
        if self.steps.get(index).is_none_or(|(from, _)| *from != day) {
            let before = index
                .checked_sub(1)
                .and_then(|last| self.steps.get(last))
                .map(|(_, counts)| *counts)
                .unwrap_or_default();
            self.steps.insert(index, (day, before));
        }
        index
    }

    /// Drops a step that changes nothing.
    fn join(&mut self, index: usize) {
        let Some((_, counts)) = self.steps.get(index).copied() else { return };
        let before = index
            .checked_sub(1)
            .and_then(|last| self.steps.get(last))
            .map(|(_, counts)| *counts)
            .unwrap_or_default();
        if counts == before {
            self.steps.remove(index);
        }
    }
}

/// Many stretches at once, for building from nothing. Costs a look-up a stretch, and room and a sort
/// only for the days on which something changes.
#[derive(Debug, Default)]
pub struct StepsBuilder {
    /// By how much each column changes on a day.
    changes: FxHashMap<Day, [i64; COLUMNS]>,
}

impl StepsBuilder {
    /// Adds one to a column over some days.
    pub fn add(&mut self, from: Day, to: Day, column: usize) {
        self.change(from, column, 1);
        if to < Day::LAST {
            self.change(to.plus_days(1), column, -1);
        }
    }

    /// Adds all that another has.
    pub fn add_all(&mut self, other: StepsBuilder) {
        if self.changes.is_empty() {
            self.changes = other.changes;
            return;
        }
        for (day, changes) in other.changes {
            let totals = self.changes.entry(day).or_default();
            for (total, change) in totals.iter_mut().zip(changes) {
                *total += change;
            }
        }
    }

    fn change(&mut self, day: Day, column: usize, by: i64) {
        if let Some(total) = self.changes.entry(day).or_default().get_mut(column) {
            *total += by;
        }
    }

    /// The steps.
    pub fn build(self) -> Steps {
        let mut changes: Vec<_> = self.changes.into_iter().collect();
        changes.sort_unstable_by_key(|(day, _)| *day);
        let mut running = [0i64; COLUMNS];
        let mut steps: Vec<(Day, Counts)> = Vec::new();
        for (day, changes) in changes {
            for (total, change) in running.iter_mut().zip(changes) {
                *total += change;
            }
            let counts = Counts(running.map(|total| u32::try_from(total).unwrap_or_default()));
            if counts != steps.last().map(|(_, counts)| *counts).unwrap_or_default() {
                steps.push((day, counts));
            }
        }
        steps.shrink_to_fit();
        Steps { steps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stretch() -> impl Strategy<Value = (i32, i32, usize)> {
        (0..40i32, 0..40i32, 0..COLUMNS)
    }

    proptest! {
        #[test]
        fn a_count_is_the_number_of_stretches_over_the_day(
            stretches in prop::collection::vec(stretch(), 0..20), apart in 0..20usize,
        ) {
            let (mut builder, mut other) = (StepsBuilder::default(), StepsBuilder::default());
            let mut one_by_one = Steps::default();
            for (index, (from, length, column)) in stretches.iter().enumerate() {
                let (from, to) = (Day::from_number(*from), Day::from_number(from + length));
                let builder = if index < apart { &mut builder } else { &mut other };
                builder.add(from, to, *column);
                one_by_one.change(from, to, *column, Sign::Add);
            }
            builder.add_all(other);
            let built = builder.build();
            for number in -1..90 {
                let day = Day::from_number(number);
                let mut slow = Counts::default();
                for (from, length, column) in &stretches {
                    if (*from..=from + length).contains(&number) {
                        slow.0[*column] += 1;
                    }
                }
                prop_assert_eq!(built.at(day), slow);
            }
            prop_assert_eq!(&built, &one_by_one);
        }

        #[test]
        fn taking_away_what_was_added_leaves_nothing(stretches in prop::collection::vec(stretch(), 0..20)) {
            let mut steps = Steps::default();
            for sign in [Sign::Add, Sign::Remove] {
                for (from, length, column) in &stretches {
                    steps.change(Day::from_number(*from), Day::from_number(from + length), *column, sign);
                }
            }
            prop_assert!(steps.is_empty());
        }
    }

    #[test]
    fn an_open_end_reaches_the_last_of_days() {
        let mut steps = Steps::default();
        steps.change(Day::from_number(10), Day::LAST, 0, Sign::Add);
        assert_eq!(steps.at(Day::LAST).of(Status::Met), 1);
        assert_eq!(steps.len(), 1);
    }
}
