//! What the system tells of this process.

use std::{fs, sync::LazyLock, time::Instant};

/// Seconds that the cores have worked for this process; not a number where no one tells.
pub fn busy_seconds() -> f64 {
    /// Of Linux, on every machine that matters.
    const TICKS_A_SECOND: f64 = 100.0;
    let Ok(stat) = fs::read_to_string("/proc/self/stat") else { return f64::NAN };
    // The name of the program stands in brackets and may hold blanks.
    let rest = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: f64 = rest.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / TICKS_A_SECOND
}

/// Seconds that a core has worked for this thread; those by the clock where no one tells.
pub fn thread_seconds() -> f64 {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let schedule = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let busy = schedule.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    busy.map_or_else(|| BEGAN.elapsed().as_secs_f64(), |nanoseconds| nanoseconds as f64 / 1e9)
}

/// Bytes of memory this process holds; none where no one tells.
pub fn memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// What it is, in a few words.
pub fn description() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        line.split_once(':').map(|(_, name)| name.trim().to_owned())
    });
    format!("{cores} cores ({}), {}", model.unwrap_or_else(|| "unnamed".to_owned()), std::env::consts::OS)
}
