// The real program over a data folder of its own.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** How long the synthetic England may take to load, in an unoptimised build on a busy machine. */
const READY_WITHIN_MS = 240_000;

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/** Starts `oversight serve` and waits until it is ready. Extra flags as arguments. */
export async function serve(...flags) {
  const program = process.env.OVERSIGHT_BIN;
  if (!program) throw new Error("OVERSIGHT_BIN does not name the program to test; `make browser` sets it");
  const folder = await mkdtemp(join(tmpdir(), "oversight-browser-"));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  // The first administrator, as whoever installs it makes one.
  const { stdout } = await promisify(execFile)(program, ["bootstrap", "--data", folder]);
  const key = stdout.trim();
  const child = spawn(program, ["serve", "--data", folder, "--listen", `127.0.0.1:${port}`, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes) => { said = (said + bytes).slice(-20_000); });
  }
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  child.once("error", (error) => { said += `\n${error}`; });

  const stop = async () => {
    child.kill("SIGTERM");
    const end = await ended;
    await rm(folder, { recursive: true, force: true });
    return end;
  };
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${program} ended at once:\n${said}`);
    const ready = await fetch(`${origin}/readyz`).then((answer) => answer.ok, () => false);
    if (ready) break;
    if (Date.now() > until) {
      await stop();
      throw new Error(`${program} was not ready in time:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { origin, key, stop };
}
