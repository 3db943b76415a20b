//! The result of an assessment: the percentage by its rule and the grade by its own.
//!
//! The two are independent. Thirteen requirements at level 2 make 66 % and are satisfactory; twelve at
//! level 3 and one at level 1 make 94 % and are not (domain facts 1.4).

use proto::{
    Day, RequirementId,
    assessments::{Answer, Grade},
    standards::{AnswerScale, Edition},
};

use super::{Assessment, KIND, Plan};

/// The highest attainment level, which the percentage is measured against.
const LEVEL_MAX: u32 = 3;

/// Attained levels as a share of the attainable ones, rounded down to whole per cent. Requirements
/// that are not relevant or exempt leave both sides. None where the edition has no levels or nothing
/// applies.
pub fn percentage<'a>(
    edition: &Edition,
    answers: impl IntoIterator<Item = (&'a RequirementId, &'a Answer)>,
    exempt: &[RequirementId],
) -> Option<u8> {
    if edition.scale != AnswerScale::Levels {
        return None;
    }
    let (attained, applicable) = answers
        .into_iter()
        .filter(|(requirement, _)| !exempt.contains(requirement))
        .filter_map(|(_, answer)| match answer {
            Answer::Level(level) => Some(u32::from(*level)),
            _ => None,
        })
        .fold((0, 0), |(attained, applicable), level| (attained + level, applicable + 1));
    (attained * 100).checked_div(LEVEL_MAX * applicable).and_then(|percent| u8::try_from(percent).ok())
}

/// The applicable requirements that fall short of the edition's standard, in the edition's order.
pub fn gaps<'a>(
    edition: &Edition,
    answers: impl IntoIterator<Item = (&'a RequirementId, &'a Answer)>,
    exempt: &[RequirementId],
) -> Vec<RequirementId> {
    let short: Vec<RequirementId> = answers
        .into_iter()
        .filter(|(requirement, answer)| !exempt.contains(requirement) && edition.falls_short(answer))
        .map(|(requirement, _)| *requirement)
        .collect();
    edition.requirements_of(KIND).map(|requirement| requirement.id).filter(|id| short.contains(id)).collect()
}

/// The grade: satisfactory when nothing falls short, with an improvement plan when an agreed one deals
/// with all that does, not satisfactory otherwise.
pub fn grade(gaps: &[RequirementId], plan: &Plan, on: Day) -> Grade {
    if gaps.is_empty() {
        Grade::Satisfactory
    } else if plan.stands_for(gaps, on) {
        Grade::SatisfactoryWithImprovementPlan
    } else {
        Grade::NotSatisfactory
    }
}

/// What the last publication comes to on a day, with the exemptions and the plan of that day. A
/// central exemption also changes assessments that were published before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The grade.
    pub grade: Grade,
    /// The percentage.
    pub percentage: Option<u8>,
    /// What still falls short.
    pub gaps: Vec<RequirementId>,
}

/// What the last publication comes to, none where there is none.
pub fn standing(
    edition: &Edition,
    assessment: &Assessment,
    exempt: &[RequirementId],
    on: Day,
) -> Option<Standing> {
    let publication = assessment.publication.as_ref()?;
    let answers = || publication.answers.iter().map(|(requirement, answer)| (requirement, answer));
    let gaps = gaps(edition, answers(), exempt);
    Some(Standing {
        grade: grade(&gaps, &assessment.plan, on),
        percentage: percentage(edition, answers(), exempt),
        gaps,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proto::standards::shipped;

    fn igt() -> &'static std::sync::Arc<Edition> {
        shipped().edition("igt-14.1".parse().unwrap()).unwrap()
    }

    fn levelled(levels: &[u8]) -> Vec<(RequirementId, Answer)> {
        igt()
            .requirements()
            .iter()
            .map(|r| r.id)
            .zip(levels.iter().map(|level| Answer::Level(*level)))
            .collect()
    }

    fn result(answers: &[(RequirementId, Answer)], exempt: &[RequirementId]) -> (Option<u8>, Grade) {
        let pairs = || answers.iter().map(|(requirement, answer)| (requirement, answer));
        let gaps = gaps(igt(), pairs(), exempt);
        (percentage(igt(), pairs(), exempt), grade(&gaps, &Plan::default(), "2018-03-31".parse().unwrap()))
    }

    #[test]
    fn thirteen_requirements_at_level_2_are_66_percent_and_satisfactory() {
        assert_eq!(result(&levelled(&[2; 13]), &[]), (Some(66), Grade::Satisfactory));
    }

    #[test]
    fn twelve_at_level_3_and_one_at_level_1_are_94_percent_and_not_satisfactory() {
        let mut levels = [3; 13];
        levels[4] = 1;
        assert_eq!(result(&levelled(&levels), &[]), (Some(94), Grade::NotSatisfactory));
    }

    #[test]
    fn what_is_not_relevant_or_exempt_leaves_the_denominator() {
        let mut answers = levelled(&[3; 13]);
        answers[0].1 = Answer::NotRelevant { reason: "nobody".into() };
        answers[1].1 = Answer::Level(0);
        assert_eq!(result(&answers, &[]), (Some(91), Grade::NotSatisfactory), "33 of 36");
        assert_eq!(result(&answers, &[answers[1].0]), (Some(100), Grade::Satisfactory), "33 of 33");
    }

    #[test]
    fn where_nothing_applies_there_is_no_percentage() {
        let all: Vec<RequirementId> = levelled(&[0; 13]).into_iter().map(|(id, _)| id).collect();
        assert_eq!(result(&levelled(&[0; 13]), &all), (None, Grade::Satisfactory));
    }

    #[test]
    fn the_dsp_toolkit_has_no_percentage() {
        let edition = shipped().edition("dspt-2018-19".parse().unwrap()).unwrap();
        let answers = [("1".parse().unwrap(), Answer::Met)];
        assert_eq!(percentage(edition, answers.iter().map(|(r, a)| (r, a)), &[]), None);
    }

    proptest! {
        /// For any percentage above two thirds there are answers of either grade, so the percentage
        /// cannot have decided it; the slow, obvious rule agrees with the grade always.
        #[test]
        fn the_percentage_never_decides_the_grade(levels in proptest::collection::vec(0u8..=3, 13)) {
            let (percent, grade) = result(&levelled(&levels), &[]);
            let sum: u32 = levels.iter().map(|level| u32::from(*level)).sum();
            prop_assert_eq!(u32::from(percent.unwrap()), sum * 100 / 39);
            let obvious = if levels.iter().all(|level| *level >= 2) { Grade::Satisfactory } else { Grade::NotSatisfactory };
            prop_assert_eq!(grade, obvious);
        }
    }
}
