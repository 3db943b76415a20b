//! A story told by three files, and what must follow from it.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value;
use whole_system::{Client, cli, files, platform::until_shown};

/// Two practice files and a register of results.
pub struct Story {
    pub first: PathBuf,
    pub second: PathBuf,
    pub results: PathBuf,
    /// What each area must show on each day.
    pub figures: Vec<Figure>,
    /// Of England on a day: CCGs with practices.
    pub ccgs: Vec<(&'static str, u64)>,
}

/// Practices of an area on a day.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    pub at: &'static str,
    pub area: &'static str,
    pub met: u64,
    pub short: u64,
    /// The status of those that are not met: `no-evidence` before the deadline, then `not-met`.
    pub short_is: &'static str,
}

/// The days of the table, and what a practice that has not met the standard counts as on each.
const DAYS: [(&str, &str); 3] =
    [("2019-03-25", "no-evidence"), ("2019-03-31", "not-met"), ("2019-06-17", "not-met")];

/// An area with what is met and not met on each of the [`DAYS`], where the area has any practices.
type TableRow = (&'static str, [Option<(u64, u64)>; 3]);

fn figures(rows: &[TableRow]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (area, counts) in rows {
        for ((at, short_is), counts) in DAYS.into_iter().zip(counts) {
            if let Some((met, short)) = *counts {
                figures.push(Figure { at, area, met, short, short_is });
            }
        }
    }
    figures
}

impl Story {
    /// The invented one.
    pub fn invented() -> Self {
        Self {
            first: files::fixture("practices_2018-05.csv"),
            second: files::fixture("practices_2019-11.csv"),
            results: files::fixture("results_2019-06-17.csv"),
            figures: figures(&[
                ("ENG", [Some((1, 6)), Some((3, 3)), Some((4, 2))]),
                ("Y90", [Some((1, 6)), Some((3, 3)), Some((3, 2))]),
                ("Y91", [Some((0, 0)), Some((0, 0)), Some((1, 0))]),
                ("90A", [Some((1, 2)), Some((2, 1)), Some((2, 1))]),
                ("90B", [Some((0, 2)), Some((1, 0)), Some((1, 0))]),
                ("90C", [Some((0, 2)), Some((0, 2)), Some((0, 1))]),
                ("90D", [Some((0, 0)), Some((0, 0)), Some((1, 0))]),
            ]),
            ccgs: vec![("2019-03-25", 3), ("2019-03-31", 3), ("2019-06-17", 4)],
        }
    }

    /// England's own, where the public files are at hand.
    pub fn real() -> Option<Self> {
        Some(Self {
            first: files::public("ods/epraccur_2018-05.csv")?,
            second: files::public("ods/epraccur_2019-11.csv")?,
            results: files::public("dspt/dspt_progress_2019-06-17.csv")?,
            figures: figures(&[
                ("ENG", [Some((2167, 5001)), Some((6205, 963)), Some((6494, 674))]),
                ("Y54", [Some((716, 1459)), Some((1907, 268)), Some((1981, 194))]),
                ("Y55", [Some((669, 1467)), Some((1849, 287)), Some((1820, 202))]),
                ("Y56", [Some((254, 1055)), Some((1092, 217)), Some((1158, 151))]),
                ("Y58", [Some((224, 389)), Some((551, 62)), Some((576, 37))]),
                ("Y59", [Some((304, 631)), Some((806, 129)), Some((856, 77))]),
                ("Y60", [None, None, Some((103, 13))]),
                ("15E", [Some((52, 125)), Some((149, 28)), Some((155, 22))]),
                ("00K", [Some((13, 20)), Some((31, 2)), Some((31, 2))]),
            ]),
            ccgs: vec![("2019-03-25", 195), ("2019-03-31", 195), ("2019-06-17", 192)],
        })
    }

    /// Imports the practice files.
    pub async fn import_practices(&self, server: &str, client: &Client) {
        import(server, client, "practices", &self.first, "2018-05-31").await;
        import(server, client, "practices", &self.second, "2019-11-30").await;
    }

    /// Imports the results.
    pub async fn import_results(&self, server: &str, client: &Client) {
        import(server, client, "results", &self.results, "2019-06-17").await;
    }

    /// Imports everything.
    pub async fn import_all(&self, server: &str, client: &Client) {
        self.import_practices(server, client).await;
        self.import_results(server, client).await;
    }

    /// Holds the answers to the table.
    pub async fn assert_told(&self, client: &Client) {
        let mut wrong = Vec::new();
        for figure in &self.figures {
            let answer = client.json(&format!("/api/v1/areas/{}?at={}", figure.area, figure.at)).await;
            let counts = &answer["requirements"][0]["counts"];
            let other = ["met", "partly-met", "not-met", "no-evidence", "not-applicable"]
                .into_iter()
                .filter(|status| *status != "met" && *status != figure.short_is)
                .any(|status| counts[status] != 0);
            if counts["met"] != figure.met || counts[figure.short_is] != figure.short || other {
                wrong.push(format!("{figure:?}, but the answer is {counts}"));
            }
            assert_eq!(
                answer["requirements"][0]["of"],
                figure.met + figure.short,
                "{figure:?}: the denominator"
            );
        }
        for (at, ccgs) in &self.ccgs {
            let answer = client.json(&format!("/api/v1/areas/ENG?at={at}")).await;
            if answer["areas"]["ccg"] != *ccgs {
                wrong.push(format!("{ccgs} CCGs on {at}, but the answer is {}", answer["areas"]));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// The answers for every area of the table and more, by address, without what tells when it
    /// was recorded.
    pub async fn answers(&self, client: &Client) -> BTreeMap<String, String> {
        let mut paths = Vec::new();
        for figure in &self.figures {
            for footprint in ["then", "now"] {
                paths.push(format!("/api/v1/areas/{}?at={}&footprint={footprint}", figure.area, figure.at));
            }
            paths.push(format!(
                "/api/v1/areas/{}/practices?at={}&limit=500&sort=code",
                figure.area, figure.at
            ));
        }
        paths.push("/api/v1/areas/ENG/trend?from=2018-12-01&to=2019-12-31".to_owned());
        paths.push("/api/v1/areas/ENG?at=2031-01-01".to_owned());
        paths.push("/api/v1/search?q=surgery".to_owned());
        let mut answers = BTreeMap::new();
        for path in paths {
            let answer = client.get(&path).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.text());
            answers.insert(path, unstamped(&answer.text()));
        }
        answers
    }
}

/// An answer without the time its last event was recorded at: the only part of it that another
/// deployment may answer differently.
pub fn unstamped(answer: &str) -> String {
    const STAMP: &str = "\"read_to\":\"";
    match answer.split_once(STAMP) {
        None => answer.to_owned(),
        Some((before, rest)) => {
            let after = rest.split_once('"').map_or("", |(_, after)| after);
            format!("{before}{STAMP}\"{}", unstamped(after))
        }
    }
}

/// Holds two deployments' answers to each other, and says which differ first.
pub fn assert_same(left: &BTreeMap<String, String>, right: &BTreeMap<String, String>) {
    assert_eq!(left.len(), right.len());
    for ((path, left), (_, right)) in left.iter().zip(right) {
        assert_eq!(left, right, "the answers to {path} differ");
    }
}

/// Imports a file by the command line and waits until the views show it; answers its report.
pub async fn import(
    server: &str,
    client: &Client,
    kind: &str,
    file: &std::path::Path,
    as_of: &str,
) -> String {
    let said = cli::import(server, kind, file, as_of, &[]).await.landed();
    if let Some(position) = last_position(&said.out) {
        until_shown(client, position).await;
    }
    said.out
}

/// The position that a report of an import ends with.
pub fn last_position(report: &str) -> Option<u64> {
    let rest = report.split_once("shown from position ")?.1;
    rest.split(' ').next()?.parse().ok()
}

/// A number of a report, such as the rows recorded.
pub fn reported(report: &str, what: &str) -> u64 {
    let line = report.lines().find_map(|line| line.trim().strip_prefix(what).map(str::trim));
    let number = line.unwrap_or_else(|| panic!("no {what} in {report}")).replace(',', "");
    number.parse().unwrap_or_else(|_| panic!("{what} is no number in {report}"))
}

/// The status of a requirement in a JSON answer of a practice.
pub fn status(practice: &Value) -> &str {
    practice["requirements"][0]["status"].as_str().unwrap_or_default()
}
