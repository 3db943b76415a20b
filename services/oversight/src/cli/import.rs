//! `oversight import`

use std::{
    io,
    path::{Path, PathBuf},
    pin::Pin,
    time::Duration,
};

use axum::{body::Body, http::Response};
use bytes::Bytes;
use chassis::{
    ids,
    import::{ProgressView, Report, State},
};
use clap::ValueEnum;
use indicatif::ProgressBar;
use proto::{Day, text::for_terminal};
use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt as _},
};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::{
    Failure, Verdict,
    output::{self, number},
    patience::{Patience, Repeat},
    server::{NoAnswer, Server, ServerUrl, refused},
};

/// How often the server is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// How many rejected rows are printed.
const PROBLEMS_SHOWN: usize = 25;

/// The most characters of a column or value in the table of rejected rows.
const CELL_MAX_CHARS: usize = 32;

/// How much of the file is read at once.
const READ_BYTES: usize = 256 * 1024;

/// The most bytes of standard input, which is kept so that it can be sent again: several times the largest national file.
const STANDARD_INPUT_MAX_BYTES: u64 = 512 * 1024 * 1024;

/// Flags of `import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the file holds.
    #[arg(value_enum)]
    kind: Kind,
    /// The file as it was published; `-` reads standard input.
    file: PathBuf,
    /// The day the file speaks for, yyyy-mm-dd. Results may carry it in their file name.
    #[arg(long, value_name = "DAY")]
    as_of: Option<Day>,
    /// Say what would be recorded, and record nothing.
    #[arg(long)]
    dry_run: bool,
    /// The server that takes it. Default: http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    server: Option<ServerUrl>,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// epraccur: practices, their dates, status and commissioner
    Practices,
    /// eccg: clinical commissioning groups
    Ccgs,
    /// eauth: regions and local offices
    Regions,
    /// etr: trusts
    Trusts,
    /// epcmem: which practice belonged to whom, from when to when
    Memberships,
    /// NHS Payments to General Practice: registered patients
    ListSizes,
    /// names and codes of integrated care boards, sub-ICB locations and regions, and which lies in which
    Areas,
    /// which integrated care board took the place of which
    Successions,
    /// ePCN: primary care networks (details), or the practices in them (core partners)
    Networks,
    /// the register of published Data Security and Protection Toolkit results
    Results,
    /// the buying catalogue: suppliers
    CatalogueSuppliers,
    /// the buying catalogue: what they offer
    CatalogueServices,
    /// the same register's companies and business partners, as suppliers
    ToolkitCompanies,
    /// practices with the supplier of their clinical system
    PrincipalSuppliers,
    /// findings of on-site assessments, as a delivery partner sends them
    Findings,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Practices => "practices",
            Kind::Ccgs => "ccgs",
            Kind::Regions => "regions",
            Kind::Trusts => "trusts",
            Kind::Memberships => "memberships",
            Kind::ListSizes => "list-sizes",
            Kind::Areas => "areas",
            Kind::Successions => "successions",
            Kind::Networks => "networks",
            Kind::Results => "results",
            Kind::CatalogueSuppliers => "catalogue-suppliers",
            Kind::CatalogueServices => "catalogue-services",
            Kind::ToolkitCompanies => "toolkit-companies",
            Kind::PrincipalSuppliers => "principal-suppliers",
            Kind::Findings => "findings",
        }
    }

    fn service(self) -> &'static str {
        match self {
            Kind::Results => "assessments",
            Kind::Findings => "onsite",
            Kind::CatalogueSuppliers
            | Kind::CatalogueServices
            | Kind::ToolkitCompanies
            | Kind::PrincipalSuppliers => "suppliers",
            Kind::Practices
            | Kind::Ccgs
            | Kind::Regions
            | Kind::Trusts
            | Kind::Memberships
            | Kind::ListSizes
            | Kind::Areas
            | Kind::Successions
            | Kind::Networks => "organisations",
        }
    }

    /// Whether the date of a file may stand in its name.
    fn is_dated_by_name(self) -> bool {
        self.service() != "organisations"
    }
}

/// Where the bytes come from, each time they are sent.
enum Source<'a> {
    File(&'a Path),
    /// What standard input held: it can be read but once.
    StandardInput(Bytes),
}

/// The bytes of a file, and what is known of it.
struct Input {
    bytes: Pin<Box<dyn AsyncRead + Send>>,
    length: Option<u64>,
    name: Option<String>,
}

/// Imports a file.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    let server = Server::at(args.server.as_ref())?;
    let id = ids::fresh();
    let imports = format!("/api/v1/{}/imports", args.kind.service());
    let source = Source::of(&args.file).await?;
    let mut patience = Patience::default();
    let sent = loop {
        let sent = send(&args, &source, &server, &imports, id).await?;
        // The import has an id: sent again, it goes on where it was.
        match &sent {
            Ok(response) if patience.wait(response, Repeat::Safe).await => {}
            _ => break sent,
        }
    };
    let report = match sent {
        Ok(response) if response.status().is_success() => {
            let body = server.whole(response).await?;
            serde_json::from_slice(&body).map_err(|error| {
                Failure::said(format!("the server's report is not of this version: {error}"))
            })?
        }
        Ok(response) => return Err(refused(response).await),
        Err(error @ NoAnswer::NotThere(_)) => return Err(server.unreachable(&error)),
        Err(error) => broken_off(&server, &imports, id, &error).await?,
    };
    print(&report)?;
    Ok(if report.rejected > 0 { Verdict::RowsRejected } else { Verdict::Good })
}

/// Sends the file, and shows how far the server has read it.
async fn send(
    args: &Args,
    source: &Source<'_>,
    server: &Server,
    imports: &str,
    id: Uuid,
) -> Result<Result<Response<Body>, NoAnswer>, Failure> {
    let input = source.open().await?;
    let mut request =
        server.post(&format!("{imports}/{}", args.kind.name())).header("import-id", &id.to_string());
    if let Some(day) = args.as_of {
        request = request.query("as_of", day.to_string());
    }
    if args.dry_run {
        request = request.query("dry_run", "true");
    }
    if let Some(name) = input.name.as_ref().filter(|_| args.kind.is_dated_by_name()) {
        request = request.query("name", name);
    }
    let body = Body::from_stream(ReaderStream::with_capacity(input.bytes, READ_BYTES));
    let bar = output::bytes_bar(input.length, args.kind.name().to_owned());
    let sent = tokio::select! {
        sent = server.answer(request.body("text/csv", body)) => sent,
        never = watch(server, imports, id, &bar) => match never {},
    };
    bar.finish_and_clear();
    Ok(sent)
}

impl<'a> Source<'a> {
    /// The file of a path, or standard input where that is `-`.
    async fn of(path: &'a Path) -> Result<Self, Failure> {
        if path.as_os_str() != "-" {
            return Ok(Source::File(path));
        }
        whole(tokio::io::stdin(), STANDARD_INPUT_MAX_BYTES).await.map(Source::StandardInput)
    }

    /// From its first byte.
    async fn open(&self) -> Result<Input, Failure> {
        match self {
            Source::File(path) => open(path).await,
            Source::StandardInput(bytes) => Ok(Input {
                bytes: Box::pin(io::Cursor::new(bytes.clone())),
                length: Some(bytes.len() as u64),
                name: None,
            }),
        }
    }
}

/// All of standard input, up to a limit.
async fn whole(input: impl AsyncRead + Unpin, max_bytes: u64) -> Result<Bytes, Failure> {
    let mut bytes = Vec::new();
    // One byte more tells that there is more.
    let read = input.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).await;
    let read = read.map_err(|error| Failure::said(format!("standard input cannot be read: {error}")))?;
    if read as u64 > max_bytes {
        return Err(Failure::said(format!(
            "standard input holds more than {max_bytes} bytes: save it to a file and name that"
        )));
    }
    Ok(bytes.into())
}

async fn open(path: &Path) -> Result<Input, Failure> {
    let shown = path.display();
    let fail = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Failure::said(format!("there is no file {shown}")),
        io::ErrorKind::PermissionDenied => Failure::said(format!("{shown} may not be read by this user")),
        _ => Failure::said(format!("{shown} cannot be read: {error}")),
    };
    let about = tokio::fs::metadata(path).await.map_err(fail)?;
    if about.is_dir() {
        return Err(Failure::said(format!("{shown} is a directory: name one file in it")));
    }
    let mut file = File::open(path).await.map_err(fail)?;
    // Some file systems open what they cannot read: the first bytes tell.
    let mut first = vec![0; 1024];
    let read = file.read(&mut first).await.map_err(fail)?;
    first.truncate(read);
    Ok(Input {
        bytes: Box::pin(io::Cursor::new(first).chain(file)),
        length: about.is_file().then_some(about.len()),
        name: path.file_name().map(|name| name.to_string_lossy().into_owned()),
    })
}

/// Moves the bar as the server reads, for ever.
async fn watch(server: &Server, imports: &str, id: Uuid, bar: &ProgressBar) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(ASK_EVERY).await;
        // The bar may stand still for a moment; the import itself says what goes wrong.
        if let Ok(progress) = ask(server, imports, id).await {
            bar.set_position(progress.bytes);
            let rejected = match progress.rejected {
                0 => String::new(),
                count => format!(", {} rejected", number(count)),
            };
            bar.set_message(format!("{} rows{rejected}", number(progress.rows)));
        }
    }
}

async fn ask(server: &Server, imports: &str, id: Uuid) -> Result<ProgressView, Failure> {
    server.json(server.get(&format!("{imports}/{id}"))).await
}

/// The connection broke: what the server knows of the import.
async fn broken_off(server: &Server, imports: &str, id: Uuid, error: &NoAnswer) -> Result<Report, Failure> {
    match ask(server, imports, id).await {
        Ok(ProgressView { report: Some(report), .. }) => Ok(report),
        Ok(ProgressView { state: State::Refused, problem: Some(problem), .. }) => Err(Failure::said(problem)),
        Ok(progress) => Err(Failure::said(format!(
            "the import broke off after {} rows{}; import the file again: rows that are in are not recorded twice",
            number(progress.rows),
            progress.problem.map(|problem| format!(" ({problem})")).unwrap_or_default()
        ))),
        Err(_) => Err(server.unreachable(error)),
    }
}

/// The report as a table.
fn print(report: &Report) -> Result<(), Failure> {
    let as_of = report.as_of.map(|day| format!(" as of {day}")).unwrap_or_default();
    let dry = if report.dry_run { " (dry run: nothing was recorded)" } else { "" };
    output::say(format!("{}{as_of}{dry}", report.kind))?;
    let row = |what: &str, count: u64| output::say(format!("  {what:<10} {:>11}", number(count)));
    row("rows", report.rows)?;
    row("recorded", report.recorded)?;
    row("unchanged", report.unchanged)?;
    row("skipped", report.skipped.values().sum())?;
    for (reason, count) in &report.skipped {
        output::say(format!("  {:<10} {:>11}  {reason}", "", number(*count)))?;
    }
    row("rejected", report.rejected)?;
    print_problems(report)?;
    print_not_understood(report)?;
    for warning in &report.warnings {
        output::say("")?;
        output::say(format!("  WARNING: {warning}"))?;
        output::say("")?;
    }
    let seconds = report.duration_ms as f64 / 1000.0;
    let position =
        report.last_position.map(|last| format!(", shown from position {last} on")).unwrap_or_default();
    output::say(format!("  in {seconds:.1} s{position}"))
}

/// The texts that are kept as received and not understood.
fn print_not_understood(report: &Report) -> Result<(), Failure> {
    if report.not_understood_rows == 0 {
        return Ok(());
    }
    output::say("")?;
    output::say(format!(
        "  Rows with a status that is not understood: {}. They are kept as received, and count neither as met nor",
        number(report.not_understood_rows)
    ))?;
    output::say("  as not met, until someone says what the words mean (oversight edition alias --help):")?;
    for text in &report.not_understood {
        output::say(format!("  {:<10} {:>11}  “{}”", "", number(text.rows), text.text))?;
    }
    let listed: u64 = report.not_understood.iter().map(|text| text.rows).sum();
    let more = report.not_understood_rows.saturating_sub(listed);
    if more > 0 {
        output::say(format!("  {:<10} {:>11}  other words", "", number(more)))?;
    }
    output::say("")
}

/// Line, column, value, and what is wrong.
type TableRow<'a> = (String, String, String, &'a str);

fn print_problems(report: &Report) -> Result<(), Failure> {
    if report.problems.is_empty() {
        return Ok(());
    }
    let cell = |text: Option<&String>| -> String {
        let text = text.map(String::as_str).unwrap_or_default();
        let shown: String = text.chars().take(CELL_MAX_CHARS).collect();
        let more = if text.chars().count() > CELL_MAX_CHARS { "…" } else { "" };
        // As it is printed, so that the columns stand below each other.
        format!("{}{more}", for_terminal(&shown))
    };
    let shown: Vec<TableRow> = report
        .problems
        .iter()
        .take(PROBLEMS_SHOWN)
        .map(|problem| {
            let column = cell(problem.column.as_ref());
            (number(problem.line), column, cell(problem.value.as_ref()), problem.detail.as_str())
        })
        .collect();
    let width = |least: usize, of: &dyn Fn(&TableRow) -> usize| {
        shown.iter().map(of).max().unwrap_or_default().max(least)
    };
    let line = width(4, &|row| row.0.chars().count());
    let column = width(6, &|row| row.1.chars().count());
    let value = width(5, &|row| row.2.chars().count());
    output::say("")?;
    output::say(format!("  {:>line$}  {:<column$}  {:<value$}  what is wrong", "line", "column", "value"))?;
    for (at, in_column, found, detail) in &shown {
        output::say(format!("  {at:>line$}  {in_column:<column$}  {found:<value$}  {detail}"))?;
    }
    let more = report.rejected.saturating_sub(shown.len() as u64);
    if more > 0 {
        output::say(format!("  … and {} more", number(more)))?;
    }
    output::say("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn standard_input_is_kept_so_that_it_can_be_sent_again() {
        let source = Source::StandardInput(whole(&b"A81001,ONE\n"[..], 11).await.unwrap());
        for _ in 0..2 {
            let mut input = source.open().await.unwrap();
            let mut read = String::new();
            input.bytes.read_to_string(&mut read).await.unwrap();
            assert_eq!((read.as_str(), input.length), ("A81001,ONE\n", Some(11)));
        }
        assert!(whole(&b"A81001,ONE\n"[..], 10).await.is_err(), "more than is kept is refused");
    }
}
