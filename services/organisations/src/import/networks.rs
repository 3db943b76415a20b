//! ePCN: the primary care networks, and the practices in them. Two sheets of one workbook, told apart by their headings.

use chassis::import::{Column, Columns, DatedColumns, Heading, Needed, Row, RowProblem, Shape};
use proto::{
    Day, OdsCode,
    organisations::{NetworkListing, NetworkMembership},
};

use super::files::name_of;
use crate::model::Said;

const PARTNER: usize = 0;
const NETWORK: usize = 1;
const NAME: usize = 2;
const COMMISSIONER: usize = 3;
const OPENED: usize = 4;
const CLOSED: usize = 5;
const JOINED: usize = 6;
const LEFT: usize = 7;

use Heading::{Is, StartsWith};

const fn optional(name: &'static str, headings: &'static [Heading]) -> Column {
    Column { name, headings, needed: Needed::IfThere }
}

const COLUMNS: [Column; 8] = [
    optional("code of the practice", &[Is("Partner Organisation Code"), Is("Practice Code")]),
    Column { name: "code of the network", headings: &[Is("PCN Code")], needed: Needed::Always },
    optional("name of the network", &[Is("PCN Name")]),
    optional(
        "commissioner",
        &[
            StartsWith("Current Clinical Commissioning Group Code"),
            StartsWith("Current Sub ICB Loc"),
            Is("Sub ICB Location Code"),
        ],
    ),
    optional("open date", &[Is("Open Date")]),
    optional("close date", &[Is("Close Date")]),
    optional(
        "first day in the network",
        &[Is("Practice to PCN Relationship Start Date"), Is("Relationship Start Date")],
    ),
    optional(
        "last day in the network",
        &[Is("Practice to PCN Relationship End Date"), Is("Relationship End Date")],
    ),
];

/// What its rows look like.
pub(super) fn shape() -> Shape {
    Shape {
        columns: Columns::headed(&COLUMNS),
        wrong_file: |row| {
            let tells = !row.get(NAME).is_empty() || !row.get(JOINED).is_empty();
            (!tells).then(|| {
                "its first row has neither a name of a network (“PCN Name”) nor the day on which a practice joined one \
                 (“Practice to PCN Relationship Start Date”)"
                    .to_owned()
            })
        },
        aggregate: &[PARTNER],
        unique: &[NETWORK, PARTNER, JOINED],
        dates: DatedColumns { ends: &[CLOSED, LEFT], beginnings: &[OPENED, JOINED], ..DatedColumns::NONE },
    }
}

/// A row: of a practice where it names one, else of the network.
pub(super) fn network(row: &Row, as_of: Day) -> Result<(OdsCode, Said), RowProblem> {
    let network: OdsCode = row.parse(NETWORK)?;
    let Some(practice) = row.parse_optional::<OdsCode>(PARTNER)? else {
        let listing = NetworkListing {
            name: name_of(row, NAME)?,
            commissioner: row.parse_optional(COMMISSIONER)?,
            opened: row.day(OPENED)?,
            closed: row.day(CLOSED)?,
        };
        return Ok((network, Said::ListNetwork { as_of, listing }));
    };
    let joined = row.day(JOINED)?.ok_or_else(|| row.wrong(JOINED, "the first day is missing"))?;
    let left = row.day(LEFT)?;
    if left.is_some_and(|left| left < joined) {
        return Err(row.wrong(LEFT, format!("the last day is before the first, {joined}")));
    }
    Ok((
        practice,
        Said::RecordNetworkMembership { as_of, membership: NetworkMembership { network, joined, left } },
    ))
}
