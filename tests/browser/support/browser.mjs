// A real browser, and what every page must keep to.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export function launch() {
  const executablePath = process.env.CHROMIUM;
  if (!executablePath) throw new Error("CHROMIUM does not name a browser; `make browser` sets it");
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
  });
}

/** A page whose complaints (console, policy, requests elsewhere) are collected in `complaints`. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== "data:" && hostname !== "127.0.0.1") page.complaints.push(`asked ${request.url()}`);
  });
  return page;
}

/** No known breach of WCAG 2.2 AA, with everything that can be opened open. */
export async function checkAccessibility(page, name) {
  await page.evaluate(() => { for (const box of document.querySelectorAll("details")) box.open = true; });
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES);
  assert.ok(passes.length >= 10, `${name}: only ${passes.length} rules had anything to look at`);
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join("\n    ")}`);
  assert.deepEqual(found, [], `${name} breaks accessibility rules:\n${found.join("\n")}`);
}

/** Nothing hangs out of the window sideways. */
export async function checkNoSidewaysScroll(page, name) {
  const [content, room] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(content <= room, `${name} is ${content}px wide in a window of ${room}px`);
}

/** Signs in as one of the made-up people, by the words on their button. */
export async function signIn(page, origin, persona) {
  await page.goto(`${origin}/sign-in`);
  await page.getByRole("button", { name: `Sign in as ${persona}` }).click();
}
