// A country's way: from signing in to a confirmed result, also with a bad link.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, close, herds, name, open, site, start, stop, submit, tabTo, until, wetland } from "./support.mjs";

before(start);
after(stop);

/** Fills the steps of a new request; returns on the page of checking. */
async function write(page, words) {
  await page.click("a[href='#/new']");
  await page.fill("#f-title", words.title);
  await page.fill("#f-description", words.description);
  await page.click("form button.main");
  await page.check("#f-urgency input[value=priority]");
  await page.check("#f-assistance_kind input[value=MISSION]");
  await page.click("form button.main");
  await page.fill("#f-contact_name", "Wanjiru Otieno");
  await page.fill("#f-contact_email", "wanjiru@example.org");
  await page.click("form button.main");
  await page.waitForSelector("dl.check");
}

const ofTitle = async (country, title) => (await api(`country:${country}`, "GET", "/v1/requests?limit=200")).items.filter((r) => r.title === title);

for (const [language, country] of [["en", "KEN"], ["ar", "OMN"], ["zh", "CHN"]])
  test(`a request is written, checked, sent and followed: ${language}`, async () => {
    const words = wetland(name());
    const page = await open(`country:${country}`, { language, hash: "#/own" });
    await page.waitForSelector("#app h1");
    assert.equal(await page.evaluate(() => document.documentElement.dir), language === "ar" ? "rtl" : "ltr");
    await page.click("a[href='#/new']");
    await page.check(`#f-language input[value=en]`);
    await page.click("a[href='#/own']");
    await write(page, words);
    await page.waitForSelector("aside .proposal"); // where it would go, before it is sent
    assert.ok((await page.textContent("dl.check")).includes(words.title));
    await page.click("form button.main");
    await page.waitForURL(/#\/sent\//);
    await page.waitForSelector(".panel .ref");
    const reference = await page.textContent(".panel .ref");
    assert.match(reference, new RegExp(`^LN-20\\d\\d-${country}-\\d{4,}$`));
    await page.click(".acts a.main");
    await page.waitForSelector("article .ball");
    const [kept] = await ofTitle(country, words.title);
    assert.deepEqual([kept.reference, kept.urgency], [reference, "priority"]);
    assert.deepEqual((await api(`country:${country}`, "GET", `/v1/requests/${kept.id}`)).assistance_kind, ["MISSION"]);
    assert.equal(await page.evaluate(() => localStorage.getItem(Object.keys(localStorage).find((k) => k.startsWith("liaison:draft")))), null);
    await close(page);
  });

test("what is missing is told at the field, and the answers stay", async () => {
  const page = await open("country:UGA", { hash: "#/new" });
  await page.fill("#f-title", "Short");
  await page.click("form button.main");
  await page.waitForSelector("[role=alert]");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "alert");
  assert.match(await page.title(), /^Error: /);
  assert.equal(await page.inputValue("#f-title"), "Short");
  assert.equal(await page.getAttribute("#f-title", "aria-invalid"), "true");
  await page.click("[role=alert] a >> nth=0");
  assert.equal(await page.evaluate(() => document.activeElement.id), "f-title");
  await close(page);
});

test("a draft outlives its tab", async () => {
  const page = await open("country:UGA", { hash: "#/new" });
  await page.fill("#f-title", "Wetland of a lost tab, restoration");
  const other = await page.context().newPage();
  await page.close();
  await other.goto(`${site.base}/fr#/new`);
  await other.waitForSelector("#f-title");
  assert.equal(await other.inputValue("#f-title"), "Wetland of a lost tab, restoration");
  await other.context().close();
});

test("a like request of the country is shown while writing, and can be added to", async () => {
  const words = wetland(name());
  const earlier = await submit("GHA", words);
  const page = await open("country:GHA", { hash: "#/new" });
  await page.fill("#f-title", words.title);
  await page.fill("#f-description", words.description);
  await page.waitForSelector("aside .likely");
  assert.ok((await page.textContent("aside .likely")).includes(earlier.reference));
  assert.ok(await page.locator("aside .likely bdi.same").count() > 0);
  await page.click("aside .likely button");
  await page.click("form button.main");
  await page.click("form button.main");
  await page.click("form button.main");
  assert.ok((await page.textContent("dl.check")).includes(earlier.reference));
  await page.click("form button.main");
  await page.waitForURL(/#\/sent\//);
  const id = page.url().split("/").pop();
  const merged = await until(() => api("country:GHA", "GET", `/v1/requests/${id}`), (r) => r.state !== "submitted");
  assert.equal(merged.merged_into?.reference, earlier.reference);
  await close(page);
});

test("without a link a request waits, and goes out once", async () => {
  const words = herds(name());
  const page = await open("country:ZMB", { hash: "#/own" });
  await page.waitForSelector("#app h1");
  await write(page, words);
  await page.context().setOffline(true);
  await page.click("form button.main");
  await page.waitForSelector("a.button[href='#/own']");
  assert.deepEqual(await ofTitle("ZMB", words.title), []);
  await page.context().setOffline(false);
  await page.waitForURL(/#\/sent\//);
  assert.equal((await ofTitle("ZMB", words.title)).length, 1);
  await close(page);
});

test("an answer lost on its way does not make two requests", async () => {
  const words = herds(name());
  const page = await open("country:ZMB", { hash: "#/own" });
  await page.waitForSelector("#app h1");
  await write(page, words);
  let lost = 0;
  await page.route("**/v1/requests", async (route) => {
    if (route.request().method() !== "POST" || lost++) return route.continue();
    await route.fetch(); // it arrives and is stored; the answer never comes back
    await route.abort("connectionreset");
  });
  await page.click("form button.main");
  await page.waitForURL(/#\/sent\//);
  assert.ok(lost >= 2);
  assert.equal((await ofTitle("ZMB", words.title)).length, 1);
  await close(page);
});

test("a request is submitted with the keyboard alone", async () => {
  const words = herds(name());
  const page = await open("country:BOL", { hash: "#/own" });
  await page.waitForSelector("#app h1");
  await tabTo(page, "a.button[href='#/new']");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#f-title");
  await tabTo(page, "#f-title");
  await page.keyboard.type(words.title);
  await tabTo(page, "#f-description");
  await page.keyboard.type(words.description);
  for (const at of ["#/new/help", "#/new/people", "#/new/check"]) {
    await tabTo(page, "form button.main");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.hash === at);
    await page.waitForTimeout(50);
  }
  await tabTo(page, "form button.main");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/sent\//);
  assert.equal((await ofTitle("BOL", words.title)).length, 1);
  await close(page);
});
