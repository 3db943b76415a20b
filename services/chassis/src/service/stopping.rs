//! How a process ends: in good order where it can, and in time always.

use std::{process, thread, time::Duration};

use futures::future::join_all;
use tokio::{sync::oneshot, time::timeout};

use super::{STOP_TIMEOUT, Service};
use crate::task::Tasks;

/// How long background tasks may take to end.
const TASKS_TIMEOUT: Duration = Duration::from_secs(2);

/// How long all services together may take to say their last. A process that a signal stops is cut off earlier where
/// what came before took its time.
const LAST_TIMEOUT: Duration = Duration::from_secs(8);

/// Stops the tasks once a signal comes (SIGTERM, ctrl-c), and ends the process [`STOP_TIMEOUT`] later where it has not
/// ended by then. On a thread of its own: those of the process may all wait for a disk that does not answer.
/// Returns once it listens.
pub(super) async fn on_signals(tasks: &Tasks) {
    let (listens, listening) = oneshot::channel();
    let watched = tasks.clone();
    let begun = thread::Builder::new().name("signals".to_owned()).spawn(move || watch(&watched, listens));
    if let Err(error) = begun {
        tracing::warn!(%error, "signals are not listened for: the process ends at once when one comes");
        return;
    }
    // Where it ended instead, it said why.
    let _ = listening.await;
}

fn watch(tasks: &Tasks, listens: oneshot::Sender<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::warn!(%error, "signals are not listened for: the process ends at once when one comes");
            return;
        }
    };
    runtime.block_on(signal(listens));
    tracing::info!("asked to stop");
    tasks.stop().cancel();
    thread::sleep(STOP_TIMEOUT);
    let tasks = tasks.running().join(", ");
    tracing::warn!(
        tasks,
        "the process did not end in time and is cut off; acknowledged events are safe, and caches are made anew"
    );
    process::exit(0);
}

/// Waits for a signal. Where one cannot be listened for, the other still can.
#[cfg(unix)]
async fn signal(listens: oneshot::Sender<()>) {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    let listen = |kind| signal(kind).ok();
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
    let _ = listens.send(());
    let next = async |signal: &mut Option<Signal>| match signal {
        Some(signal) => signal.recv().await.unwrap_or_default(),
        None => std::future::pending().await,
    };
    tokio::select! {
        () = next(&mut interrupt) => {}
        () = next(&mut terminate) => {}
    }
}

#[cfg(not(unix))]
async fn signal(listens: oneshot::Sender<()>) {
    let _ = listens.send(());
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits for the tasks, then lets the services say their last: neither for ever.
pub(super) async fn finish(tasks: &Tasks, services: &mut [Service]) {
    if timeout(TASKS_TIMEOUT, tasks.finish()).await.is_err() {
        let tasks = tasks.running().join(", ");
        tracing::warn!(tasks, "some background tasks did not end in time and were cut off");
    }
    let lasts = services.iter_mut().filter_map(|service| service.on_stop.take().map(|last| last()));
    if timeout(LAST_TIMEOUT, join_all(lasts)).await.is_err() {
        tracing::warn!("some caches were not written in time; they are made anew at the next start");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::Instant;
    use utoipa::openapi::OpenApi;

    use super::*;
    use crate::access::Routes;

    #[tokio::test(start_paused = true)]
    async fn neither_a_task_nor_a_cache_keeps_a_process_for_ever() {
        let tasks = Tasks::new();
        tasks.watch("ends", std::future::pending());
        tasks.watch_to_the_end("hangs", std::future::pending());
        tokio::task::yield_now().await;
        let hangs = Service {
            name: "hangs",
            routes: Routes::new(),
            policy: None,
            openapi: OpenApi::default(),
            ready: Arc::new(|| Ok(())),
            on_stop: Some(Box::new(|| Box::pin(std::future::pending()))),
        };
        let started = Instant::now();
        finish(&tasks, &mut [hangs]).await;
        assert!(started.elapsed() <= TASKS_TIMEOUT + LAST_TIMEOUT + Duration::from_millis(100));
        assert_eq!(tasks.running(), ["hangs"], "and it is told which");
    }
}
