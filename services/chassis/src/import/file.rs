//! What goes with a file: its date, its name, and whether it is only tried.

use axum::body::{Body, BodyDataStream};
use proto::Day;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Mode, dates::not_in_the_future, drain};
use crate::problem::Problem;

/// What goes with a file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FileQuery {
    /// The date of the file, yyyy-mm-dd; needed unless `name` holds it.
    #[serde(default)]
    as_of: Option<String>,
    /// The name of the file, such as `DSPT search results 09_09_2022 10_11_12.csv`.
    #[serde(default)]
    name: Option<String>,
    /// Only say what would be written.
    #[serde(default)]
    dry_run: bool,
}

impl FileQuery {
    /// The date of the file, which is not after today.
    pub fn date(&self, today: Day) -> Result<Day, Problem> {
        not_in_the_future(date_of_file(self.as_of.as_deref(), self.name.as_deref())?, today)
    }

    /// Whether anything is written.
    pub fn mode(&self) -> Mode {
        if self.dry_run { Mode::DryRun } else { Mode::Write }
    }
}

/// Takes a body in once all is prepared for it. Where that fails, the body is read to its end first:
/// who still sends does not read the answer.
pub async fn receive<T>(
    body: Body,
    prepare: impl Future<Output = Result<T, Problem>>,
) -> Result<(T, BodyDataStream), Problem> {
    let mut body = body.into_data_stream();
    match prepare.await {
        Ok(prepared) => Ok((prepared, body)),
        Err(problem) => {
            drain(&mut body).await;
            Err(problem)
        }
    }
}

/// The date a file's name gives it: `dd_mm_yyyy` as the register writes it, or `yyyy-mm-dd`.
pub fn date_in_name(name: &str) -> Option<Day> {
    let is_digit = |at: usize| name.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    (0..name.len()).filter(|from| *from == 0 || !is_digit(from - 1)).find_map(|from| {
        let text = name.get(from..from + 10).filter(|_| !is_digit(from + 10))?;
        let parts: Vec<&str> = text.split(['_', '-', '.']).collect();
        match parts.as_slice() {
            [d, m, y] if y.len() == 4 && d.len() == 2 && m.len() == 2 => {
                Day::parse_any(&format!("{d}/{m}/{y}")).ok()
            }
            [y, m, d] if y.len() == 4 && d.len() == 2 && m.len() == 2 => {
                Day::parse_any(&format!("{y}-{m}-{d}")).ok()
            }
            _ => None,
        }
    })
}

/// The date of a file: as said, else from its name.
fn date_of_file(as_of: Option<&str>, name: Option<&str>) -> Result<Day, Problem> {
    match (as_of, name) {
        (Some(text), _) => text.parse().map_err(|error: proto::codes::CodeError| {
            Problem::bad_input(error.to_string()).at("as_of", "the date of the file, yyyy-mm-dd")
        }),
        (None, Some(name)) => date_in_name(name).ok_or_else(|| {
            Problem::bad_input("the name of the file holds no date such as 09_09_2022 or 2022-09-09")
                .at("as_of", "say the date of the file, yyyy-mm-dd")
        }),
        (None, None) => Err(Problem::bad_input("the date of the file is not known").at(
            "as_of",
            "say the date of the file, yyyy-mm-dd; or give its name in `name`, with a date in it",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_register_file_holds_its_date() {
        for (name, expected) in [
            ("DSPT search results 09_09_2022 10_11_12.csv", Some("2022-09-09")),
            ("dspt_progress_2019-06-17.csv", Some("2019-06-17")),
            ("DSPT Progress as of 17_06_2019 15_25_54 publish.csv", Some("2019-06-17")),
            ("results.csv", None),
            ("31_02_2018.csv", None),
            ("112_06_2019.csv", None),
            ("ü17_06_2019ü", Some("2019-06-17")),
        ] {
            assert_eq!(date_in_name(name).map(|day| day.to_string()).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn a_file_without_a_date_is_asked_for_one() {
        assert!(date_of_file(None, None).unwrap_err().errors[0].at == "as_of");
        assert!(date_of_file(Some("17/06/2019"), None).is_err());
        assert_eq!(date_of_file(Some("2019-06-17"), Some("x")).unwrap().to_string(), "2019-06-17");
    }
}
