// The desks: taking up, declining, asking, answering; sorting, merging, sending on; the board.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, close, herds, name, open, site, start, stop, submit, tabTo, until, wetland } from "./support.mjs";

before(start);
after(stop);

const at = (who, id) => api(who, "GET", `/v1/requests/${id}`);
const act = (page, action) => page.click(`.actions button:text-is("${action}")`);

test("the inbox shows a new request by itself, and taking it up is one press", async () => {
  const page = await open("secretariat:ramsar", { hash: "#/inbox" });
  await page.waitForSelector("#app h1");
  await page.waitForTimeout(500); // the stream is open
  const words = wetland(name());
  const r = await submit("KEN", words);
  await page.click(`a:text-is("${words.title}")`);
  await act(page, "Take the lead");
  await until(() => at("country:KEN", r.id), (now) => now.state === "claimed");
  await page.waitForSelector(".tag.state-claimed");
  await close(page);
});

test("of two who take it up at once one is told who has it", async () => {
  const r = await submit("KEN", wetland(name()));
  const pages = await Promise.all([1, 2].map(() => open("secretariat:ramsar", { hash: `#/r/${r.id}`, live: false })));
  await Promise.all(pages.map((p) => p.waitForSelector(".actions button")));
  await Promise.all(pages.map((p) => act(p, "Take the lead")));
  await Promise.all(pages.map((p) => p.waitForSelector("article .tag.state-claimed")));
  await Promise.any(pages.map((p) => p.waitForSelector("#app [role=alert]")));
  const told = await Promise.all(pages.map((p) => p.locator("#app [role=alert]").allTextContents()));
  assert.equal(told.flat().length, 1, "one of them has it, the other one is told");
  assert.match(told.flat()[0], /Convention on Wetlands \(Ramsar\) has had it since \d+ \w+ 20\d\d/);
  assert.equal((await at("coordinator", r.id)).claim.epoch, 1);
  await Promise.all(pages.map(close));
});

test("a decline with its reason takes two presses, and the next one is asked", async () => {
  const r = await submit("KEN", wetland(name()));
  const page = await open("secretariat:ramsar", { hash: `#/r/${r.id}` });
  await act(page, "Decline");
  await page.click(`.presses button:text-is("No staff available at present")`);
  const now = await until(() => at("coordinator", r.id), (x) => x.offers[0].state === "declined");
  assert.equal(now.offers[0].reason, "no_capacity");
  await close(page);
});

test("taken up with the keyboard alone", async () => {
  const r = await submit("KEN", wetland(name()));
  const page = await open("secretariat:ramsar", { hash: `#/r/${r.id}` });
  await page.waitForSelector(".actions button");
  await tabTo(page, ".actions button.main");
  await page.keyboard.press("Enter");
  await until(() => at("country:KEN", r.id), (x) => x.state === "claimed");
  await close(page);
});

test("asked, replied, planned, agreed, answered, partly solved, answered again, solved", async () => {
  const r = await submit("KEN", wetland(name()));
  await api("secretariat:ramsar", "POST", `/v1/requests/${r.id}/claim`, {});
  const desk = await open("secretariat:ramsar", { hash: `#/r/${r.id}` });
  const country = await open("country:KEN", { hash: `#/r/${r.id}` });
  const say = async (page, action, text, state, who = "coordinator") => {
    await act(page, action);
    await page.fill("#a-text", text);
    await page.click(".action button.main");
    await until(() => at(who, r.id), (x) => x.state === state);
    await page.waitForSelector(`article .tag.state-${state}`);
  };
  await say(desk, "Ask the country", "Which villages draw water from the lake?", "awaiting_country");
  await country.waitForSelector(".word-question");
  assert.ok((await country.textContent(".word-question")).includes("Which villages"));
  await country.waitForSelector(".ball.mine");
  await say(country, "Reply", "Four villages on the northern shore.", "claimed");
  await desk.waitForSelector(".word-reply");
  await say(desk, "Propose a plan", "Two experts visit in May; a report follows in June.", "planned");
  await country.waitForSelector(".word-plan");
  await act(country, "Agree to the plan");
  await country.click(".action button.main");
  await until(() => at("coordinator", r.id), (x) => x.state === "delivering");
  await desk.waitForSelector("article .tag.state-delivering");
  await say(desk, "Send the answer", "The report with twelve measures is attached to our letter.", "answered");
  await country.waitForSelector(".word-answer");
  await act(country, "Confirm the result");
  await country.click(`.presses button:text-is("Partly solved")`); // without saying what is missing
  await country.waitForSelector(".action [role=alert]");
  assert.equal(await country.getAttribute("#a-text", "aria-invalid"), "true");
  await country.fill("#a-text", "The plan for the water users is missing.");
  await country.click(`.presses button:text-is("Partly solved")`);
  await until(() => at("coordinator", r.id), (x) => x.state === "claimed");
  await desk.waitForSelector("article .tag.state-claimed");
  await say(desk, "Send the answer", "Here is the plan for the water users.", "answered");
  await country.waitForSelector("article .tag.state-answered");
  await act(country, "Confirm the result");
  await country.click(`.presses button:text-is("Solved")`);
  const end = await until(() => at("coordinator", r.id), (x) => x.state === "closed");
  assert.equal(end.outcome, "resolved");
  await country.click("summary:text-is('All that happened')");
  await country.waitForSelector(".story li");
  await until(() => country.locator(".story li").count(), (n) => n >= 10);
  await Promise.all([close(desk), close(country)]);
});

test("a supporter joins and contributes", async () => {
  const r = await submit("KEN", herds(name()));
  await api("coordinator", "POST", `/v1/requests/${r.id}/route`, { lead: "cms", support: ["cbd"] });
  await api("secretariat:cms", "POST", `/v1/requests/${r.id}/claim`, {});
  const page = await open("secretariat:cbd", { hash: `#/r/${r.id}` });
  await act(page, "Join as supporter");
  await page.click(".action button.main");
  await until(() => at("coordinator", r.id), (x) => x.offers.some((o) => o.secretariat === "cbd" && o.state === "accepted"));
  await act(page, "Send a contribution");
  await page.fill("#a-text", "Guidance on animal health at the edge of protected areas.");
  await page.click(".action button.main");
  await until(() => at("country:KEN", r.id), (x) => x.contributions?.length === 1);
  await close(page);
});

test("what no mandate covers is sent on by hand, or referred", async () => {
  const [one, two] = [await submit("KEN", herds(name())), await submit("UGA", herds(name()))];
  assert.deepEqual([one.state, two.state], ["triage", "triage"]);
  const page = await open("coordinator", { hash: "#/inbox" });
  await page.click(`a[href='#/r/${one.id}']`);
  await act(page, "Send to secretariats");
  await page.waitForSelector("#a-lead option[value=cbd]", { state: "attached" });
  await page.selectOption("#a-lead", "cbd");
  await page.check("#a-support input[value=cms]");
  await page.click(".action button.main");
  const now = await until(() => at("coordinator", one.id), (x) => x.state === "offered");
  assert.deepEqual(now.offers.map((o) => [o.secretariat, o.role]), [["cbd", "lead"], ["cms", "support"]]);
  await page.goto(`${site.base}/en#/r/${two.id}`);
  await act(page, "Refer to another body");
  await page.fill("#a-body", "WOAH");
  await page.fill("#a-text", "Animal health; the body has taken it over.");
  await page.click(".action button.main");
  await until(() => at("country:UGA", two.id), (x) => x.allowed_actions.includes("agree")); // its country decides
  await api("country:UGA", "POST", `/v1/requests/${two.id}/agree`, {});
  await until(() => at("coordinator", two.id), (x) => x.state === "referred");
  await close(page);
});

test("a likely pair is compared side by side, merged, and parted again", async () => {
  const words = wetland(name());
  const first = await submit("TZA", words);
  const second = await submit("TZA", words);
  assert.equal(second.state, "triage");
  const page = await open("coordinator", { hash: `#/r/${second.id}` });
  await page.click("a[href^='#/pair/']");
  await page.waitForSelector(".pair .card");
  assert.ok(await page.locator(".pair mark.same").count() > 1);
  assert.ok((await page.textContent(".pair")).includes(first.reference));
  await page.click(`button:text-is("Merge with another request")`);
  assert.equal(await page.inputValue("#a-other"), first.reference);
  await page.click(".action button.main");
  await until(() => at("coordinator", second.id), (x) => x.state === "merged");
  await page.waitForSelector(".tag.state-merged");
  await page.click(`button:text-is("Undo the merge")`);
  await page.click(".action button.main");
  await until(() => at("coordinator", second.id), (x) => x.state === "triage");
  await close(page);
});

test("a stalled queue looks stalled within ten seconds", async () => {
  const page = await open("operator", { hash: "#/board" });
  await page.waitForSelector(".tag.good");
  assert.ok(await page.locator(".uplot").count() === 2);
  await until(() => api("operator", "GET", "/v1/queue/history?range=1h"), (h) => h.queues[0].samples.length > 0, 70000); // a minute is stored
  for (const range of ["7d", "90d", "1h"]) {
    await page.click(`[aria-labelledby=course] button:text-is("${{ "7d": "7 days", "90d": "90 days", "1h": "1 hour" }[range]}")`);
    await page.waitForSelector(".uplot >> nth=1");
  }
  for (const pid of site.workers) process.kill(pid, "SIGSTOP");
  try {
    const begin = Date.now();
    await api("country:KEN", "POST", "/v1/requests", { country: "KEN", language: "en", ...herds(name()) });
    await page.waitForSelector(".tag.bad", { timeout: 40000 });
    const seconds = (Date.now() - begin) / 1000 - 10; // the submit itself waited ten seconds for the router
    assert.ok(seconds < 20, `${seconds} s`);
  } finally {
    for (const pid of site.workers) process.kill(pid, "SIGCONT");
  }
  await page.waitForSelector(".tag.good", { timeout: 30000 });
  await close(page);
});

test("a queue is paused and goes on, and intake is closed and opened, each after a second press", async () => {
  const page = await open("operator", { hash: "#/board" });
  const press = async (word, within = "#app") => {
    await page.click(`${within} button:text-is("${word}")`);
    await page.click(`${within} .sure button.main`);
    await page.waitForSelector(`${within} .sure`, { state: "detached" });
  };
  const queue = "section:has(h2:has-text('The routing queue'))";
  await page.waitForSelector(`${queue} button`);
  try {
    await page.click(`${queue} button:text-is("Pause")`);
    assert.equal((await api("operator", "GET", "/v1/queue")).queues[0].paused, false, "one press is not enough");
    await page.click(`${queue} .sure button.main`);
    await page.waitForSelector(`${queue} .tag.warn`);
    assert.equal((await api("operator", "GET", "/v1/queue")).queues[0].paused, true);
    await press("Resume", queue);
    await page.waitForSelector(`${queue} .tag.good`);
    await press("Pause intake");
    await page.waitForSelector("section:has(h2:has-text('Intake')) .tag.warn");
    await assert.rejects(submit("KEN", herds(name())), /503/);
    await press("Resume intake");
  } finally {
    await api("operator", "POST", "/v1/queue/resume", {});
  }
  await until(() => submit("KEN", herds(name())).catch(() => null), (r) => r);
  await close(page);
});

test("a coordinator sees the board but switches nothing there", async () => {
  const page = await open("coordinator", { hash: "#/board" });
  await page.waitForSelector(".uplot");
  assert.equal(await page.locator("#app button:text-is('Pause')").count(), 0);
  await close(page);
});

test("words written on what somebody changed meanwhile are kept, and go out after a look at what is new", async () => {
  const r = await submit("KEN", wetland(name()));
  await api("secretariat:ramsar", "POST", `/v1/requests/${r.id}/claim`, {});
  const page = await open("secretariat:ramsar", { hash: `#/r/${r.id}`, live: false });
  await act(page, "Ask the country");
  await page.fill("#a-text", "Which villages draw water from the lake?");
  await api("country:KEN", "POST", `/v1/requests/${r.id}/escalate`, { text: "The rains begin." });
  await page.click(".action button.main");
  await page.waitForSelector(".action .alert li");
  assert.match(await page.textContent(".action .alert li"), /Raise to the next level – KEN/);
  assert.equal((await at("coordinator", r.id)).state, "claimed");
  assert.equal(await page.inputValue("#a-text"), "Which villages draw water from the lake?");
  await page.click(".action .alert button");
  await page.click(".action button.main");
  await until(() => at("coordinator", r.id), (x) => x.state === "awaiting_country");
  await close(page);
});

test("words that were not sent are there again", async () => {
  const r = await submit("KEN", wetland(name()));
  await api("secretariat:ramsar", "POST", `/v1/requests/${r.id}/claim`, {});
  const page = await open("secretariat:ramsar", { hash: `#/r/${r.id}` });
  await act(page, "Ask the country");
  await page.fill("#a-text", "A question half written");
  await page.reload();
  await act(page, "Ask the country");
  assert.equal(await page.inputValue("#a-text"), "A question half written");
  await page.click(`.action button:text-is("Cancel")`);
  await close(page);
});
