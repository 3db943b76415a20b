// The pages in a real browser, as each of the made-up people and as no one: where links lead, and what is seen.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { checkAccessibility, launch, open, signIn } from "./support/browser.mjs";
import { serve } from "./support/server.mjs";

let server;
let browser;
let ccg;

before(async () => {
  [server, browser] = await Promise.all([serve(), launch()]);
  const answer = await fetch(`${server.origin}/api/v1/areas/ENG/areas?of=ccg&sort=not-met`, {
    headers: { authorization: `Bearer ${server.key}` },
  });
  assert.ok(answer.ok, `the CCGs: ${answer.status}`);
  ccg = (await answer.json()).areas[0];
});

after(async () => {
  await browser?.close();
  if (server) assert.deepEqual(await server.stop(), { code: 0, signal: null }, "SIGTERM ends it in good order");
});

/** A page of someone who is signed in as one of the made-up people. */
const visit = async (persona, options) => {
  const page = await open(browser, options);
  await signIn(page, server.origin, persona);
  return page;
};

/** Every address that the pages of someone lead to, by links alone. */
const reachable = async (page, start, most) => {
  const found = new Set([start]);
  for (const path of found) {
    if (path.endsWith(".ics")) {
      const feed = await page.request.get(server.origin + path);
      assert.equal(feed.status(), 200, `${path} is linked to`);
      assert.match(await feed.text(), /^BEGIN:VCALENDAR\r\n/);
      continue;
    }
    await page.goto(server.origin + path);
    const status = await page.evaluate(() => performance.getEntriesByType("navigation")[0].responseStatus);
    assert.ok([200, 304].includes(status), `${path} is linked to and answers ${status}`);
    for (const href of await page.locator("a[href^='/']").evaluateAll((all) => all.map((a) => a.getAttribute("href")))) {
      const path = href.split(/[?#]/)[0];
      if (found.size < most && !path.startsWith("/api/") && !path.endsWith(".svg")) found.add(path);
    }
  }
  return found;
};

describe("each of the made-up people", () => {
  for (const [persona, sees, not] of [
    ["Practice lead", /^\/practices\/|^\/assessments\//, /^\/areas\//],
    ["CCG officer", /^\/areas\/\w+$/, /^\/areas\/(ENG|Y\d\d)/],
    ["Regional lead", /^\/areas\/Y\d\d$/, /^\/areas\/ENG/],
    ["NHS Digital", /^\/areas\/ENG$/, /^\/access(?!\/organisations\/)/],
    ["NHS Improvement", /^\/areas\/ENG$/, /^\/assessments/],
    ["Administrator", /^\/access$/, /^\/assessments/],
    ["Delivery partner assessor", /^\/status$/, /^\/(areas|practices|assessments|access(?!\/organisations\/))/],
    ["Buyer", /^\/status$/, /^\/(areas|practices|assessments|access(?!\/organisations\/))/],
    ["Supplier", /^\/status$/, /^\/(areas|practices|assessments|access(?!\/organisations\/))/],
  ]) {
    test(`${persona}: no link leads where they may not go`, async () => {
      const page = await visit(persona);
      const found = [...(await reachable(page, "/", 25))];
      assert.ok(found.some((path) => sees.test(path)), `${persona} does not find ${sees}: ${found}`);
      assert.deepEqual(found.filter((path) => not.test(path)), [], persona);
      await page.context().close();
    });
  }
});

test("no one who is not signed in sees more than what is published", async () => {
  const page = await open(browser);
  await page.goto(`${server.origin}/areas/${ccg.code}?at=2018-03-31`);
  assert.match(page.url(), /\/sign-in\?to=/);
  await checkAccessibility(page, "signing in");
  await page.getByRole("button", { name: "Sign in as NHS Digital" }).click();
  assert.match(page.url(), new RegExp(`/areas/${ccg.code}\\?at=2018-03-31$`), "and back to where one wanted to go");
  await page.goto(`${server.origin}/account`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(`${server.origin}/areas/${ccg.code}`);
  assert.match(page.url(), /\/sign-in\?to=/, "out is out");
  const found = await reachable(page, "/", 30);
  assert.deepEqual([...found].filter((path) => !/^\/($|status|suppliers|receipts|sign-in)/.test(path)), []);
  await page.context().close();
});
