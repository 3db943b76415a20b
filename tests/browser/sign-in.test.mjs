// Signing in at a real provider in a real browser, seeing what is one's own, and signing out of both;
// and an account of the installation, from its first password on.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { checkAccessibility, launch, open } from "./support/browser.mjs";
import { CLIENT, provider } from "./support/provider.mjs";
import { serve } from "./support/server.mjs";

const RULES = `
[[rule]]
claim = "roles"
value = "ccg-officer"
role = "ccg-officer"
organisation = { claim = "ods_code" }
`;

let folder;
let outside;
let server;
let browser;
let own;
let other;

/** The cookie of the made-up administrator of the synthetic England. */
async function administrator() {
  const answer = await fetch(`${server.origin}/sign-in/persona`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: server.origin },
    body: new URLSearchParams({ role: "administrator" }),
  });
  assert.equal(answer.status, 303, "there is a made-up administrator");
  return answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "oversight-provider-"));
  outside = await provider();
  await writeFile(join(folder, "roles.toml"), RULES);
  await writeFile(join(folder, "secret"), outside.secret);
  const flags = [
    "--oidc-issuer", outside.issuer,
    "--oidc-roles", join(folder, "roles.toml"),
    "--oidc-client-id", CLIENT,
    "--oidc-client-secret-file", join(folder, "secret"),
    "--oidc-scopes", "oversight",
  ];
  server = await serve(...flags);
  browser = await launch();
  const answer = await fetch(`${server.origin}/api/v1/areas/ENG/areas?of=ccg&sort=not-met`, {
    headers: { cookie: await administrator() },
  });
  assert.ok(answer.ok, `the CCGs: ${answer.status}`);
  [own, other] = (await answer.json()).areas.map((area) => area.code);
});

after(async () => {
  await browser?.close();
  await outside?.stop();
  if (server) assert.deepEqual(await server.stop(), { code: 0, signal: null }, "SIGTERM ends it in good order");
  if (folder) await rm(folder, { recursive: true, force: true });
});

test("a provider that is away is said to be, and nothing else breaks", async () => {
  const page = await open(browser);
  await page.goto(`${server.origin}/sign-in`);
  await page.getByRole("link", { name: "Sign in with your organisation" }).click();
  assert.match(await page.locator("main").innerText(), /provider of this installation does not answer/);
  await page.goto(`${server.origin}/status`);
  assert.equal(await page.locator("h1").count(), 1);
  await page.context().close();
});

test("an officer signs in at the provider, sees their own CCG, and signs out of both", async () => {
  outside.begin(server.origin, {
    officer: { roles: ["ccg-officer"], ods_code: own },
    cook: { roles: ["cook"], ods_code: own },
  });
  // The provider that was away is left alone for five seconds.
  await new Promise((resolve) => setTimeout(resolve, 5_200));
  const page = await open(browser);
  const atProvider = () => page.waitForURL((url) => url.origin === outside.issuer);
  const here = () => page.waitForURL((url) => url.origin === server.origin);
  const signIn = async (login) => {
    await page.getByRole("link", { name: "Sign in with your organisation" }).click();
    await atProvider();
    await page.getByLabel("Login").fill(login);
    await page.getByRole("button", { name: "Go on" }).click();
    await here();
  };

  // Whoever asks for a page of theirs comes back to it.
  await page.goto(`${server.origin}/areas/${own}`);
  assert.match(page.url(), /\/sign-in\?to=/);
  await checkAccessibility(page, "the sign-in page");
  await signIn("officer");
  assert.equal(page.url(), `${server.origin}/areas/${own}`);
  assert.match(await page.locator("h1").innerText(), /CCG/);
  const elsewhere = await page.goto(`${server.origin}/areas/${other}`);
  assert.equal(elsewhere.status(), 404, "another CCG is not there");

  await page.goto(`${server.origin}/account`);
  assert.match(await page.locator("main").innerText(), /CCG officer/);
  await checkAccessibility(page, "the account");
  await page.getByRole("button", { name: "Sign out" }).click();
  await atProvider();
  await page.locator("button[name=logout]").click();
  await page.waitForURL(`${server.origin}/**`);
  await page.goto(`${server.origin}/account`);
  assert.match(page.url(), /\/sign-in/, "signed out here");
  // Had the provider still known them, it would not have asked.
  await signIn("cook");
  assert.match(await page.locator("main").innerText(), /nothing there gives you a role here/);
  await page.context().close();
});

test("an administrator opens an account, and its holder sets a password of their own", async () => {
  const cookies = (await administrator()).split("; ").map((cookie) => {
    const [, name, value] = cookie.match(/^([^=]+)=(.*)$/);
    return { name, value, url: server.origin };
  });
  const boss = await open(browser);
  await boss.context().addCookies(cookies);
  await boss.goto(`${server.origin}/access/users`);
  await boss.getByLabel("User name").fill("officer@example.org");
  await boss.getByLabel("Name", { exact: true }).fill("An Officer");
  await boss.getByLabel("Role").selectOption("ccg-officer");
  await boss.getByLabel("ODS code").fill(own);
  await boss.getByRole("button", { name: "Continue" }).click();
  assert.match(await boss.locator("main").innerText(), new RegExp(`at .+ \\(${own}\\)`), "the organisation is shown first");
  await boss.getByRole("button", { name: "Open the account" }).click();
  const first = await boss.locator("#first-password").innerText();
  await checkAccessibility(boss, "the accounts");

  const page = await open(browser);
  await page.goto(`${server.origin}/areas/${own}`);
  await page.getByLabel("User name").fill("officer@example.org");
  await page.locator("#password").fill("not the password");
  await page.locator("form[action='/sign-in/password'] button").click();
  assert.match(await page.locator(".nhsuk-error-summary").innerText(), /not right, or there were too many wrong tries/);
  await checkAccessibility(page, "a sign-in that was refused");
  await page.getByLabel("User name").fill("officer@example.org");
  await page.locator("#password").fill(first);
  await page.locator("form[action='/sign-in/password'] button").click();
  await page.waitForURL(`${server.origin}/account/password`);
  await checkAccessibility(page, "a first password");
  await page.getByLabel("Current password").fill(first);
  await page.getByLabel("New password", { exact: true }).fill("three words in a row");
  await page.getByLabel("New password again").fill("three words in a row");
  await page.getByRole("button", { name: "Change your password" }).click();
  await page.waitForURL(`${server.origin}/areas/${own}`);

  await boss.goto(`${server.origin}/access/users`);
  await boss.getByRole("button", { name: "Disable officer@example.org" }).click();
  assert.match(await boss.locator("#users").innerText(), /Disabled/);
  await page.reload();
  assert.match(page.url(), /\/sign-in\?to=/, "out at once");
  await page.context().close();

  await boss.getByRole("button", { name: "Remove officer@example.org" }).click();
  const accounts = await boss.locator("#users").innerText();
  assert.match(accounts, /Name deleted/);
  assert.doesNotMatch(accounts, /officer@example\.org/);
  await checkAccessibility(boss, "the accounts with one that was removed");
  await boss.getByLabel("Who").fill("nobody");
  await boss.getByRole("button", { name: "Do it for this person" }).click();
  assert.match(await boss.locator(".nhsuk-error-summary").innerText(), /Enter the id of the person/);
  await checkAccessibility(boss, "someone to be shut out who is no one");
  await boss.context().close();
});
