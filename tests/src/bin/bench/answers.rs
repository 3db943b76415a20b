//! An area answer for England beside a static page of the same size from the same server, and how
//! soon an event is seen.

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use access::bootstrap::first_administrator;
use axum::http::header;
use chassis::{
    Access, Action, Platform, Routes, Service,
    access::{
        Hierarchy, Holder, Policies, Principal, Resource, Sessions,
        session::{SessionKeys, Wire},
    },
    log::{self, Log, LogUrl},
    service,
};
use futures::{StreamExt, stream};
use projection::views::Views;
use proto::Position;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{
    england::England,
    figures::{Figures, Target, Times, grouped, median, paired},
    load::{self, CONNECTIONS},
    rebuild,
};

const ROUNDS: u64 = 5;
const ROUND: Duration = Duration::from_millis(1_500);

/// Guarding is measured over many short turns, each over connections of its own: what a request takes depends
/// more on which processor its connection came to than on what is measured.
const TURNS: usize = 100;
const TURN: Duration = Duration::from_millis(150);

/// A server over a log with a static page beside its answers.
struct Server {
    address: SocketAddr,
    platform: Platform,
    /// Its own threads, so that the load does not run on them.
    runtime: Runtime,
}

fn static_page(body: Vec<u8>) -> Service {
    let body = bytes::Bytes::from(body);
    let page = move || {
        let body = body.clone();
        async move { ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], body) }
    };
    Service {
        name: "static",
        routes: Routes::new().get("/static", Action::new("platform", "load-assets").here(), page),
        policy: None,
        openapi: utoipa::openapi::OpenApi::default(),
        ready: Arc::new(|| Ok(())),
        on_stop: None,
    }
}

/// Whether a server asks who is there.
enum Doors {
    Open,
    Guarded,
}

impl Server {
    fn start(log: &Log, folder: &Path, page: Vec<u8>, doors: Doors) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let mut platform = Platform::unguarded(log.clone(), folder, rebuild::clock());
        if let Doors::Guarded = doors {
            let _inside = runtime.enter();
            let access_log = LogUrl::File(folder.join("access.redb"));
            let access_log = runtime.block_on(log::open(&access_log)).expect("an access log");
            let sessions = Sessions::new(&SessionKeys::default(), Wire::Clear);
            platform.access =
                Access::start(log, access_log, sessions, &platform.clock.clone(), &platform.tasks.clone());
        }
        let (tell, told) = std::sync::mpsc::channel();
        let inside = platform.clone();
        runtime.spawn(async move {
            let projection = projection::service(&inside).await.expect("the projection");
            let ready = projection.ready.clone();
            let listening = service::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
            let address = listening.address;
            let services = vec![projection, static_page(page)];
            #[expect(clippy::disallowed_methods, reason = "it ends with its runtime")]
            tokio::spawn(async move { service::serve(&inside, services, listening).await });
            while ready().is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let _ = tell.send(address);
        });
        let address = told.recv().expect("a server");
        Self { address, platform, runtime }
    }

    fn stop(self) {
        self.platform.tasks.stop().cancel();
        self.runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

/// Measures the answer for England. The snapshot in `folder` spares folding.
pub fn measure(figures: &mut Figures, log: &Log, folder: &Path, views: &Views) {
    let generator = Runtime::new().expect("a runtime");
    // The size of the answer in the middle of its range.
    let day = "2018-03-31".parse().expect("a day");
    let board = &views.served().board;
    let asked = projection::answers::Asked {
        board,
        at: day,
        footprint: projection::board::Footprint::Then,
        known: None,
        rule: projection::rules::DEFAULT_RULE,
    };
    let area = projection::answers::area(&asked, board.england().expect("England"), |_| true);
    let page = serde_json::to_vec(&area).expect("JSON");
    let bytes = page.len();
    let server = Server::start(log, folder, page, Doors::Open);
    let address = server.address;
    let send = |seed, path: fn(&mut fastrand::Rng) -> String| {
        generator.block_on(load::send(address, ROUND, seed, path))
    };
    let page: fn(&mut fastrand::Rng) -> String = |_| "/static".to_owned();
    let any_day: fn(&mut fastrand::Rng) -> String =
        |rng| format!("/api/v1/areas/ENG?at={}", rebuild::any_day(rng));
    // More days than are kept prepared: nearly each is worked out.
    let ever_new: fn(&mut fastrand::Rng) -> String = |rng| {
        format!(
            "/api/v1/areas/ENG?at={}&footprint=now",
            rebuild::any_day(rng).plus_days(rng.i32(-30_000..30_000))
        )
    };
    let (mut static_rate, mut day_rate, mut new_rate) = (Vec::new(), Vec::new(), Vec::new());
    let (mut static_times, mut day_times, mut new_times) = (Times::new(), Times::new(), Times::new());
    send(1_000, page);
    for round in 0..ROUNDS {
        let load = send(round, page);
        static_rate.push(load.rate);
        static_times.join(&load.times);
        let load = send(round, any_day);
        day_rate.push(load.rate);
        day_times.join(&load.times);
        if round % 2 == 0 {
            let load = send(round, ever_new);
            new_rate.push(load.rate);
            new_times.join(&load.times);
        }
    }
    server.stop();
    let (page, day, new) = (median(&static_rate), median(&day_rate), median(&new_rate));
    figures.ratio(
        "England on any day of ten years, beside a static page of its size",
        paired(&day_rate, &static_rate),
        Target::AtLeast(0.5),
        &format!(
            "{} requests/s beside {} of {} bytes; {}",
            grouped(day),
            grouped(page),
            grouped(bytes as f64),
            day_times.told()
        ),
    );
    figures.ratio(
        "England on a day that no one asked for yet, beside the same",
        new / page,
        Target::Stated,
        &format!("{} requests/s; {}", grouped(new), new_times.told()),
    );
    figures.remark(format!(
        "{CONNECTIONS} connections kept alive, one request at a time on each; the static page: {}.",
        static_times.told()
    ));
}

/// Measures what it costs an answer to ask who is there, by an API key, and the policies what they may: the
/// same requests to a server that does and to one that does not, each folded from the same log, one by one.
pub fn guarding(figures: &mut Figures, log: &Log) {
    let generator = Runtime::new().expect("a runtime");
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let open = Server::start(log, folders[0].path(), Vec::new(), Doors::Open);
    let guarded = Server::start(log, folders[1].path(), Vec::new(), Doors::Guarded);
    let organisation = "X26".parse().expect("a code");
    let key = guarded
        .runtime
        .block_on(first_administrator(guarded.platform.access.log(), &guarded.platform.clock, organisation))
        .expect("a key")
        .reveal();
    let path: fn(&mut fastrand::Rng) -> String =
        |rng| format!("/api/v1/areas/ENG?at={}", rebuild::any_day(rng));
    let header = format!("authorization: Bearer {key}\r\n");
    // The median time with and without, and what the ratio of them is from turn to turn.
    let measure = |connections: u64| {
        let addresses = [open.address, guarded.address];
        let send =
            |turn| generator.block_on(load::by_turns(connections, addresses, &header, TURN, turn, path));
        let (mut without, mut with) = (Times::new(), Times::new());
        let mut ratios = Vec::new();
        for turn in 0..TURNS {
            let [one, other] = send(turn as u64);
            ratios.push(other.percentile_ms(50.0) / one.percentile_ms(50.0));
            without.join(&one);
            with.join(&other);
        }
        (median(&ratios), format!("{}; with no one asked: {}", with.told(), without.told()))
    };
    let cost = decision();
    let (ratio, told) = measure(1);
    figures.ratio(
        "England on any day with an API key and policies, beside the same with no one asked (median time)",
        ratio,
        Target::AtMost(1.05),
        &format!(
            "one request after the other: {told}. A decision of the policies takes {:.1} µs, a remembered one is looked up",
            cost * 1e6
        ),
    );
    let (ratio, told) = measure(CONNECTIONS);
    figures.ratio(
        "The same with every processor busy",
        ratio,
        Target::Stated,
        &format!("{CONNECTIONS} connections: {told}"),
    );
    open.stop();
    guarded.stop();
}

/// Seconds that the policies take for one decision that no one asked for before.
fn decision() -> f64 {
    const DECISIONS: u32 = 20_000;
    let policies = Policies::of(&[projection::access::POLICY]).expect("a policy");
    let organisation = "15E".parse().expect("a code");
    let holder = Principal::Holder(Holder::person(
        proto::PersonId(Uuid::nil()),
        proto::Role::CcgOfficer,
        organisation,
    ));
    let view = Action::new("projection", "view-area");
    let (hierarchy, now) = (Hierarchy::default(), jiff::Timestamp::UNIX_EPOCH);
    let began = Instant::now();
    for _ in 0..DECISIONS {
        let permitted = policies.permit(&holder, view, Resource::Organisation(organisation), &hierarchy, now);
        assert!(std::hint::black_box(permitted));
    }
    began.elapsed().as_secs_f64() / f64::from(DECISIONS)
}

/// Measures how long after its acknowledgement an event is seen in the views.
pub fn visible(figures: &mut Figures, log: &Log, folder: &Path, england: England) {
    const ALONE: usize = 300;
    const TOGETHER: usize = 6_000;
    const IN_FLIGHT: usize = 64;
    let runtime = Runtime::new().expect("a runtime");
    let views_of = |log: &Log| {
        let log = log.clone();
        runtime.block_on(async move { rebuild::rebuild(&log, folder).await })
    };
    let (views, tasks) = views_of(log);
    let bodies: Vec<_> = england
        .events()
        .filter(|event| event.subject.aggregate().starts_with("register_"))
        .take(ALONE + TOGETHER)
        .collect();
    let append = |number: usize| {
        let mut event = bodies[number % bodies.len()].clone();
        // A new aggregate for the log; to the views the same practice with another result.
        let id = proto::AggregateId::of(&["bench", &number.to_string()]).expect("an id");
        event.subject = proto::Subject::new(proto::Service::Assessments, &id);
        event.id = Uuid::from_u64_pair(0x7365_656e_6265_4000, 1 << 63 | number as u64);
        let mut positions = views.positions();
        async move {
            let receipt = log.append(event, Position::START).await.expect("an append");
            let acknowledged = Instant::now();
            positions.wait_for(|shown| *shown >= receipt.position).await.expect("views");
            acknowledged.elapsed()
        }
    };
    let (alone, together) = runtime.block_on(async {
        let mut alone = Times::new();
        for number in 0..ALONE {
            alone.add(append(number).await);
        }
        let mut together = Times::new();
        let mut seen = stream::iter(ALONE..ALONE + TOGETHER).map(append).buffer_unordered(IN_FLIGHT);
        while let Some(time) = seen.next().await {
            together.add(time);
        }
        (alone, together)
    });
    runtime.block_on(tasks.finish());
    figures.remark(format!(
        "From an event's acknowledgement to its effect in the views: {} one after the other, {} with {IN_FLIGHT} in flight.",
        alone.told(),
        together.told()
    ));
}
