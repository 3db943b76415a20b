//! A program under test as a process: started, watched, killed, started again.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long a process may take to be ready. Debug builds on a busy machine are slow.
pub const READY_TIMEOUT: Duration = Duration::from_secs(240);

/// How long a process may take to end once it is asked to.
pub const END_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of what a process said is shown when something fails.
const SAID_MAX_CHARS: usize = 6_000;

/// A process that is killed with the value that stands for it.
#[derive(Debug)]
pub struct Process {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    said: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// Starts a program; what it says goes to a file in the folder.
    pub fn start(program: &Path, arguments: &[String], folder: &Path) -> Self {
        Self::start_with(program, arguments, Vec::new(), folder)
    }

    /// The same with variables of the environment.
    pub fn start_with(
        program: &Path,
        arguments: &[String],
        variables: Vec<(String, String)>,
        folder: &Path,
    ) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let said = folder.join(format!("{name}-{number}.stderr"));
        let (program, arguments) = (program.to_owned(), arguments.to_vec());
        let mut process = Self { name, program, arguments, variables, said, child: None };
        process.run();
        process
    }

    /// Starts it again, after it ended or was killed.
    pub fn run(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let said = fs::File::options().create(true).append(true).open(&self.said).expect("a file to log to");
        let child = Command::new(&self.program)
            .args(&self.arguments)
            // Configuration comes by flag, or from the test.
            .env_remove("OVERSIGHT_LOG")
            .env_remove("OVERSIGHT_LISTEN")
            .env_remove("OVERSIGHT_DATA")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(said.try_clone().expect("a file to log to"))
            .stderr(said)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", self.program.display()));
        self.child = Some(child);
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.as_ref().map(Child::id).expect("a running process")
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.as_mut()?.try_wait().ok().flatten();
        if status.is_some() {
            self.child = None;
        }
        status
    }

    /// Waits for its end.
    pub fn wait(&mut self, timeout: Duration) -> ExitStatus {
        let until = Instant::now() + timeout;
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(Instant::now() < until, "{} does not end; it said:\n{}", self.name, self.said());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        let status = Command::new("kill").arg("-TERM").arg(self.id().to_string()).status();
        assert!(status.is_ok_and(|status| status.success()), "kill -TERM {}", self.id());
        self.wait(END_TIMEOUT)
    }

    /// What it said, the end of it where that is long.
    pub fn said(&self) -> String {
        let said = fs::read(&self.said).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let skip = said.chars().count().saturating_sub(SAID_MAX_CHARS);
        said.chars().skip(skip).collect()
    }

    /// Whether it ever said something, however much it has said since.
    pub fn has_said(&self, what: &str) -> bool {
        let said = fs::read(&self.said).unwrap_or_default();
        String::from_utf8_lossy(&said).contains(what)
    }

    /// The most memory it ever held at once, in bytes; none where the system does not tell.
    pub fn peak_memory_bytes(&self) -> Option<u64> {
        self.memory("VmHWM:")
    }

    /// The memory it holds now, in bytes; none where the system does not tell.
    pub fn memory_bytes(&self) -> Option<u64> {
        self.memory("VmRSS:")
    }

    fn memory(&self, which: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(which))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
    }

    /// Waits until `ready` says yes; shows what the process said where it ends before or never
    /// gets there.
    pub async fn until_ready<F>(&mut self, mut ready: F)
    where
        F: AsyncFnMut() -> Result<(), String>,
    {
        let until = Instant::now() + READY_TIMEOUT;
        loop {
            let Err(reason) = ready().await else { return };
            if let Some(status) = self.ended() {
                panic!("{} ended with {status} before it was ready; it said:\n{}", self.name, self.said());
            }
            assert!(
                Instant::now() < until,
                "{} is not ready ({reason}); it said:\n{}",
                self.name,
                self.said()
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() && self.child.is_some() {
            #[expect(clippy::print_stderr, reason = "what a failing test's process said is what explains it")]
            {
                eprintln!("--- {} said:\n{}\n---", self.name, self.said());
            }
        }
        self.kill();
    }
}
