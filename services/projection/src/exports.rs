//! Files out: the rows of each CSV. The last column names the newest file of each kind that the figures rest on, as every
//! answer does.

use chassis::sheet::{finish, harmless, writer};
use proto::OdsCode;

use crate::{
    answers::{self, AreaGapAnswer, Asked, Basis, Reasons, TrendAnswer},
    board::{AreaKind, Practice},
    lower::LowerAnswer,
    tally::TallyAnswer,
};

/// The last column of each file.
const RESTS_ON: &str = "rests_on";

/// `practices 2019-11-30; results 2019-06-17`: the newest file of each kind.
fn files(basis: &Basis) -> String {
    let files = basis.rests_on.iter().map(|of| format!("{} {}", of.file, of.newest));
    files.collect::<Vec<_>>().join("; ")
}

/// Practices with their statuses and the reasons for them, one practice and requirement a row, in the order
/// given.
pub fn practices_csv(reasons: &Reasons<'_>, rows: &[&Practice]) -> Result<Vec<u8>, csv::Error> {
    let mut csv = writer();
    let commissioner = AreaKind::Ccg.word(reasons.asked().day_of_areas()).column();
    csv.write_record([
        "practice_code",
        "practice_name",
        "postcode",
        &format!("{commissioner}_code"),
        &format!("{commissioner}_name"),
        "patients",
        "as_at",
        "requirement",
        "status",
        "since",
        "reason",
        "next_change",
        "next_status",
        RESTS_ON,
    ])?;
    let at = reasons.asked().at.to_string();
    let files = files(&reasons.asked().basis());
    for practice in rows {
        let row = answers::practice_row(reasons, practice);
        for status in &row.requirements {
            csv.write_record([
                row.code.as_str(),
                &harmless(&row.name),
                &harmless(&practice.listing.postcode),
                row.ccg.as_ref().map_or("", |ccg| ccg.as_str()),
                &harmless(row.ccg_name.as_deref().unwrap_or_default()),
                &row.patients.map(|patients| patients.to_string()).unwrap_or_default(),
                &at,
                status.requirement,
                status.status.slug(),
                &status.since.map(|day| day.to_string()).unwrap_or_default(),
                &harmless(&answers::reason(&status.conditions)),
                &status.next.as_ref().map(|next| next.day.to_string()).unwrap_or_default(),
                status.next.as_ref().map_or("", |next| next.status.slug()),
                &files,
            ])?;
        }
    }
    finish(csv)
}

/// Areas with their counts, one area and requirement a row, in the order given. Of networks it is said whose they are.
pub fn areas_csv(asked: &Asked<'_>, answer: &LowerAnswer) -> Result<Vec<u8>, csv::Error> {
    let mut csv = writer();
    let on = asked.day_of_areas();
    let (commissioner, office) = (AreaKind::Ccg.word(on).column(), AreaKind::LocalOffice.word(on).column());
    let are_networks = answer.of == AreaKind::Network.word(on).slug;
    let above: &[&str] = if are_networks { &[&commissioner, &office] } else { &[&office] };
    let head = ["area_code", "area_name", "area_kind"].into_iter().chain(above.iter().copied()).chain([
        "region",
        "as_at",
        "requirement",
        "practices",
        "met",
        "partly_met",
        "not_met",
        "no_evidence",
        "not_applicable",
        RESTS_ON,
    ]);
    csv.write_record(head)?;
    let at = asked.at.to_string();
    let files = files(&answer.basis);
    let code = |code: Option<OdsCode>| code.map(|code| code.to_string()).unwrap_or_default();
    for row in &answer.areas {
        for counts in &row.member.requirements {
            let mut fields = vec![
                row.member.body.code.to_string(),
                harmless(&row.member.body.name).into_owned(),
                row.member.body.kind.to_owned(),
            ];
            fields.extend(are_networks.then(|| code(row.ccg)));
            fields.extend([
                code(row.local_office),
                code(row.region),
                at.clone(),
                counts.requirement.to_owned(),
                counts.of.to_string(),
                counts.counts.met.to_string(),
                counts.counts.partly_met.to_string(),
                counts.counts.not_met.to_string(),
                counts.counts.no_evidence.to_string(),
                counts.counts.not_applicable.to_string(),
                files.clone(),
            ]);
            csv.write_record(fields)?;
        }
    }
    finish(csv)
}

/// Daily counts, one day and requirement a row.
pub fn trend_csv(answer: &TrendAnswer) -> Result<Vec<u8>, csv::Error> {
    let mut csv = writer();
    csv.write_record([
        "area_code",
        "requirement",
        "day",
        "practices",
        "met",
        "partly_met",
        "not_met",
        "no_evidence",
        "not_applicable",
        "look_ahead",
        RESTS_ON,
    ])?;
    let files = files(&answer.basis);
    for trend in &answer.requirements {
        for day in &trend.days {
            let ahead = answer.look_ahead_from.is_some_and(|from| day.day >= from);
            csv.write_record([
                answer.body.code.as_str(),
                trend.requirement,
                &day.day.to_string(),
                &day.of.to_string(),
                &day.counts.met.to_string(),
                &day.counts.partly_met.to_string(),
                &day.counts.not_met.to_string(),
                &day.counts.no_evidence.to_string(),
                &day.counts.not_applicable.to_string(),
                if ahead { "yes" } else { "no" },
                &files,
            ])?;
        }
    }
    finish(csv)
}

/// What lies behind the counts of a requirement, one count a row; of the single figures too.
pub fn tallies_csv(answer: &TallyAnswer) -> Result<Vec<u8>, csv::Error> {
    let mut csv = writer();
    csv.write_record([
        "area_code",
        "as_at",
        "requirement",
        "tally",
        "row",
        "series",
        "count",
        "of",
        RESTS_ON,
    ])?;
    let at = answer.basis.at.to_string();
    let files = files(&answer.basis);
    let (code, requirement) = (answer.body.code.as_str(), answer.requirement);
    for tally in &answer.tallies {
        for row in &tally.rows {
            for (series, count) in tally.series.iter().zip(&row.counts) {
                let count = count.to_string();
                csv.write_record([
                    code,
                    &at,
                    requirement,
                    tally.tally,
                    &row.label,
                    series.series,
                    &count,
                    "",
                    &files,
                ])?;
            }
        }
    }
    for figure in &answer.figures {
        let (count, of) = (figure.count.to_string(), figure.of.to_string());
        csv.write_record([code, &at, requirement, figure.figure, "", "", &count, &of, &files])?;
    }
    finish(csv)
}

/// What was found beside what was declared: of the members of an area, one member and topic a row.
pub fn gap_csv(answer: &AreaGapAnswer) -> Result<Vec<u8>, csv::Error> {
    let mut csv = writer();
    csv.write_record([
        "code",
        "name",
        "kind",
        "as_at",
        "topic",
        "requirement",
        "standard",
        "assessed",
        "declared",
        "declared_good",
        "self_assessed_met_not_confirmed",
        RESTS_ON,
    ])?;
    let at = answer.basis.at.to_string();
    let files = files(&answer.basis);
    for member in &answer.members {
        for of_topic in &member.topics {
            let (topic, counts) = (&of_topic.topic, &of_topic.counts);
            csv.write_record([
                member.body.code.as_str(),
                &harmless(&member.body.name),
                member.body.kind,
                &at,
                topic.topic.as_str(),
                &topic.requirement.map(|number| number.to_string()).unwrap_or_default(),
                topic.standard.as_ref().map_or("", |standard| standard.as_str()),
                &counts.assessed.to_string(),
                &counts.declared.to_string(),
                &counts.declared_good.to_string(),
                &counts.self_assessed_met_not_confirmed.to_string(),
                &files,
            ])?;
        }
    }
    finish(csv)
}
