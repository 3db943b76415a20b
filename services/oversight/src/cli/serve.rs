//! `oversight serve`

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use chassis::{
    Clock, Platform, Routes, Service,
    directory::{Directory, Person},
    log::{self, LogUrl, ReadError},
    service::{self, Config, StartError},
    telemetry,
    vitals::has_room,
};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use proto::Position;
use utoipa::openapi::OpenApi;

use super::{Failure, Verdict};
use crate::{
    log_api,
    synthetic::{
        self, DEFAULT_SEED, England, Loading, Progress,
        gate::Gate,
        load::{self, Others},
    },
};

/// How often the progress of a load is shown.
const SHOW_EVERY: Duration = Duration::from_millis(100);

/// Flags of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    sign_in: access::SignInConfig,
    /// Run these services alone, separated by commas. Nothing synthetic is loaded then.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "SERVICES")]
    only: Vec<Part>,
    /// Begin with nothing: do not load the synthetic England into an empty log. In production always so.
    #[arg(long)]
    empty: bool,
    /// Load the synthetic England of another seed into an empty log.
    #[arg(long, value_name = "N", conflicts_with_all = ["empty", "only"])]
    seed: Option<u64>,
}

/// A service that can run in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Who exists, and who belonged to whom, when
    Organisations,
    /// Toolkit assessments, statements, improvement plans and published results
    Assessments,
    /// Suppliers, certificates, services, and certification checks
    Suppliers,
    /// Business continuity and disaster recovery plans, and their exercises
    Continuity,
    /// On-site assessments, findings and action plans
    Onsite,
    /// Views, charts, pages and exports
    Projection,
    /// Signing in, API keys, accounts
    Access,
}

impl Part {
    const ALL: [Part; 7] = [
        Part::Organisations,
        Part::Assessments,
        Part::Suppliers,
        Part::Continuity,
        Part::Onsite,
        Part::Projection,
        Part::Access,
    ];

    async fn start(self, platform: &Platform, options: &access::Options) -> Result<Service, StartError> {
        match self {
            Part::Organisations => organisations::service(platform).await,
            Part::Assessments => assessments::service(platform).await,
            Part::Suppliers => suppliers::service(platform).await,
            Part::Continuity => continuity::service(platform).await,
            Part::Onsite => onsite::service(platform).await,
            Part::Projection => projection::service(platform).await,
            Part::Access => access::service(platform, options.clone()).await,
        }
    }
}

/// Serves until it is asked to stop.
pub async fn run(args: Args) -> Result<Verdict, Failure> {
    telemetry::start_logs(args.config.log_format);
    telemetry::metrics();
    let options =
        access::Options::of(&args.config, &args.sign_in).map_err(|error| Failure::said(error.to_string()))?;
    let listening = service::listen(&args.config).await?;
    let platform = Platform::open(&args.config, Clock::system()).await?;
    let tasks = platform.tasks.clone();
    let served = serve(args, platform, &options, listening).await;
    if served.is_err() {
        // What has begun already ends in good order, too.
        tasks.finish().await;
    }
    served
}

async fn serve(
    args: Args,
    mut platform: Platform,
    options: &access::Options,
    listening: service::Listening,
) -> Result<Verdict, Failure> {
    let progress = Progress::new();
    // What is made up does not belong into a log that is to be kept.
    if !args.empty && !args.config.production && args.only.is_empty() {
        let seed = args.seed.unwrap_or(DEFAULT_SEED);
        platform = load_beside(platform, &args.config, seed, &progress).await?;
    }
    if !args.only.is_empty() {
        // The others run elsewhere, behind the same proxy: who asks here is told of all of them.
        match description_of_all(&args.config).await {
            Ok(described) => platform.described = Some(described),
            // On a full disk what can be read is served all the same.
            Err(error) if has_room(&args.config.data).is_err() => {
                tracing::error!(%error, "the description of the API tells of the services of this process alone");
            }
            Err(error) => return Err(error),
        }
    }
    let parts = Part::ALL.into_iter().filter(|part| args.only.is_empty() || args.only.contains(part));
    let mut services = vec![log_api::service(&platform), synthetic_england(progress)];
    for part in parts {
        services.push(part.start(&platform, options).await?);
    }
    service::serve(&platform, services, listening).await?;
    Ok(Verdict::Good)
}

/// The description of the API of all services: they are made over an empty log in a folder of their own,
/// which is gone afterwards.
async fn description_of_all(config: &Config) -> Result<Bytes, Failure> {
    let folder = config.data.join("cache").join("description");
    let cannot = |error: std::io::Error| Failure::said(format!("cannot use {}: {error}", folder.display()));
    remove(&folder).map_err(cannot)?;
    std::fs::create_dir_all(&folder).map_err(cannot)?;
    let described = {
        let log = log::open(&LogUrl::File(folder.join("log.redb"))).await.map_err(StartError::from)?;
        let platform = Platform::unguarded(log, &folder, Clock::system());
        let mut services = vec![log_api::service(&platform)];
        for part in Part::ALL {
            services.push(part.start(&platform, &access::Options::default()).await?);
        }
        let described = service::description_of(&services);
        platform.tasks.stop().cancel();
        platform.tasks.finish().await;
        described
    };
    remove(&folder).map_err(cannot)?;
    Ok(described)
}

fn remove(folder: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The load as a service without routes: it has a say in whether this process is ready.
fn synthetic_england(progress: Progress) -> Service {
    Service {
        name: "synthetic",
        routes: Routes::new(),
        policy: None,
        openapi: OpenApi::default(),
        ready: Arc::new(move || progress.ready()),
        on_stop: None,
    }
}

/// Begins to load the synthetic England where it is missing; the platform as the services are to
/// see it meanwhile.
async fn load_beside(
    platform: Platform,
    config: &Config,
    seed: u64,
    progress: &Progress,
) -> Result<Platform, Failure> {
    let seed = match load::look(platform.log.as_ref(), seed).await? {
        Loading::Needed { seed } => seed,
        Loading::Finished { seed } => {
            tracing::info!(seed, "the log holds the synthetic England");
            introduce_office_holder(&platform.directory().await?).await?;
            return Ok(platform);
        }
        Loading::NotOurs => return Ok(platform),
    };
    if let Some(used) = &platform.was_used {
        tracing::warn!(
            "the synthetic England is not loaded: the event log is empty, but this was in use before ({used}). To look \
             at it, name another --data folder; if events are missing, restore them with `oversight restore`"
        );
        return Ok(platform);
    }
    introduce_once_begun(&platform);
    progress.planned();
    let log = platform.log.clone();
    let (others, platform) = if matches!(config.log, Some(LogUrl::Nats(_))) {
        (Others::Anywhere, platform)
    } else {
        let gate = Gate::new();
        let gated = gate.before(log.clone());
        (Others::Behind(gate), platform.over(gated))
    };
    let shown = progress.clone();
    platform.tasks.watch("synthetic-england-progress", async move { show(&shown).await });
    let progress = progress.clone();
    platform.tasks.watch("synthetic-england", async move {
        tracing::info!(seed, "loading the synthetic England");
        let Ok(england) = tokio::task::spawn_blocking(move || England::new(seed)).await else {
            return progress.stopped("it could not be planned".to_owned());
        };
        match load::load(log, england.len(), england.events(), others, &progress).await {
            Ok(loaded) => tracing::info!(
                written = loaded.written,
                found = loaded.found,
                left_out = loaded.left_out,
                "the synthetic England is loaded"
            ),
            Err(error) => {
                tracing::error!(%error, "loading the synthetic England stopped; a new start goes on with it");
                progress.stopped(error.to_string());
            }
        }
    });
    Ok(platform)
}

/// A name stands in the directory only beside events: alone it would look as if the log was lost.
fn introduce_once_begun(platform: &Platform) {
    let platform = platform.clone();
    let tasks = platform.tasks.clone();
    tasks.watch("synthetic-office-holder", async move {
        let begun = async {
            platform.log.read(Position::START).await?.next().await?;
            Ok::<_, ReadError>(())
        };
        if let Err(error) = begun.await {
            return tracing::warn!(%error, "the invented office holder has no name until the next start");
        }
        let introduced = async { introduce_office_holder(&platform.directory().await?).await };
        if let Err(error) = introduced.await {
            tracing::warn!(%error, "the invented office holder has no name until the next start");
        }
    });
}

/// The invented person who signs all statements needs a name to be shown by.
async fn introduce_office_holder(directory: &Directory) -> Result<(), StartError> {
    let person = Person {
        name: format!("{} office holder", synthetic::MARK),
        role: "Invented".to_owned(),
        email: String::new(),
        organisation: None,
    };
    directory
        .put(synthetic::office_holder(), &person)
        .await
        .map_err(|error| StartError::Service { service: "synthetic", reason: error.to_string() })
}

/// A bar on standard error where that is a terminal, and a line in the log at every tenth.
async fn show(progress: &Progress) {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len} ({eta})") {
        bar.set_style(style);
    }
    bar.set_message("loading the synthetic England");
    let mut tenths = 0;
    while progress.ready().is_err() {
        tokio::time::sleep(SHOW_EVERY).await;
        let (done, total) = progress.so_far();
        if total == u64::MAX || total == 0 {
            continue;
        }
        bar.set_length(total);
        bar.set_position(done);
        if done * 10 / total > tenths {
            tenths = done * 10 / total;
            bar.suspend(|| tracing::info!(done, total, "loading the synthetic England"));
        }
    }
    bar.finish_and_clear();
}
