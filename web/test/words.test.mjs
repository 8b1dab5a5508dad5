// Words in one place, whole in six languages: the same keys, the same placeholders, and for counted
// things each form that a language has (CLDR), no other.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { LANGUAGES } from "../front.mjs";
import { STEPS, UNASKED, fieldsOf } from "../src/steps.js";
import { readTable, wordsOf } from "../table.mjs";

const rows = readTable(join(dirname(fileURLToPath(import.meta.url)), "../words.csv"));
const languages = Object.keys(LANGUAGES);
const placeholders = (text) => [...text.matchAll(/\{([a-z_]+)\}/g)].map((m) => m[1]).sort().join();

test("each key stands once", () => {
  const keys = rows.map((r) => r.key);
  assert.deepEqual(keys.filter((k, i) => keys.indexOf(k) !== i), []);
});

test("each text is there in six languages, with the placeholders of the English one", () => {
  for (const row of rows.filter((r) => !r.key.includes("#")))
    for (const language of languages) {
      assert.notEqual(row[language], "", `${row.key} in ${language}`);
      assert.equal(placeholders(row[language]), placeholders(row.en), `${row.key} in ${language}`);
    }
});

test("counted things have the forms of each language", () => {
  const groups = new Map();
  for (const row of rows.filter((r) => r.key.includes("#"))) {
    const key = row.key.split("#")[0];
    groups.set(key, [...(groups.get(key) || []), row]);
  }
  for (const [key, forms] of groups)
    for (const language of languages) {
      const wanted = new Intl.PluralRules(LANGUAGES[language].tag).resolvedOptions().pluralCategories;
      const given = forms.filter((r) => r[language]).map((r) => r.key.split("#")[1]);
      assert.deepEqual(given.sort(), [...wanted].sort(), `${key} in ${language}`);
    }
});

test("whatever the protocol asks for has its words", { skip: !process.env.LIAISON_FORMS }, () => {
  const web = join(dirname(fileURLToPath(import.meta.url)), "..");
  const { shown } = wordsOf(join(web, "../config"), web, "en");
  const { actions } = JSON.parse(readFileSync(process.env.LIAISON_FORMS, "utf8"));
  for (const [action, fields] of Object.entries(actions))
    for (const f of fields.filter((x) => x.name !== "epoch" && x.name !== "not_duplicate_of")) {
      assert.ok([`say.${action}.${f.name}`, `say.${f.name}`, `field.${f.name}`].some((key) => key in shown), `${action}: ${f.name}`);
      for (const word of f.words || []) assert.ok(`${f.name === "role" ? "part" : f.name}.${word}` in shown, `${action}: ${f.name} ${word}`);
    }
});

test("each field of a request is asked for at one place, and has its words", { skip: !process.env.LIAISON_FORMS }, () => {
  const web = join(dirname(fileURLToPath(import.meta.url)), "..");
  const { shown } = wordsOf(join(web, "../config"), web, "en");
  const { request } = JSON.parse(readFileSync(process.env.LIAISON_FORMS, "utf8"));
  const asked = STEPS.flatMap(fieldsOf);
  assert.deepEqual([...asked, ...UNASKED].sort(), request.map((f) => f.name).sort());
  const kinds = { assistance_kind: "kind", date_firm: "firm", arrears_statement: "arrears" };
  for (const f of request.filter((r) => asked.includes(r.name))) {
    assert.ok(`field.${f.name}` in shown, f.name);
    if (!/language$/.test(f.name)) for (const word of f.words || []) assert.ok(`${kinds[f.name] ?? f.name}.${word}` in shown, `${f.name} ${word}`);
    if (f.name !== "attachments") for (const r of f.rows || []) assert.ok(`field.${f.name}.${r.name}` in shown, `${f.name} ${r.name}`);
  }
  for (const s of STEPS) assert.ok(`step.${s.name}` in shown && s.parts.every((p) => !p.name || `part.${p.name}` in shown), s.name);
});

test("no text is left in English by mistake", () => {
  for (const row of rows.filter((r) => (r.en.replace(/\{[a-z_]+\}/g, "").match(/\p{L}+/gu) || []).length > 3))
    for (const language of languages.filter((l) => l !== "en")) assert.notEqual(row[language], row.en, `${row.key} in ${language}`);
});
