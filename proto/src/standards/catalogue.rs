//! The editions of an installation, and what status texts mean in it.

use std::sync::{Arc, LazyLock};

use super::{
    StandardsError,
    definition::{EditionDefinition, EditionFault, dsp_toolkit_title},
    edition::{Edition, Scheme},
    register::{split_year, text_key},
};
use crate::{
    assessments::{AssessmentEvent, EditionAdded, PublishedResult, ResultLevel, StatusTextExplained},
    codes::EditionId,
    day::{Day, FinancialYear},
};

/// The editions that come with the program, in order of their year.
const EDITIONS: &[(&str, &str)] = &[
    ("igt-14.1", include_str!("../../standards/igt-14.1.toml")),
    ("dspt-2018-19", include_str!("../../standards/dspt-2018-19.toml")),
    ("dspt-2019-20", include_str!("../../standards/dspt-2019-20.toml")),
    ("dspt-2020-21", include_str!("../../standards/dspt-2020-21.toml")),
    ("dspt-2021-22", include_str!("../../standards/dspt-2021-22.toml")),
    ("dspt-2022-23", include_str!("../../standards/dspt-2022-23.toml")),
    ("dspt-2023-24", include_str!("../../standards/dspt-2023-24.toml")),
    ("dspt-2024-25", include_str!("../../standards/dspt-2024-25.toml")),
    ("dspt-2025-26", include_str!("../../standards/dspt-2025-26.toml")),
    ("dspt-2026-27", include_str!("../../standards/dspt-2026-27.toml")),
];

/// The most editions that an installation may add: one a year for a century.
pub const ADDED_MAX: usize = 100;

/// All editions of an installation, as known at one position of its log: those that come with the program
/// and those added by [`EditionAdded`], with the meanings given by [`StatusTextExplained`].
///
/// A pure fold: [`Catalogue::default`] is what comes with the program, and [`Catalogue::apply`] takes in one
/// event after the other. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    editions: Vec<Arc<Edition>>,
    explained: Vec<Explained>,
}

/// A status text with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The text as it is compared.
    key: String,
    /// The text, its meaning and the reason.
    pub given: StatusTextExplained,
}

/// The editions that come with the program. A test holds that they read without fault.
pub fn shipped() -> &'static Catalogue {
    static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
        Catalogue::built_in().unwrap_or(Catalogue { editions: Vec::new(), explained: Vec::new() })
    });
    &SHIPPED
}

/// The name of an edition, whether it comes with the program or was added: of an added one it follows from
/// its id, which holds its year. The id itself where it is of no known shape.
pub fn edition_title(id: EditionId) -> String {
    if let Some(edition) = shipped().edition(id) {
        return edition.title.clone();
    }
    let year = id.as_str().strip_prefix("dspt-").and_then(FinancialYear::parse);
    year.map_or_else(|| id.to_string(), dsp_toolkit_title)
}

impl Default for Catalogue {
    fn default() -> Self {
        shipped().clone()
    }
}

impl Catalogue {
    /// Reads the embedded files and checks them against each other.
    pub fn built_in() -> Result<Self, StandardsError> {
        Self::read(EDITIONS)
    }

    fn read(files: &[(&str, &str)]) -> Result<Self, StandardsError> {
        let mut catalogue = Self { editions: Vec::with_capacity(files.len()), explained: Vec::new() };
        for (name, text) in files {
            let fail = |reason: String| StandardsError { file: (*name).to_owned(), reason };
            let written: EditionDefinition = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
            let edition = written.resolve().map_err(|fault| fail(fault.to_string()))?;
            if edition.id.as_str() != *name {
                return Err(fail(format!("holds the edition {}", edition.id)));
            }
            catalogue.check_follows(&edition).map_err(|fault| fail(fault.to_string()))?;
            catalogue.editions.push(Arc::new(edition));
        }
        Ok(catalogue)
    }

    /// An edition is added behind the newest one.
    fn check_follows(&self, edition: &Edition) -> Result<(), EditionFault> {
        let newest = self.editions.last();
        if edition.predecessor != newest.map(|newest| newest.id) {
            let expected = newest.map_or_else(|| "none".to_owned(), |newest| newest.id.to_string());
            let reason = format!("an edition is added behind the newest one, {expected}");
            return Err(EditionFault::new("predecessor", reason));
        }
        let Some(newest) = newest else { return Ok(()) };
        if newest.financial_year >= edition.financial_year {
            let reason = format!("is not later than {}, the year of {}", newest.financial_year, newest.id);
            return Err(EditionFault::new("financial_year", reason));
        }
        if newest.opens.day >= edition.opens.day {
            let reason = format!("is not later than {}, when {} opened", newest.opens.day.long(), newest.id);
            return Err(EditionFault::new("opens.day", reason));
        }
        Ok(())
    }

    /// What the event would say that adds an edition; refused where it is faulty, or does not follow the
    /// newest edition.
    pub fn add(&self, written: EditionDefinition) -> Result<EditionAdded, EditionFault> {
        let whole = written.with_shared_requirements()?;
        whole.check_added()?;
        if self.edition(whole.id).is_some() {
            let reason = format!(
                "there is an edition {} already; its deadlines can be moved, its requirements exempted and \
                 its status texts explained, the rest stays as it is",
                whole.id
            );
            return Err(EditionFault::new("id", reason));
        }
        if self.editions.len() >= EDITIONS.len() + ADDED_MAX {
            return Err(EditionFault::new("id", format!("up to {ADDED_MAX} editions can be added")));
        }
        self.check_follows(&whole.clone().resolve()?)?;
        Ok(EditionAdded { edition: whole })
    }

    /// Takes in an event. Total: others say nothing here.
    pub fn apply(&mut self, event: &AssessmentEvent) {
        match event {
            AssessmentEvent::EditionAdded(event) => self.apply_added(event),
            AssessmentEvent::StatusTextExplained(event) => self.apply_explained(event),
            _ => {}
        }
    }

    /// An edition that has meanwhile come with the program stays as the installation added it.
    pub fn apply_added(&mut self, added: &EditionAdded) {
        let Ok(edition) = added.edition.clone().resolve() else { return };
        self.editions.retain(|known| known.id != edition.id);
        let later = |known: &Arc<Edition>| known.financial_year <= edition.financial_year;
        let place = self.editions.partition_point(later);
        self.editions.insert(place, Arc::new(edition));
    }

    /// A later explanation of a text replaces the earlier one for the same edition, or for every edition: what was
    /// said of one edition leaves what holds for the others as it is.
    pub fn apply_explained(&mut self, given: &StatusTextExplained) {
        let key = text_key(&given.text);
        self.explained.retain(|known| known.key != key || known.given.edition != given.edition);
        self.explained.push(Explained { key, given: given.clone() });
    }

    /// The editions in order of their year.
    pub fn editions(&self) -> &[Arc<Edition>] {
        &self.editions
    }

    /// The edition of an id.
    pub fn edition(&self, id: EditionId) -> Option<&Arc<Edition>> {
        self.editions.iter().find(|edition| edition.id == id)
    }

    /// The place of an edition in the order of their years.
    pub fn order(&self, id: EditionId) -> Option<usize> {
        self.editions.iter().position(|edition| edition.id == id)
    }

    /// The DSP Toolkit's edition for a financial year.
    pub fn dsp_toolkit(&self, year: FinancialYear) -> Option<&Arc<Edition>> {
        self.editions
            .iter()
            .find(|edition| edition.scheme == Scheme::DspToolkit && edition.financial_year == year)
    }

    /// The edition one works on on a day: the latest that was open by then.
    pub fn open_on(&self, day: Day) -> Option<&Arc<Edition>> {
        self.editions.iter().rev().find(|edition| edition.opens.day <= day)
    }

    /// The edition before.
    pub fn predecessor(&self, edition: &Edition) -> Option<&Arc<Edition>> {
        self.order(edition.id)?.checked_sub(1).and_then(|order| self.editions.get(order))
    }

    /// The edition after.
    pub fn successor(&self, edition: &Edition) -> Option<&Arc<Edition>> {
        self.editions.get(self.order(edition.id)? + 1)
    }

    /// The explanations of status texts, in the order they were given.
    pub fn explained(&self) -> impl Iterator<Item = &StatusTextExplained> {
        self.explained.iter().map(|explained| &explained.given)
    }

    /// What exactly this status text was explained to mean for an edition; without one, for every edition.
    pub fn explanation(&self, text: &str, edition: Option<EditionId>) -> Option<&StatusTextExplained> {
        self.explained_for(&text_key(text), edition)
    }

    fn explained_for(&self, key: &str, edition: Option<EditionId>) -> Option<&StatusTextExplained> {
        self.explained_as(key).find(|given| given.edition == edition)
    }

    /// The explanations of a text, for whatever edition, in the order they were given.
    fn explained_as(&self, key: &str) -> impl DoubleEndedIterator<Item = &StatusTextExplained> {
        self.explained.iter().filter(move |known| known.key == key).map(|known| &known.given)
    }

    /// The edition a status text is of, where that had not opened by the date of the file: no such file can show it.
    pub fn edition_not_open(&self, text: &str, published: Option<Day>, as_of: Day) -> Option<&Arc<Edition>> {
        let edition = self.edition(self.edition_of_status(text, published, as_of)?)?;
        (edition.opens.day > as_of).then_some(edition)
    }

    /// What a status text of the register means: by itself, else as was explained.
    pub fn read_status(&self, text: &str, published: Option<Day>, as_of: Day) -> PublishedResult {
        match self.read_status_alone(text, published, as_of) {
            PublishedResult::Unrecognised => self.read_as_explained(text, published, as_of),
            read => read,
        }
    }

    /// What a status text was explained to mean: the whole text, else its words without the year. Of either, what
    /// was said of the edition of the row goes before what was said of every edition.
    fn read_as_explained(&self, text: &str, published: Option<Day>, as_of: Day) -> PublishedResult {
        let key = text_key(text);
        let (_, words) = split_year(&key);
        let of_row = self.edition_of_status(text, published, as_of);
        let of_row_or_every = |key: &str| {
            let own = of_row.and_then(|edition| self.explained_for(key, Some(edition)));
            own.or_else(|| self.explained_for(key, None))
        };
        // The whole text may be explained to be of another edition than its date, or even its year, says.
        let of_another = || self.explained_as(&key).next_back();
        let given = of_row_or_every(&key).or_else(of_another).or_else(|| of_row_or_every(words));
        let Some(given) = given else { return PublishedResult::Unrecognised };
        let edition = given.edition.or(of_row);
        match (given.level, edition) {
            (ResultLevel::NotPublished, _) => PublishedResult::NotPublished,
            (level, Some(edition)) => level.of(edition),
            (_, None) => PublishedResult::Unrecognised,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: &str = r#"
        id = "dspt-2027-28"
        scheme = "dsp-toolkit"
        title = "DSP Toolkit 2027/28"
        financial_year = "2027/28"
        scale = "met-or-not-met"
        requirements_of = "national-data-guardian"
        predecessor = "dspt-2026-27"
        opens = { day = "2027-07-01", certainty = "found", source = "a letter" }

        [[status_words]]
        text = "Assured"
        level = "standards-met"

        [[groups]]
        types = ["general-practice"]
        category = "4"
        gaps = "block-publication"
        deadlines = [{ day = "2028-06-30", certainty = "found", source = "a letter" }]
        certainty = "found"
        source = "a letter"
    "#;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn next() -> EditionDefinition {
        toml::from_str(NEXT).unwrap()
    }

    fn with_next() -> Catalogue {
        let mut catalogue = Catalogue::default();
        let added = catalogue.add(next()).unwrap();
        catalogue.apply(&AssessmentEvent::EditionAdded(added));
        catalogue
    }

    #[test]
    fn an_added_edition_follows_those_that_come_with_the_program() {
        let catalogue = with_next();
        assert_eq!(catalogue.editions().len(), shipped().editions().len() + 1);
        let newest = catalogue.editions().last().unwrap();
        assert_eq!(newest.id.as_str(), "dspt-2027-28");
        assert_eq!(newest.title, edition_title(newest.id));
        assert_eq!(catalogue.predecessor(newest).unwrap().id.as_str(), "dspt-2026-27");
        assert_eq!(newest.requirements().len(), 10, "the shared set is written out");
        assert_eq!(catalogue.open_on(day("2027-07-01")).unwrap().id, newest.id);
        assert!(shipped().edition(newest.id).is_none(), "what comes with the program stays as it is");
    }

    #[test]
    fn the_event_of_an_added_edition_is_whole() {
        let added = shipped().add(next()).unwrap();
        assert_eq!(added.edition.requirements_of, None);
        assert_eq!(added.edition.requirements.len(), 10);
        let text = serde_json::to_string(&added).unwrap();
        assert_eq!(serde_json::from_str::<EditionAdded>(&text).unwrap(), added);
    }

    #[test]
    fn words_of_an_edition_are_read_with_its_year_only() {
        let catalogue = with_next();
        let read = |text: &str| catalogue.read_status(text, None, day("2027-11-01"));
        let expected = ResultLevel::StandardsMet.of("dspt-2027-28".parse().unwrap());
        assert_eq!(read("27/28 Assured"), expected);
        assert_eq!(read(" 27/28  ASSURED"), expected);
        assert_eq!(read("27/28 Standards Met"), expected);
        assert_eq!(read("26/27 Assured"), PublishedResult::Unrecognised);
        let before = shipped().read_status("27/28 Standards Met", None, day("2027-11-01"));
        assert_eq!(before, PublishedResult::Unrecognised, "before it was added");
    }

    #[test]
    fn the_last_explanation_of_a_text_holds_whatever_its_case_and_blanks() {
        let mut catalogue = Catalogue::default();
        let edition: EditionId = "dspt-2026-27".parse().unwrap();
        let explain = |text: &str, level: ResultLevel| {
            let reason = "the toolkit's news".to_owned();
            AssessmentEvent::StatusTextExplained(StatusTextExplained {
                text: text.to_owned(),
                level,
                edition: Some(edition),
                reason,
            })
        };
        let read = |catalogue: &Catalogue| catalogue.read_status("26/27 assured", None, day("2026-10-15"));
        assert_eq!(read(&catalogue), PublishedResult::Unrecognised);
        catalogue.apply(&explain("26/27 Assured", ResultLevel::StandardsMet));
        assert_eq!(read(&catalogue), PublishedResult::StandardsMet { edition });
        catalogue.apply(&explain("26/27  ASSURED ", ResultLevel::ApproachingStandards));
        assert_eq!(read(&catalogue), PublishedResult::ApproachingStandards { edition });
        assert_eq!(catalogue.explained().count(), 1);
        let alone = catalogue.read_status_alone("26/27 Assured", None, day("2026-10-15"));
        assert_eq!(alone, PublishedResult::Unrecognised, "the text by itself still says nothing");
    }

    #[test]
    fn words_explained_without_an_edition_count_for_the_year_of_each_row() {
        let mut catalogue = Catalogue::default();
        let explain = |text: &str, level: ResultLevel| StatusTextExplained {
            text: text.to_owned(),
            level,
            edition: None,
            reason: "the toolkit's news".to_owned(),
        };
        catalogue.apply_explained(&explain("Assured", ResultLevel::StandardsMet));
        let read = |catalogue: &Catalogue, text: &str| {
            catalogue.read_status(text, Some(day("2026-10-01")), day("2026-10-15"))
        };
        let met = |id: &str| ResultLevel::StandardsMet.of(id.parse().unwrap());
        assert_eq!(read(&catalogue, "26/27 Assured"), met("dspt-2026-27"));
        assert_eq!(read(&catalogue, "25/26 ASSURED"), met("dspt-2025-26"));
        assert_eq!(read(&catalogue, "Assured (24-25)"), met("dspt-2024-25"));
        assert_eq!(read(&catalogue, "Assured"), met("dspt-2026-27"), "by the day of publication");
        assert_eq!(read(&catalogue, "31/32 Assured"), PublishedResult::Unrecognised, "no such edition yet");
        assert_eq!(read(&catalogue, "26/27 Assured in part"), PublishedResult::Unrecognised);
        // The whole text goes before its words.
        catalogue.apply_explained(&explain("26/27 Assured", ResultLevel::ApproachingStandards));
        let approaching = ResultLevel::ApproachingStandards.of("dspt-2026-27".parse().unwrap());
        assert_eq!(read(&catalogue, "26/27 assured"), approaching);
        assert_eq!(read(&catalogue, "25/26 assured"), met("dspt-2025-26"));
        catalogue.apply_explained(&explain("Withdrawn", ResultLevel::NotPublished));
        assert_eq!(read(&catalogue, "31/32 Withdrawn"), PublishedResult::NotPublished);
    }

    #[test]
    fn an_explanation_for_one_edition_leaves_the_one_for_every_edition_as_it_is() {
        let mut catalogue = Catalogue::default();
        let explain = |text: &str, level: ResultLevel, edition: Option<&str>| StatusTextExplained {
            text: text.to_owned(),
            level,
            edition: edition.map(|id| id.parse().unwrap()),
            reason: "the toolkit's news".to_owned(),
        };
        let read = |catalogue: &Catalogue, text: &str, published: &str| {
            catalogue.read_status(text, Some(day(published)), day("2026-10-15"))
        };
        let of = |level: ResultLevel, id: &str| level.of(id.parse().unwrap());
        let (met, approaching) = (ResultLevel::StandardsMet, ResultLevel::ApproachingStandards);
        catalogue.apply_explained(&explain("Assured", met, None));
        catalogue.apply_explained(&explain("assured", approaching, Some("dspt-2025-26")));
        assert_eq!(catalogue.explained().count(), 2);
        assert_eq!(read(&catalogue, "25/26 Assured", "2026-10-01"), of(approaching, "dspt-2025-26"));
        assert_eq!(read(&catalogue, "24/25 Assured", "2026-10-01"), of(met, "dspt-2024-25"));
        assert_eq!(read(&catalogue, "Assured", "2026-10-01"), of(met, "dspt-2026-27"), "by its date");
        assert_eq!(read(&catalogue, "Assured", "2025-12-01"), of(approaching, "dspt-2025-26"), "by its date");
        catalogue.apply_explained(&explain("Assured", met, Some("dspt-2025-26")));
        assert_eq!(
            catalogue.explained().count(),
            2,
            "the later one for the same edition replaces the earlier"
        );
        assert_eq!(read(&catalogue, "25/26 Assured", "2026-10-01"), of(met, "dspt-2025-26"));
    }

    #[test]
    fn an_edition_that_opens_after_the_date_of_a_file_cannot_stand_in_it() {
        let not_open = |text: &str, as_of: &str| {
            shipped().edition_not_open(text, None, day(as_of)).map(|edition| edition.id.to_string())
        };
        assert_eq!(not_open("22/23 Standards Met", "2019-06-17").as_deref(), Some("dspt-2022-23"));
        assert_eq!(not_open("Standards Met (19-20)", "2019-06-17"), None);
        assert_eq!(not_open("Standards Met (19-20)", "2019-03-31").as_deref(), Some("dspt-2019-20"));
        assert_eq!(not_open("Standards Met", "2019-03-31"), None);
        assert_eq!(not_open("31/32 Assured", "2026-10-15"), None, "of no edition known");
    }

    #[track_caller]
    fn refused(change: impl FnOnce(&mut EditionDefinition), field: &str, containing: &str) {
        let mut written = next();
        change(&mut written);
        let fault = shipped().add(written).unwrap_err();
        assert_eq!(fault.field, field, "{fault}");
        assert!(fault.reason.contains(containing), "{fault}");
    }

    #[test]
    fn a_faulty_edition_is_refused_with_its_field() {
        refused(|e| e.id = "dspt-2026-27".parse().unwrap(), "id", "dspt-2027-28");
        refused(|e| e.predecessor = None, "predecessor", "dspt-2026-27");
        refused(|e| e.title = " ".to_owned(), "title", "empty");
        refused(|e| e.title = "Another".to_owned(), "title", "DSP Toolkit 2027/28");
        refused(|e| e.scheme = Scheme::IgToolkit, "scheme", "dsp-toolkit");
        refused(|e| e.opens.day = day("2026-07-01"), "opens.day", "not later");
        refused(|e| e.groups[0].deadlines[0].day = day("2027-06-30"), "groups.0.deadlines.0.day", "opens");
        refused(|e| e.groups[0].deadlines.clear(), "groups.0.deadlines", "no deadline");
        refused(|e| e.groups.clear(), "groups", "general-practice");
        refused(|e| e.requirements_of = None, "requirements", "requirements_of");
        refused(|e| e.requirements_of = Some("x".to_owned()), "requirements_of", "national-data-guardian");
        refused(|e| e.status_words[0].text = "x".repeat(201), "status_words.0.text", "200");
        let again = with_next().add(next()).unwrap_err();
        assert!(again.field == "id" && again.reason.contains("already"), "{again}");
    }

    #[test]
    fn an_edition_that_comes_with_the_program_later_stays_as_it_was_added() {
        let mut later = shipped().add(next()).unwrap();
        later.edition.id = "dspt-2025-26".parse().unwrap();
        later.edition.financial_year = FinancialYear::starting(2025);
        later.edition.title = "As added here".to_owned();
        let mut catalogue = Catalogue::default();
        catalogue.apply_added(&later);
        assert_eq!(catalogue.editions().len(), shipped().editions().len());
        assert_eq!(catalogue.edition(later.edition.id).unwrap().title, "As added here");
        assert!(catalogue.editions().is_sorted_by_key(|edition| edition.financial_year));
    }

    #[test]
    fn a_faulty_file_says_what_is_wrong() {
        let check = |text: &str, expected: &str| {
            let error = Catalogue::read(&[("dspt-2027-28", text)]).unwrap_err().to_string();
            assert!(error.contains("dspt-2027-28") && error.contains(expected), "{error}");
        };
        check("id = 1", "invalid type");
        check(&NEXT.replace("national-data-guardian", "nobody"), "nobody");
        check(
            &NEXT.replace("id = \"dspt-2027-28\"", "id = \"dspt-2028-29\""),
            "holds the edition dspt-2028-29",
        );
        check(&NEXT.replace("\"2027/28\"", "\"2027/29\""), "financial year");
    }
}
