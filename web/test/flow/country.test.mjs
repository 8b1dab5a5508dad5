// A country's way: from signing in to a confirmed result, also with a bad link.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, close, herds, name, open, site, start, stop, submit, tabTo, until, wetland } from "./support.mjs";

before(start);
after(stop);

/** On to the next step. */
async function next(page, step) {
  await page.click("form button.main");
  await page.waitForURL((url) => url.hash === `#/new/${step}`);
  await page.waitForTimeout(30);
}

/** Fills the steps of a new request; returns on the page of checking. */
async function write(page, words) {
  await page.click("a[href='#/new']");
  await page.fill("#f-title", words.title);
  await page.fill("#f-description", words.description);
  await page.check("#f-urgency input[value=priority]");
  await next(page, "help");
  await page.check("#f-assistance_kind input[value=MISSION]");
  for (const step of ["place", "before", "files", "people"]) await next(page, step);
  await page.fill("#f-contact_name", "Wanjiru Otieno");
  await page.fill("#f-contact_email", "wanjiru@example.org");
  await next(page, "check");
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
  await page.goto(`${page.url().split("#")[0]}#/new/check`);
  assert.ok((await page.textContent("form")).includes(earlier.reference));
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
  for (const at of ["#/new/help", "#/new/place", "#/new/before", "#/new/files", "#/new/people", "#/new/check"]) {
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

test("the whole form: items, money, sites and species by name, signer, files; what is sent is what was written", async () => {
  const words = wetland(name());
  const page = await open("country:KEN", { hash: "#/new" });
  const choose = async (field, typed) => {
    await page.fill(`${field}`, typed);
    await page.click(`.pick:has(${field}) button`);
  };
  await page.fill("#f-title", words.title);
  await page.fill("#f-description", words.description);
  await page.check("#f-urgency input[value=emergency]");
  await page.fill("#f-emergency_facts", "On 3 November, 14:00 EAT, the dam broke; nests are under water.");
  await next(page, "help");
  await page.check("#f-assistance_kind input[value=FUNDING]");
  await page.click("#f-items > button");
  await page.selectOption("#f-items-0-kind", "EQUIPMENT");
  await page.fill("#f-items-0-text", "Boats for the survey");
  await page.fill("#f-items-0-quantity", "٤"); // as it is written in Arabic
  await page.click("#f-items > button");
  await page.fill("#f-items-1-text", "To be taken away again");
  await page.click("#f-items .one:nth-of-type(2) > button");
  await page.fill("#f-needed_by", "2027-03-01");
  await page.check("#f-date_firm input[value=fixed]");
  await page.fill("#f-budget_wanted-amount", "12,500.5");
  await page.fill("#f-budget_wanted-currency", "USD");
  await page.check("#f-arrears_statement input[value=paid]");
  await next(page, "place");
  await page.waitForSelector("#f-main_topic option[value=WETLAND_RESTORE]", { state: "attached" });
  await page.selectOption("#f-main_topic", "WETLAND_RESTORE");
  await choose("#f-secondary_topics", "migratory");
  await page.fill("#f-sites", "nakuru");
  await page.waitForSelector("#f-sites ~ *, datalist option[value*='Lake Nakuru']", { state: "attached" });
  await page.fill("#f-sites", await page.getAttribute("datalist option[value*='Lake Nakuru']", "value")); // as choosing it does
  await choose("#f-sites", "A pond without a number");
  await page.fill("#f-species", "lesser flam");
  await page.fill("#f-species", await page.getAttribute("datalist option[value*='Phoeniconaias']", "value"));
  await choose("#f-other_countries", "Ugan");
  await next(page, "before");
  await page.fill("#f-support_existing", "UNDP, lakes project, until 2027\nIUCN, advice");
  await page.fill("#f-also_asked", "none");
  await next(page, "files");
  await page.setInputFiles("#f-attachments", { name: "map of the lake.txt", mimeType: "text/plain", buffer: Buffer.from("Where the water stands now.\n".repeat(40)) });
  await page.waitForSelector(".tokens li");
  await next(page, "people");
  await page.selectOption("#f-convention_of_signatory", "ramsar");
  await page.fill("#f-signer_name", "Amina Odhiambo");
  await page.fill("#f-other_host_endorsements", "Uganda agrees, letter of 2 November");
  await page.fill("#f-deputy_contact-name", "Otieno Were");
  await page.selectOption("#f-deputy_contact-language", "fr");
  await page.check("#f-publish_ok input[value=true]");
  await next(page, "check");
  const shown = await page.textContent("form");
  for (const part of ["Boats for the survey", "Lake Nakuru", "Uganda", "USD", "map of the lake.txt", "Otieno Were"]) assert.ok(shown.includes(part), part);
  await page.click("form button.main");
  await page.waitForURL(/#\/sent\//);
  const r = await api("country:KEN", "GET", `/v1/requests/${page.url().split("/").pop()}`);
  assert.deepEqual(r.items.map(({ kind, text, quantity }) => ({ kind, text, quantity })), [{ kind: "EQUIPMENT", text: "Boats for the survey", quantity: 4 }]);
  assert.deepEqual(r.budget_wanted, { amount: 1250050, currency: "USD" });
  assert.deepEqual(r.sites, [{ name: "Lake Nakuru", ramsar_number: "476" }, { name: "A pond without a number" }]);
  assert.deepEqual([r.species, r.other_countries, r.main_topic, r.secondary_topics], [["Phoeniconaias minor"], ["UGA"], "WETLAND_RESTORE", ["MIGRATORY_SPECIES"]]);
  assert.deepEqual(r.support_existing, ["UNDP, lakes project, until 2027", "IUCN, advice"]);
  assert.deepEqual([r.urgency, r.date_firm, r.convention_of_signatory, r.publish_ok, r.deputy_contact], ["emergency", "fixed", "ramsar", true, { name: "Otieno Were", language: "fr" }]);
  assert.equal(r.attachments[0].name, "map of the lake.txt");
  await page.click(".acts a.main");
  await page.waitForSelector("article .answers");
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("a[download]")]);
  assert.equal(file.suggestedFilename(), "map of the lake.txt");
  await close(page);
});

test("a session that ends is told before, and the draft and the place are still there after it", async () => {
  const page = await open("country:UGA", { language: null });
  await page.clock.install();
  await page.goto(`${site.base}/en#/new/before`);
  await page.fill("#f-already_done", "We closed the ditches.");
  await page.clock.runFor(24 * 60000);
  await page.waitForSelector("#app .note button");
  await page.click("#app .note button");
  await page.waitForSelector("#app .note button", { state: "detached" });
  await page.route("**/v1/**", (route) => route.abort()); // nothing keeps it alive now
  await page.clock.runFor(29 * 60000);
  await page.waitForSelector("#token");
  await page.unroute("**/v1/**");
  await page.fill("#token", site.tokens["country:UGA"]);
  await page.click("#app form button.main");
  await page.waitForSelector("#f-already_done");
  assert.equal(await page.inputValue("#f-already_done"), "We closed the ditches.");
  await close(page);
});
