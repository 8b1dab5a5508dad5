// A browser, signed in, against the site that tests/web/run.py has started.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

export const site = JSON.parse(readFileSync(process.env.LIAISON_WEB_SITE, "utf8"));
export const LANGUAGES = ["ar", "zh", "en", "fr", "ru", "es"];

let browser;
const states = new Map(); // who -> cookies, so that each signs in once

export async function start() {
  browser = await chromium.launch({ executablePath: site.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
export const stop = () => browser.close();

/** A page of somebody; who null: nobody is signed in; language null: nothing is opened yet. Faults of the script end the test. */
export async function open(who, { language = "en", scheme = "light", width = 1100, height = 900, hash = "", live = true, isCounted = false, script = true } = {}) {
  if (who && !states.has(who)) {
    const context = await browser.newContext({ locale: "en" });
    const page = await context.newPage();
    await page.goto(`${site.base}/en#/in`);
    await page.fill("#token", site.tokens[who]);
    await page.click("#app form button.main");
    await page.waitForSelector("#bar button");
    states.set(who, await context.storageState());
    await context.close();
  }
  const context = await browser.newContext({
    locale: "en", colorScheme: scheme, javaScriptEnabled: script, viewport: { width, height }, storageState: who ? states.get(who) : undefined,
    serviceWorkers: isCounted ? "block" : "allow", // what a service worker fetches is not seen by the page
  });
  context.setDefaultTimeout(15000);
  const page = await context.newPage();
  page.faults = [];
  if (!live) await page.route("**/v1/events", (route) => route.abort());
  page.on("pageerror", (e) => page.faults.push(e.message));
  page.on("console", (m) => /Content Security Policy/.test(m.text()) && page.faults.push(m.text()));
  if (language) await page.goto(`${site.base}/${language}${hash}`);
  return page;
}

export async function close(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

/** The protocol, as programs use it. */
export async function api(who, method, path, body) {
  const answer = await fetch(site.base + path, {
    method, body: body && JSON.stringify(body),
    headers: { Authorization: `Bearer ${site.tokens[who]}`, "Content-Type": "application/json", Prefer: "wait=10", "Idempotency-Key": `"${randomUUID()}"` },
  });
  const text = await answer.text();
  const doc = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return doc;
}

const SYLLABLES = "ba ce di fo gu ka le mi no pu ra se ti vo zu".split(" ");
export const name = () => Array.from({ length: 4 }, () => SYLLABLES[Math.floor(Math.random() * SYLLABLES.length)]).join("").replace(/^./, (c) => c.toUpperCase());

/** A need of wetlands, which the Convention on Wetlands leads. */
export const wetland = (place) => ({
  title: `Papyrus swamp of Lake ${place} drying out, restoration wanted`,
  description: `Since 2023 the papyrus belt along the shore of Lake ${place}, a Ramsar Site, has lost a third of its area to drainage ` +
    "ditches and grazing. We ask for two experts to visit, assess the change in ecological character of the wetland and help us write a restoration plan with the water users.",
});

/** A need outside every mandate: it waits for the coordinator. */
export const herds = (place) => ({
  title: `Vaccination of sheep and goats around ${place}`,
  description: `Foot-and-mouth disease has reached the herds of sheep and goats around ${place}. We ask for vaccines for cattle, cold ` +
    "boxes and the training of forty veterinary assistants before the summer.",
});

export async function submit(country, words, more = {}) {
  const made = await api(`country:${country}`, "POST", "/v1/requests", { country, language: "en", ...words, ...more });
  return until(() => api(`country:${country}`, "GET", `/v1/requests/${made.id}`), (r) => r.state !== "submitted");
}

export async function until(look, isThere, ms = 15000) {
  for (const end = Date.now() + ms; ; await new Promise((r) => setTimeout(r, 100))) {
    const seen = await look();
    if (isThere(seen)) return seen;
    if (Date.now() > end) throw new Error(`still not so: ${JSON.stringify(seen).slice(0, 600)}`);
  }
}

/** Presses Tab until what has the focus is wanted: nothing but the keyboard. */
export async function tabTo(page, selector, most = 80) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
  }
  throw new Error(`Tab does not reach ${selector}`);
}
