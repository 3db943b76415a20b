// Suppliers, on-site assessments and continuity plans in a real browser: from the one who begins to the
// commissioner who sees it, over the invented practices.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { after, before, test } from "node:test";
import { checkAccessibility, launch, open } from "./support/browser.mjs";
import { serve } from "./support/server.mjs";

const PRACTICE = "A99001";
const CCG = "90A";

let server;
let browser;

/** Days from today, as yyyy-mm-dd. */
const day = (ahead) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);

const ask = async (path, key, body) => {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(server.origin + path, { headers, ...options });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
};

/** Someone with a role at an organisation: their key, and a page of theirs. */
const someone = async (role, organisation, options = {}) => {
  const asked = { role, organisation, purpose: "a test" };
  // What no file calls by name is called so by the administrator.
  const named = { ...asked, organisation_name: "A body of the test" };
  const issue = (body) => ask("/api/v1/access/keys", server.key, body);
  const { key } = await issue(asked).catch((refused) => {
    if (!refused.message.includes("organisation_name")) throw refused;
    return issue(named);
  });
  const page = await open(browser, { ...options, extraHTTPHeaders: { authorization: `Bearer ${key}` } });
  const go = (path) => page.goto(server.origin + path);
  return { key, page, go, give: (path, body) => ask(path, key, body) };
};

/** Waits until the officers of the CCG may see the practice, which is a little behind the views. */
const overseen = async () => {
  const officer = await someone("ccg-officer", CCG);
  for (;;) {
    const answer = await officer.go(`/purchases/${PRACTICE}`);
    if (answer.ok()) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await officer.page.context().close();
};

/** Waits until the views have read the whole log. */
const shown = async () => {
  for (;;) {
    const { position, head } = await ask("/api/v1/view", server.key);
    if (position >= head) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** The text of what needs attention in the CCG, for a requirement at the end of a day. */
const attention = async ({ page, go }, requirement, at) => {
  await go(`/areas/${CCG}?requirement=${requirement}&at=${at}`);
  const list = page.locator(".ov-attention");
  return (await list.count()) ? list.innerText() : "";
};

before(async () => {
  [server, browser] = await Promise.all([serve("--empty"), launch()]);
  const file = fileURLToPath(new URL("../fixtures/practices_2019-11.csv", import.meta.url));
  const flags = ["import", "practices", file, "--as-of", "2019-11-30", "--server", server.origin];
  const env = { ...process.env, OVERSIGHT_KEY: server.key };
  // It ends with 2 where rows were skipped or rejected, which some of these are.
  await promisify(execFile)(process.env.OVERSIGHT_BIN, flags, { env }).catch(({ code, stderr }) => assert.equal(code, 2, stderr));
  await shown();
  await overseen();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a buyer checks a service, its certificate ends, and the CCG sees who relied on it", async () => {
  const last = day(60);
  const supplier = await someone("supplier", "ZZACME");
  const { id } = await supplier.give("/api/v1/suppliers", { legal_name: "Acme Lines Limited", ods_code: "ZZACME" });
  const at = `/api/v1/suppliers/${id}`;
  await supplier.give(`${at}/services`, { service: "lines", product: "Acme Lines", service_type: "network" });
  await supplier.go(`/suppliers/${id}`);
  await checkAccessibility(supplier.page, "a supplier keeps its record");
  const printed = { scheme: "cyber-essentials", number: "CE-1", holder: "Acme Lines Ltd", issuer: "IASME", issued: day(-300), expires: last, scope: "All of it" };
  await supplier.give(`${at}/certificates`, printed);
  await supplier.give(`${at}/certificates/1/coverage`, { service: "lines", covers: "yes", ground: "All of it", from: day(-300) });

  const buyer = await someone("buyer", CCG, { javaScriptEnabled: false });
  await buyer.go("/suppliers");
  await buyer.page.getByLabel("Name, product or number").fill("acmee lnes");
  await buyer.page.getByRole("button", { name: "Look up" }).click();
  await buyer.page.getByRole("link", { name: "Acme Lines Limited" }).click();
  await buyer.page.getByLabel("Which service").selectOption("lines");
  await buyer.page.getByRole("button", { name: "Check" }).click();
  assert.match(await buyer.page.locator("main").innerText(), /certified/i);

  const lead = await someone("practice-lead", PRACTICE);
  await lead.go(`/purchases/${PRACTICE}`);
  await lead.page.getByLabel("Supplier", { exact: true }).fill("Acme Lines Limited");
  await lead.page.getByLabel("Id of the service").fill("lines");
  await lead.page.getByRole("button", { name: "Add" }).click();
  await lead.page.getByRole("button", { name: /Check now/ }).click();
  await checkAccessibility(lead.page, "the receipt of a check");
  const receipt = await lead.page.locator("main").innerText();
  const [hash] = receipt.match(/[0-9a-f]{64}/);
  const [, position] = receipt.match(/[Ee]vent ([\d,]+)/);
  const anyone = await open(browser);
  await anyone.goto(`${server.origin}/receipts?position=${position.replaceAll(",", "")}&hash=${hash}`);
  assert.match(await anyone.locator("main").innerText(), /genuine/i);

  await shown();
  const officer = await someone("ccg-officer", CCG);
  assert.doesNotMatch(await attention(officer, "suppliers", last), /Invented Mill Surgery/);
  assert.match(await attention(officer, "suppliers", day(61)), /Invented Mill Surgery[^]*Acme Lines/);
  await officer.go(`/areas/${CCG}?requirement=suppliers`);
  await checkAccessibility(officer.page, "a CCG's certified suppliers");
  assert.match(await officer.page.locator("main").innerText(), /1 of \d+ \([\d.]+%\) use a service whose certification ends within 90 days/);
  for (const { page } of [supplier, lead, officer]) assert.deepEqual(page.complaints, []);
});

test("an assessor's findings become a plan, and the CCG sees it run overdue", async () => {
  const [officer, lead] = [await someone("ccg-officer", CCG), await someone("practice-lead", PRACTICE)];
  const assessor = await someone("assessor", "ZZPARTNER");
  const one = `/onsite/${PRACTICE}/1`;
  await officer.give(`/api/v1/onsite/${PRACTICE}/request`, { by: CCG, reason: "an incident" });
  await lead.give(`/api/v1${one}/agree`, null);
  await officer.give(`/api/v1${one}/schedule`, { on: day(0), partner: "ZZPARTNER", assessor: { name: "A. Assessor" } });

  await assessor.go("/onsite");
  await assessor.page.getByRole("link", { name: /Invented Mill Surgery/ }).first().click();
  await assessor.page.locator("form[action$='/held'] [name=on]").fill(day(0));
  await assessor.page.locator("[name=outcome_patching]").selectOption("not-satisfied");
  await assessor.page.locator("form[action$='/held'] button").last().click();
  await assessor.page.waitForURL(/done=/);
  await assessor.give(`/api/v1${one}/findings`, { topic: "patching", severity: "high", system: "desktops", responsibility: "practice", found: "three months behind", evidence: "report 4.2" });
  await assessor.go(one);
  await checkAccessibility(assessor.page, "an assessment with a finding");

  await lead.go(one);
  await lead.page.locator("form[action$='/disclose'] [name=to]").selectOption(CCG);
  await lead.page.locator("form[action$='/disclose'] [name=on]").fill(day(0));
  await lead.page.locator("form[action$='/disclose'] button").last().click();
  await lead.page.waitForURL(/done=/);
  const action = { finding: 1, action: "patch them", owner: { name: "A. Manager" }, due: day(30) };
  await lead.give(`/api/v1${one}/plan`, { actions: [action] });
  await officer.give(`/api/v1${one}/plan/agree`, { by: CCG });

  await shown();
  assert.doesNotMatch(await attention(officer, "onsite", day(30)), /Invented Mill Surgery/);
  assert.match(await attention(officer, "onsite", day(31)), /Invented Mill Surgery[^]*overdue/);
  await officer.go(`/practices/${PRACTICE}?at=${day(31)}`);
  assert.match(await officer.page.locator("#standings").innerText(), /On-site assessment\s+Not met/);
  await checkAccessibility(officer.page, "a practice with an overdue plan");
});

test("a plan's review is due, and the CCG sees ahead what its day ends with", async () => {
  const lead = await someone("practice-lead", PRACTICE);
  const at = `/api/v1/continuity/${PRACTICE}`;
  await lead.give(`${at}/versions`, { owner: { name: "A. Manager" }, covers: ["data", "cyber-incident"], systems: [], document: { reference: "drawer 3", sha256: "a".repeat(64) } });
  await lead.give(`${at}/approve`, { version: 1, by: { name: "A. Partner" }, on: day(-100), next_review: day(30) });
  await lead.give(`${at}/exercises`, { kind: "desktop", scenario: "cyber-incident", on: day(-90), outcome: "targets-kept" });
  await lead.go(`/continuity/${PRACTICE}`);
  assert.match(await lead.page.locator("main").innerText(), /Up to date/);
  await checkAccessibility(lead.page, "a plan that is up to date");

  await shown();
  const officer = await someone("ccg-officer", CCG);
  assert.doesNotMatch(await attention(officer, "continuity", day(29)), /Invented Mill Surgery/);
  assert.match(await attention(officer, "continuity", day(30)), /Invented Mill Surgery[^]*review of the continuity plan is due/);
  await officer.page.getByRole("link", { name: "Invented Mill Surgery" }).first().click();
  await officer.page.getByRole("link", { name: "The practice's continuity plan" }).click();
  assert.equal(new URL(officer.page.url()).pathname, `/continuity/${PRACTICE}`);
});
