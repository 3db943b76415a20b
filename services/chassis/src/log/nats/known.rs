//! The ids of events lately seen, by position: enough to answer most repeats without asking.

use std::collections::VecDeque;

use proto::Position;
use rustc_hash::FxHashMap;
use uuid::Uuid;

/// How many are remembered; some 60 bytes each.
const KNOWN_MAX: usize = 65_536;

/// Position to id; the oldest entry goes first.
#[derive(Default)]
pub(super) struct KnownIds {
    ids: FxHashMap<Position, Uuid>,
    order: VecDeque<Position>,
}

impl KnownIds {
    pub(super) fn get(&self, position: Position) -> Option<Uuid> {
        self.ids.get(&position).copied()
    }

    pub(super) fn insert(&mut self, position: Position, id: Uuid) {
        if self.ids.insert(position, id).is_some() {
            return;
        }
        self.order.push_back(position);
        if self.order.len() > KNOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut known = KnownIds::default();
        for position in 1..=KNOWN_MAX as u64 + 10 {
            known.insert(Position(position), Uuid::from_u128(position.into()));
            known.insert(Position(position), Uuid::from_u128(position.into()));
        }
        assert_eq!((known.ids.len(), known.order.len()), (KNOWN_MAX, KNOWN_MAX));
        assert_eq!(known.get(Position(10)), None);
        assert_eq!(known.get(Position(11)), Some(Uuid::from_u128(11)));
    }
}
