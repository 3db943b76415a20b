//! The order in which requirements are answered makes no difference.

use assessments::model::{Assessment, blockers, gaps, percentage};
use chassis::testing::given;
use proptest::prelude::*;

use crate::support::*;

proptest! {
    #[test]
    fn any_order_of_answers_gives_the_same_state(
        levels in proptest::collection::vec(0u8..=3, 13),
        order in Just((0usize..13).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let numbers: Vec<&str> = edition(IGT).requirements().iter().map(|asked| asked.id.as_str()).collect();
        let answers = |order: &[usize]| {
            let events: Vec<_> =
                order.iter().map(|index| answered(IGT, level(numbers[*index], levels[*index]))).collect();
            given::<Assessment>([opened(IGT, vec![])].into_iter().chain(events)).state().clone()
        };
        let sorted: Vec<usize> = (0..13).collect();
        let (one, other) = (answers(&sorted), answers(&order));
        prop_assert_eq!(&one, &other);
        prop_assert!(blockers(edition(IGT), &one, &[]).is_empty());
        prop_assert_eq!(percentage(edition(IGT), one.given(), &[]), percentage(edition(IGT), other.given(), &[]));
        prop_assert_eq!(gaps(edition(IGT), one.given(), &[]), gaps(edition(IGT), other.given(), &[]));
    }
}
