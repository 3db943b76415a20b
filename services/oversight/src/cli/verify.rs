//! `oversight verify`

use chassis::{
    Clock,
    log::{Damage, LogUrl, ReadError, Recorded},
};
use projection::{
    board::{Board, Knowledge},
    digest,
    facts::{Decoded, Facts},
};
use proto::{EventHash, Position};

use super::{
    Failure, Verdict, output,
    rebuild::{View, view},
    server::Server,
    source::{self, Events, Source},
};
use crate::{
    audit::{Audit, Seal},
    tail::Stretch,
};

/// How many faults are printed.
const FAULTS_SHOWN: usize = 50;

/// Flags of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: source::From,
    /// A seal that an earlier check printed and that was kept elsewhere: nothing up to it was altered since.
    #[arg(long, value_name = "POSITION:HASH")]
    expect: Option<Seal>,
    /// The same of the access log.
    #[arg(long, value_name = "POSITION:HASH", requires = "log")]
    expect_access: Option<Seal>,
}

/// Checks a log, and a served view where there is one.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    // A log that is named is read itself; a server beside it is then asked for its view alone.
    let source = match &args.source.log {
        Some(url) => Source::Log(source::open_log(url).await?),
        None => Source::Server(Server::at(args.source.server.as_ref())?),
    };
    let server = match (&source, &args.source.server) {
        (Source::Server(server), _) => Some(server.clone()),
        (Source::Log(_), Some(url)) => Some(Server::at(Some(url))?),
        (Source::Log(_), None) => None,
    };
    // The view comes first, so that the log goes at least as far.
    let served = match &server {
        Some(server) => Some(view(server).await?),
        None => None,
    };
    let mut events = source.events(Stretch::everything()).await?;
    let head = events.head();
    let bar = output::bar(head.0, "checking");
    let mut audit = Audit::expecting(args.expect);
    let mut facts = Facts::default();
    let fold_to = served.map_or(head, |view| view.position);
    let mut damage = source.damage();
    while let Some(batch) = next(&mut events, &mut damage).await? {
        for event in &batch {
            audit.read(event);
            if event.position <= fold_to {
                facts.gather(Decoded::read(event.position, &event.body));
            }
        }
        bar.set_position(audit.events());
    }
    audit.ends_at(damage.as_ref().map_or(head, |damage| damage.last));
    bar.finish_and_clear();
    // As of the day that the server calls today: what is due on it has not been missed.
    let today = served.map_or_else(|| Clock::system().today(), |view| view.today);
    let folded = digest::of(&Board::build(&facts, Knowledge::ALL, today));
    let log = Checked { place: source.place(), head, damage };
    let verdict = report(&log, &audit, served, fold_to, folded)?;
    match &args.source.log {
        Some(url) if is_there(&url.access()) => {
            let doors = access_log(&url.access(), args.expect_access).await?;
            Ok(if verdict == Verdict::Good { doors } else { verdict })
        }
        _ => Ok(verdict),
    }
}

/// Whether a log is there to be read; one on a broker is looked for by opening it.
fn is_there(url: &LogUrl) -> bool {
    match url {
        LogUrl::File(path) => path.exists(),
        LogUrl::Nats(_) => true,
    }
}

/// Checks the access log of a log that was named: its positions and its chains.
async fn access_log(url: &LogUrl, seal: Option<Seal>) -> Result<Verdict, Failure> {
    let log = Source::Log(source::open_log(url).await?);
    let mut events = log.events(Stretch::everything()).await?;
    let mut audit = Audit::expecting(seal);
    let mut damage = log.damage();
    while let Some(batch) = next(&mut events, &mut damage).await? {
        batch.iter().for_each(|event| audit.read(event));
    }
    let head = events.head();
    audit.ends_at(damage.as_ref().map_or(head, |damage| damage.last));
    faults_of(&Checked { place: log.place(), head, damage }, &audit)
}

/// A log that was read to its end, or to where it is damaged.
struct Checked {
    place: String,
    head: Position,
    damage: Option<Damage>,
}

/// The next events; nothing at the end, and where the log is damaged.
async fn next(events: &mut Events, damage: &mut Option<Damage>) -> Result<Option<Vec<Recorded>>, Failure> {
    match events.next_whole().await {
        Err(Failure::Read(ReadError::Damaged { position, reason })) => {
            let last = Position(position.0.saturating_sub(1));
            damage.get_or_insert(Damage { last, reason });
            Ok(None)
        }
        next => next,
    }
}

fn report(
    log: &Checked,
    audit: &Audit,
    served: Option<View>,
    fold_to: Position,
    folded: EventHash,
) -> Result<Verdict, Failure> {
    let whole = faults_of(log, audit)?;
    let equal = match served {
        None => {
            output::say(format!(
                "a fold to position {fold_to} has digest {folded}; no served view to compare with"
            ))?;
            true
        }
        Some(view) if view.digest == folded => {
            output::say(format!("a fold to position {fold_to} equals the served view: digest {folded}"))?;
            true
        }
        Some(view) => {
            output::say(format!(
                "a fold to position {fold_to} has digest {folded}, the served view {}: run `oversight rebuild`",
                view.digest
            ))?;
            false
        }
    };
    Ok(if equal { whole } else { Verdict::Faulty })
}

/// Says what is wrong with a log, and up to where it is intact.
fn faults_of(log: &Checked, audit: &Audit) -> Result<Verdict, Failure> {
    let (faults, count) = audit.faults();
    let Checked { place, head, damage } = log;
    output::say(format!(
        "{place}: {} events up to position {head}, {} aggregates",
        output::number(audit.events()),
        output::number(audit.aggregates() as u64),
    ))?;
    for fault in faults.iter().take(FAULTS_SHOWN) {
        output::say(format!("  {fault}"))?;
    }
    if count > FAULTS_SHOWN as u64 {
        output::say(format!("  … and {} more", output::number(count - FAULTS_SHOWN as u64)))?;
    }
    let (repeats, repeat_count) = audit.repeats();
    for repeat in repeats.iter().take(FAULTS_SHOWN) {
        output::say(format!("  {repeat}"))?;
    }
    if repeat_count > 0 {
        let many = output::number(repeat_count);
        let events =
            if repeat_count == 1 { "1 event stands".to_owned() } else { format!("{many} events stand") };
        output::say(format!(
            "{events} twice: an earlier version wrote a command that was repeated late a second time. Nothing is altered; \
             what such an event says is in force again from there"
        ))?;
    }
    output::say(match count {
        0 if damage.is_some() => "no other fault up to there".to_owned(),
        0 => "positions without a gap, every event readable, every chain whole".to_owned(),
        1 => "1 fault in the log".to_owned(),
        count => format!("{} faults in the log", output::number(count)),
    })?;
    if let Some(damage) = damage {
        output::say(format!("{damage}"))?;
        let intact = audit.intact_to();
        output::say(format!(
            "it is intact up to position {intact}, and damaged behind position {}",
            damage.last
        ))?;
        return Ok(Verdict::Faulty);
    }
    if count > 0 {
        output::say(format!("it is intact up to position {}", audit.intact_to()))?;
    } else if audit.events() > 0 {
        output::say(format!(
            "seal {} (kept elsewhere, it shows later that this was not altered)",
            audit.seal()
        ))?;
    }
    Ok(if count == 0 { Verdict::Good } else { Verdict::Faulty })
}
