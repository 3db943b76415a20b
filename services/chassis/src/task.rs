//! Background tasks whose end someone sees.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The background tasks of a process, and the signal that stops them.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    /// How many run under a name.
    running: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

impl Tasks {
    /// No tasks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process is to stop.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Runs a task until it ends or the process stops. A task that panics is logged as an error:
    /// a background task that died in silence looks just like one with nothing to do.
    pub fn watch<F>(&self, name: &'static str, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.watch_to_the_end(name, async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = work => {}
            }
        });
    }

    /// The same for a task that ends by itself once the process is to stop, and must not be cut off.
    pub fn watch_to_the_end<F>(&self, name: &'static str, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        *self.running.lock().entry(name).or_default() += 1;
        let running = self.running.clone();
        #[expect(clippy::disallowed_methods, reason = "this is the watched spawn")]
        self.tracker.spawn(async move {
            let inner = tokio::spawn(work);
            if let Err(error) = inner.await {
                metrics::counter!("oversight_tasks_failed_total", "task" => name).increment(1);
                tracing::error!(task = name, %error, "a background task died");
            }
            let mut running = running.lock();
            if let Some(count) = running.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    running.remove(name);
                }
            }
        });
    }

    /// The names of those that have not ended.
    pub fn running(&self) -> Vec<&'static str> {
        self.running.lock().keys().copied().collect()
    }

    /// Stops all tasks and waits for them.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
