// Every view: nothing that an automated checker finds (axe-core, WCAG 2.2 AA) in six languages, light and
// dark; nothing wider than a small telephone; and what it costs to fetch.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { api, close, herds, LANGUAGES, name, open, site, start, stop, submit, wetland } from "./support.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const shots = process.env.LIAISON_SHOTS; // a folder: pictures of each view are left there
const r = {};

before(async () => {
  await start();
  const words = wetland(name());
  r.open = await submit("KEN", words, { urgency: "priority", contact_name: "Wanjiru Otieno", contact_email: "w@example.org" });
  r.twin = await submit("KEN", words);
  r.free = await submit("KEN", wetland(name()));
  r.asked = await submit("KEN", wetland(name()));
  await api("secretariat:ramsar", "POST", `/v1/requests/${r.asked.id}/claim`, {});
  await api("secretariat:ramsar", "POST", `/v1/requests/${r.asked.id}/ask`, { text: "Which villages draw water from the lake?" });
  await submit("KEN", herds(name()));
});
after(stop);

const draft = {
  language: "en", urgency: "emergency", disclosure: "routed", assistance_kind: ["MISSION", "FUNDING"], ...wetland("Ol Bolossat"),
  emergency_facts: "On 3 November, 14:00 EAT, the dam broke; nests are under water.", needed_by: "2027-03-01", date_firm: "fixed",
  items: [{ kind: "EQUIPMENT", text: "Boats for the survey", quantity: "4" }], budget_wanted: { amount: "12500", currency: "USD" },
  main_topic: "WETLAND_RESTORE", secondary_topics: ["MIGRATORY_SPECIES"], species: ["Phoeniconaias minor"], other_countries: ["UGA"],
  sites: [{ name: "Lake Ol Bolossat" }, { name: "Lake Nakuru", ramsar_number: "476" }], support_existing: ["UNDP, lakes project, until 2027"],
  attachments: [{ id: "att_0", name: "map of the lake.pdf", bytes: 123456 }], signer_name: "Amina Odhiambo", convention_of_signatory: "ramsar",
  contact_name: "Wanjiru Otieno", contact_email: "w@example.org",
};

/** name, who, where, what to wait for, what to press first. */
const VIEWS = [
  ["front", null, "", "#front h1"],
  ["sign-in", null, "#/in", "#token"],
  ["own", "country:KEN", "#/own", "#app .card"],
  ["need", "country:KEN", "#/new/need", "aside .proposal"],
  ["need-wrong", "country:UGA", "#/new/need", "#f-title", (page) => page.click("form button.main")],
  ["help", "country:KEN", "#/new/help", "#f-items-0-text"],
  ["place", "country:KEN", "#/new/place", "#f-main_topic option:nth-of-type(9)", (page) => page.click("#app .tokens summary >> nth=1"), "attached"],
  ["before", "country:KEN", "#/new/before", "#f-already_done"],
  ["files", "country:KEN", "#/new/files", "#app .tokens li"],
  ["people", "country:KEN", "#/new/people", "#f-contact_name"],
  ["check", "country:KEN", "#/new/check", "dl.check"],
  ["sent", "country:KEN", () => `#/sent/${r.open.id}`, ".panel"],
  ["request", "country:KEN", () => `#/r/${r.open.id}`, "article .proposal"],
  ["asked", "country:KEN", () => `#/r/${r.asked.id}`, ".actions button", (page) => page.click(".actions button.main")],
  ["inbox", "secretariat:ramsar", "#/inbox", "#app .card"],
  ["conflict", "secretariat:ramsar", () => `#/r/${r.free.id}`, ".actions button", conflict],
  ["changed", "secretariat:ramsar", () => `#/r/${r.asked.id}`, ".actions button", changed],
  ["offered", "secretariat:ramsar", () => `#/r/${r.open.id}`, ".actions button", (page) => page.click(".actions button >> nth=1")],
  ["all", "coordinator", "#/all", "#app .card"],
  ["triage", "coordinator", () => `#/r/${r.twin.id}`, ".actions button", (page) => page.click(".actions button.main")],
  ["pair", "coordinator", () => `#/pair/${r.twin.id}/${r.open.id}`, ".pair .card"],
  ["board", "operator", "#/board", ".uplot"],
  ["missing", "operator", "#/inbox", "#app h1"],
];

async function show(page, [, , where, ready, press, state]) {
  await page.evaluate((hash) => (location.hash = hash), typeof where === "function" ? where() : where);
  await page.waitForSelector(ready, { state });
  if (press) await press(page);
  await page.waitForTimeout(50);
}

/** Answers an action as the service does when somebody else was faster. */
async function refused(page, status, type, more) {
  await page.route("**/v1/requests/*/*", (route) => route.request().method() === "GET" ? route.continue() : route.fulfill({
    status, contentType: "application/problem+json", body: JSON.stringify({ type: `https://liaison.invalid/problems/${type}`, title: "Too late", status, detail: "Too late", ...more }),
  }));
}

async function conflict(page) {
  await refused(page, 409, "already-claimed", { holder: "cms", since: "2026-03-03T14:05:09.123Z" });
  await page.click(".actions button.main");
  await page.waitForSelector(".alert");
  await page.unroute("**/v1/requests/*/*");
}

async function changed(page) {
  await refused(page, 412, "stale-version", {});
  await page.click(".actions button >> nth=0");
  await page.fill(".action textarea", "Words that must not be lost");
  await page.click(".action button.main");
  await page.waitForSelector(".alert");
  await page.unroute("**/v1/requests/*/*");
}

const byWho = VIEWS.reduce((all, view) => ({ ...all, [view[1]]: [...(all[view[1]] || []), view] }), {});
for (const [who, views] of Object.entries(byWho))
  test(`nothing for axe to find, nothing too wide: ${who === "null" ? "nobody" : who}`, async () => {
    const found = [];
    const page = await open(who === "null" ? null : who);
    if (who === "country:KEN") await page.evaluate((d) => localStorage.setItem("liaison:draft:country:KEN", JSON.stringify(d)), draft);
    for (const language of LANGUAGES) {
      const isShot = shots && /en|ar/.test(language);
      await page.goto(new URL(`/${language}`, page.url()).href);
      if (who !== "null") await page.waitForSelector("#app h1");
      await page.evaluate(axe);
      for (const view of views) {
        await show(page, view);
        for (const [scheme, rules] of Object.entries({ light: TAGS, dark: ["color-contrast"] })) {
          await page.emulateMedia({ colorScheme: scheme });
          const { violations } = await page.evaluate((only) => axe.run(document, { runOnly: only, resultTypes: ["violations"] }), rules);
          for (const v of violations) found.push(`${view[0]} ${language} ${scheme}: ${v.id} ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3)}`);
          if (isShot && (scheme === "light" || language === "en")) await picture(page, `${view[0]}-${language}-${scheme === "dark" ? "dark" : "wide"}`);
        }
        await page.emulateMedia({ colorScheme: "light" });
        await page.setViewportSize({ width: 320, height: 700 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > 320) found.push(`${view[0]} ${language}: ${wide} px wide at 320`);
        if (isShot) {
          await page.setViewportSize({ width: 360, height: 740 });
          await picture(page, `${view[0]}-${language}-360`);
        }
        await page.setViewportSize({ width: 1100, height: 900 });
      }
    }
    await close(page);
    assert.deepEqual(found, []);
  });

async function picture(page, file) {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: `${shots}/${file}.png`, fullPage: true });
}

test("without a script the page says how requests are sent then", async () => {
  const page = await open(null, { language: "fr", script: false });
  assert.match(await page.textContent("noscript"), /liaison submit FILE/);
  assert.ok(await page.locator("#front .card").count() >= 8);
  await close(page);
});

test("on paper there is the request, without buttons and bars; forced colours keep the borders", async () => {
  const page = await open("country:KEN", { hash: `#/r/${r.open.id}` });
  await page.waitForSelector("article .answers");
  await page.emulateMedia({ media: "print" });
  if (shots) await picture(page, "paper-en");
  for (const gone of ["header", "footer", ".actions", "article > .acts"]) assert.ok(!(await page.isVisible(gone)), gone);
  assert.ok(await page.isVisible("article .said") && await page.isVisible("article .ref"));
  await page.emulateMedia({ media: "screen", forcedColors: "active" });
  if (shots) await picture(page, "forced-en");
  const border = await page.evaluate(() => getComputedStyle(document.querySelector(".tag")).borderTopWidth);
  assert.equal(border, "1px");
  await close(page);
});

/** Bytes as they came over the wire, heads included. */
async function costs(page) {
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  await client.send("Network.setCacheDisabled", { cacheDisabled: false });
  const seen = { bytes: 0, paths: [] };
  const urls = new Map();
  client.on("Network.requestWillBeSent", (e) => urls.set(e.requestId, new URL(e.request.url).pathname));
  client.on("Network.requestServedFromCache", (e) => urls.delete(e.requestId)); // nothing is fetched
  client.on("Network.responseReceived", (e) => e.response.fromDiskCache && urls.delete(e.requestId));
  client.on("Network.loadingFinished", (e) => {
    if (!urls.has(e.requestId)) return;
    seen.bytes += e.encodedDataLength;
    seen.paths.push(urls.get(e.requestId));
  });
  seen.reset = () => Object.assign(seen, { bytes: 0, paths: [] });
  seen.slow = () => client.send("Network.emulateNetworkConditions", {
    offline: false, latency: 400, downloadThroughput: 400000 / 8, uploadThroughput: 400000 / 8,
  });
  return seen;
}

test("a first visit fits 60 KB and six requests, and is usable in five seconds on a slow link", async () => {
  for (const language of ["en", "ar", "zh"]) {
    const page = await open(null, { language: null, isCounted: true });
    const seen = await costs(page);
    await seen.slow();
    const begin = Date.now();
    await page.goto(`${site.base}/${language}`);
    await page.click("#bar a[href='#/in']");
    await page.waitForSelector("#token");
    const seconds = (Date.now() - begin) / 1000;
    await page.waitForTimeout(600);
    console.log(`# first visit ${language}: ${seen.bytes} bytes, ${seen.paths.length} requests, sign-in form after ${seconds} s`);
    assert.ok(seen.bytes <= 60 * 1024 && seen.paths.length <= 6, `${seen.bytes} bytes: ${seen.paths}`);
    assert.ok(seconds <= 5, `${seconds} s`);
    await close(page);
  }
});

test("later views cost at most 15 KB, the board at most 110 KB in all", async () => {
  for (const [who, views] of Object.entries(byWho).filter(([w]) => w !== "null")) {
    const page = await open(who, { hash: "#/none", isCounted: true }); // so that the first view, too, is fetched for its own sake
    await page.waitForSelector("#app h1");
    if (who === "country:KEN") await page.evaluate((d) => localStorage.setItem("liaison:draft:country:KEN", JSON.stringify(d)), draft);
    await page.waitForTimeout(800);
    const seen = await costs(page);
    for (const [view, , where, ready, , state] of views) {
      seen.reset();
      await page.evaluate((hash) => (location.hash = hash), typeof where === "function" ? where() : where);
      await page.waitForSelector(ready, { state });
      await page.waitForTimeout(300);
      const most = view === "board" ? 50 : 15; // and 60 of the first visit
      console.log(`# ${view}: ${seen.bytes} bytes`);
      assert.ok(seen.bytes <= most * 1024, `${view}: ${seen.bytes} bytes: ${seen.paths}`);
    }
    await close(page);
  }
});
