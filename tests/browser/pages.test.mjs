// The pages in a real browser: the way from England down to a practice, by day, with and without
// JavaScript, on a phone, and as the log grows.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { checkAccessibility, checkNoSidewaysScroll, launch, open, signIn } from "./support/browser.mjs";
import { serve } from "./support/server.mjs";

let server;
let browser;
let ccg;
let practice;
let pages;

const json = async (path, options = {}) => {
  const headers = { authorization: `Bearer ${server.key}`, "content-type": "application/json" };
  const answer = await fetch(server.origin + path, { headers, ...options });
  assert.ok(answer.ok, `${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
  return answer.json();
};

/** A page of someone who is signed in as one of the made-up people. */
const visit = async (persona, options) => {
  const page = await open(browser, options);
  await signIn(page, server.origin, persona);
  return page;
};

/** An API key for a role at an organisation. */
const keyFor = async (role, organisation) => {
  const body = JSON.stringify({ role, organisation, purpose: "a test" });
  return (await json("/api/v1/access/keys", { method: "POST", body })).key;
};

/** The practice's lead opens its assessment. */
const openAssessment = async (code) => {
  const headers = { authorization: `Bearer ${await keyFor("practice-lead", code)}` };
  return json(`/api/v1/assessments/${code}/dspt-2018-19/open`, { method: "POST", headers });
};

before(async () => {
  [server, browser] = await Promise.all([serve(), launch()]);
  ccg = (await json("/api/v1/areas/ENG/areas?of=ccg&sort=not-met")).areas[0];
  practice = (await json(`/api/v1/areas/${ccg.code}/practices?status=not-met`)).practices[0];
  const supplier = `/suppliers/${(await json("/api/v1/suppliers?q=synthetic")).suppliers[0].id}`;
  pages = [
    "/",
    "/areas/ENG?at=2018-03-20",
    "/areas/ENG?at=2019-03-31&footprint=now",
    "/areas/Y54",
    "/areas/Y54?sort=name",
    `/areas/${ccg.code}`,
    "/areas/ENG/practices",
    `/areas/${ccg.code}/practices?status=not-met&sort=patients`,
    `/areas/${ccg.code}/networks`,
    `/practices/${practice.code}`,
    `/practices/${practice.code}?at=2018-01-31`,
    "/search",
    "/search?q=surgery",
    "/search?q=nothing+of+that+name",
    "/set-aside",
    "/about",
    "/assessments",
    `/assessments/${practice.code}`,
    "/status",
    `/status?q=${practice.code}`,
    `/status/${practice.code}`,
    `/status/areas/${ccg.code}`,
    "/suppliers",
    "/suppliers?q=limited",
    supplier,
    `${supplier}/check?service=product&from=2018-06-01&to=2019-05-31`,
    "/suppliers/reliance",
    `/purchases/${practice.code}`,
    "/receipts",
    "/onsite",
    `/onsite/${practice.code}`,
    "/continuity",
    `/continuity/${practice.code}`,
    "/sign-in",
    "/account",
    "/areas/XXX",
    "/no/such/page",
  ];
});

after(async () => {
  await browser?.close();
  if (server) assert.deepEqual(await server.stop(), { code: 0, signal: null }, "SIGTERM ends it in good order");
});

/** The page a browser shows for an address that does not exist is an error to its console, and meant to be. */
const unexpected = (page) => page.complaints.filter((text) => !/status of 404/.test(text));

test("from England by region and CCG to a practice, and back up the trail", async () => {
  const page = await visit("NHS Digital");
  await page.goto(server.origin);
  assert.equal(await page.locator("h1").count(), 1);
  assert.match(await page.locator(".nhsuk-lede-text").innerText(), /\d of [\d,]+ practices \([\d.]+%\)/);
  assert.match(await page.locator(".ov-banner").innerText(), /Demonstration data: these practices are not real/);

  await page.locator("#areas tbody a").first().click();
  assert.match(await page.locator("h1").innerText(), /Region Y\d\d/);
  await page.locator("#areas tbody th a").first().click();
  assert.match(await page.locator("h1").innerText(), /CCG/);
  await page.locator("#practices tbody th a").first().click();
  assert.match(await page.locator("h1").innerText(), /Practice [A-Y]\d{5}/);
  assert.match(await page.locator(".nhsuk-lede-text").innerText(), /meets \d of the \d requirements/);
  const standings = await page.locator("#standings tbody tr").allInnerTexts();
  for (const [n, requirement] of ["Toolkit", "Continuity", "On-site", "Certified suppliers"].entries())
    assert.match(standings[n], new RegExp(requirement), "one for each requirement, in the order of their numbers");
  assert.doesNotMatch(await page.locator("main").innerText(), /\ban event\b/, "every change says why it came");

  const trail = page.locator(".nhsuk-breadcrumb__link");
  assert.equal(await trail.count(), 3);
  await trail.first().click();
  assert.equal(await page.locator("h1").innerText(), "England");
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("another day changes the figures, and every link holds on to it", async () => {
  const page = await visit("NHS Digital");
  await page.goto(`${server.origin}/areas/${ccg.code}`);
  const figures = () => page.locator(".ov-figures").first().innerText();
  const before = await figures();
  await page.fill("#at", "2018-01-31");
  await page.selectOption("#footprint", "now");
  await page.locator(".ov-date__go").click();
  await page.waitForURL(/at=2018-01-31/);
  assert.match(page.url(), /footprint=now/);
  assert.notEqual(await figures(), before);
  assert.match(await page.locator(".nhsuk-lede-text").first().innerText(), /31 January 2018/);
  await page.locator("#practices tbody th a").first().click();
  assert.match(page.url(), /at=2018-01-31.*footprint=now/);
  assert.equal(await page.inputValue("#at"), "2018-01-31");
  await page.getByRole("link", { name: "1 February 2018" }).click();
  assert.match(page.url(), /at=2018-02-01.*footprint=now/);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("a chart's row leads to its area, and its numbers are there as a table", async () => {
  const page = await visit("NHS Digital", { viewport: { width: 1200, height: 900 } });
  await page.goto(server.origin);
  const figure = page.locator("#by-area");
  await figure.getByText("The numbers of this chart as a table").click();
  const rows = await figure.locator("tbody tr").count();
  assert.equal(rows, await page.locator("#areas tbody tr").count());
  await figure.locator(".ov-chart__drawing--wide a").first().click();
  assert.match(page.url(), /\/areas\/Y/);
  await page.context().close();
});

test("a practice is found by its code", async () => {
  const page = await visit("NHS Digital");
  await page.goto(server.origin);
  await page.fill("#search-field", practice.code.toLowerCase());
  await page.press("#search-field", "Enter");
  await page.waitForURL(/\/search\?q=/);
  await page.locator("#finds tbody a").first().click();
  assert.match(page.url(), new RegExp(`/practices/${practice.code}`));
  await page.context().close();
});

test("a list is walked page by page and back", async () => {
  const page = await visit("NHS Digital");
  await page.goto(`${server.origin}/areas/ENG/practices?sort=code`);
  const first = await page.locator("#practices tbody tr").first().innerText();
  await page.getByRole("link", { name: "Next page" }).click();
  assert.match(await page.locator(".ov-pager__summary").innerText(), /51 to 100 of/);
  await page.getByRole("link", { name: "Previous page" }).click();
  assert.equal(await page.locator("#practices tbody tr").first().innerText(), first);
  await page.context().close();
});

describe("every page", () => {
  test("meets WCAG 2.2 AA, keeps to its policy and asks no one else", async () => {
    const page = await visit("NHS Digital", { viewport: { width: 1200, height: 900 } });
    for (const path of pages) {
      await page.goto(server.origin + path);
      await checkAccessibility(page, path);
      assert.deepEqual(unexpected(page), [], path);
    }
    await page.context().close();
  });

  test("fits a window of 320 pixels, as accessible as before", async () => {
    const page = await visit("NHS Digital", { viewport: { width: 320, height: 700 } });
    for (const path of pages) {
      await page.goto(server.origin + path);
      await checkNoSidewaysScroll(page, path);
      await checkAccessibility(page, path);
      await checkNoSidewaysScroll(page, `${path}, all of it open,`);
    }
    await page.context().close();
  });
});

test("everything works without JavaScript", async () => {
  const page = await visit("NHS Digital", { javaScriptEnabled: false });
  await page.goto(server.origin);
  await page.fill("#at", "2018-03-25");
  await page.locator(".ov-date__go").click();
  await page.waitForURL(/at=2018-03-25/);
  assert.match(await page.locator(".nhsuk-lede-text").first().innerText(), /25 March 2018/);
  await page.locator("#areas thead a").first().click();
  assert.match(page.url(), /sort=name/);
  await page.locator("#areas tbody a").first().click();
  assert.match(page.url(), /\/areas\/Y.*at=2018-03-25/);
  await page.context().close();
});

test("a page follows the log by itself", async () => {
  const page = await visit("NHS Digital");
  await page.goto(`${server.origin}/areas/${ccg.code}`);
  const before = await page.locator("#stamp").innerText();
  await openAssessment(practice.code);
  await page.waitForFunction((before) => document.getElementById("stamp").innerText !== before, before, { timeout: 20_000 });
  assert.match(await page.locator("#live-status").textContent(), /updated/);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("what is being typed is not taken away by news", async () => {
  const page = await visit("NHS Digital");
  await page.goto(`${server.origin}/areas/${ccg.code}`);
  await page.fill("#at", "2018-02-02");
  const other = (await json(`/api/v1/areas/${ccg.code}/practices?status=met`)).practices[0];
  await openAssessment(other.code);
  await page.waitForTimeout(3_000);
  assert.equal(await page.inputValue("#at"), "2018-02-02");
  await page.context().close();
});

test("an administrator issues a key, sees it once, and revokes it", async () => {
  const page = await visit("Administrator");
  await page.goto(`${server.origin}/access`);
  await page.selectOption("[name=role]", "ccg-officer");
  await page.fill("[name=organisation]", ccg.code);
  await page.fill("[name=purpose]", "nightly export");
  await page.getByRole("button", { name: "Continue" }).click();
  assert.ok((await page.locator("main").innerText()).includes(ccg.name), "whose key it will be is shown first");
  await page.getByRole("button", { name: "Issue the key" }).click();
  const key = await page.locator("#key").innerText();
  const ask = () => fetch(`${server.origin}/api/v1/areas/${ccg.code}`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal((await ask()).status, 200);
  await checkAccessibility(page, "a key issued");
  await page.goto(`${server.origin}/access`);
  assert.ok(!(await page.content()).includes(key), "shown once");
  await page.getByRole("button", { name: "Revoke the key for nightly export" }).click();
  assert.equal((await ask()).status, 401);
  await page.context().close();
});

test("ten open tabs share one stream of news, and every one of them hears it", async () => {
  const first = await visit("NHS Digital");
  const context = first.context();
  const streams = new Set();
  context.on("request", (request) => { if (new URL(request.url()).pathname === "/live") streams.add(request); });
  context.on("requestfinished", (request) => streams.delete(request));
  context.on("requestfailed", (request) => streams.delete(request));
  const tabs = [first, ...(await Promise.all(Array.from({ length: 9 }, () => context.newPage())))];
  for (const tab of tabs) await tab.goto(`${server.origin}/areas/ENG`);
  assert.equal(tabs.length, 10);
  await assert.doesNotReject(first.waitForFunction(() => document.readyState === "complete"));
  assert.ok(streams.size <= 1, `${streams.size} streams are open`);

  const before = await Promise.all(tabs.map((tab) => tab.evaluate(() => Number(document.querySelector("main").dataset.position))));
  const lead = (await json("/api/v1/areas/ENG/practices?limit=3&sort=code")).practices[2].code;
  await openAssessment(lead);
  for (const [n, tab] of tabs.entries()) {
    await tab.waitForFunction((position) => Number(document.querySelector("main").dataset.position) > position, before[n]);
  }
  assert.deepEqual(first.complaints, []);
  await context.close();
});

test("an administrator breaks the glass over one practice, and it is on record for the practice to read", async () => {
  const page = await visit("administrator");
  const closed = await page.goto(`${server.origin}/assessments/${practice.code}`);
  assert.equal(closed.status(), 404, "an administrator does not see the work of practices");

  await page.goto(`${server.origin}/access`);
  await page.getByRole("link", { name: "Emergency access" }).click();
  await checkAccessibility(page, "the page to break the glass");
  await page.getByLabel("ODS code of the practice").fill(practice.code);
  await page.getByLabel("What is the emergency?").fill("ransom");
  await page.getByRole("button", { name: "Get emergency access for 1 hour" }).click();
  assert.match(await page.locator(".nhsuk-error-summary").innerText(), /what the emergency is/);
  const reason = "Ransomware at the practice: what is its plan?";
  await page.getByLabel("What is the emergency?").fill(reason);
  await page.getByRole("button", { name: "Get emergency access for 1 hour" }).click();
  await page.waitForURL(`**/assessments/${practice.code}`);
  assert.match(await page.locator("h1").innerText(), /\w/);
  const another = (await json("/api/v1/areas/ENG/practices?limit=2&sort=code")).practices.find(({ code }) => code !== practice.code);
  const elsewhere = await page.goto(`${server.origin}/assessments/${another.code}`);
  assert.equal(elsewhere.status(), 404, "one practice alone");

  const own = await visit("NHS Digital");
  await own.goto(`${server.origin}/history/${practice.code}`);
  const looks = await own.locator("#looks").innerText();
  assert.match(looks, /Emergency access opened/);
  assert.ok(looks.includes(reason), looks);
  await checkAccessibility(own, "the history of a practice");
  await page.context().close();
  await own.context().close();
});
