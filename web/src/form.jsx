// The fields of a form, drawn from the protocol's rows: one component for each kind of row, a few
// fields with a picker of their own.
import { useId, useState } from "preact/hooks";
import { countryName, loadSites, loadSpecies, topicName, useReference, useWanted } from "./reference.jsx";
import { convention, formatDay, formatMoney, formatNumber, has, t, tn } from "./words.js";
import { Choices, Field, wordIn } from "./parts.jsx";
import { Files, sizeOf } from "./files.jsx";
import { isEmpty, minorOf } from "./field.js";

export const LANGUAGES = { // in the order of the United Nations
  ar: "عربي", zh: "中文", en: "English", fr: "Français", ru: "Русский", es: "Español" };
const LONG = 200; /* code points from which a text gets several lines */
const SHOWN = 12; /* proposals at a time */
const SHORT = 8; /* as many words stand as choices; more are a list */

const isLanguage = (row) => row.name === "language" || row.name === "contact_language";
const wordOf = (row) => (isLanguage(row) ? (w) => LANGUAGES[w] : wordIn({ assistance_kind: "kind", date_firm: "firm", arrears_statement: "arrears" }[row.name] ?? row.name));
const wordsOf = (row) => (isLanguage(row) ? Object.keys(LANGUAGES) : row.words);
const AUTOCOMPLETE = { contact_name: "name", contact_email: "email", contact_phone: "tel" };
const isMail = (row) => /email$/.test(row.name);
const isLatin = (row) => isMail(row) || /phone$|_id$|_number$|^currency$|_refs$/.test(row.name);

/** path is a row's place, as ["items", 0, "text"]; words of a member stand under its group's name, or under its own. */
const named = (path) => path.filter((p) => typeof p === "string");
const keyOf = (path, ending = "") => [`field.${named(path).join(".")}${ending}`, `field.${named(path).at(-1)}${ending}`].find(has);
export const labelOf = (path) => (keyOf(path) ? t(keyOf(path)) : named(path).at(-1));
const hintOf = (path) => (keyOf(path, ".hint") ? t(keyOf(path, ".hint")) : undefined);
export const idOf = (path) => `f-${path.join("-")}`;

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Several values, each typed or chosen: what has been typed so far proposes. list: [[value, label]]. */
function Tokens({ id, label, hint, error, values, most, list, show, onAdd, onRemove, isFree = true, onWant, children }) {
  const [typed, setTyped] = useState("");
  const options = useId();
  const wanted = folded(typed.trim());
  const near = wanted ? list.filter(([value, text]) => folded(`${value} ${text}`).includes(wanted)).slice(0, SHOWN) : list.slice(0, SHOWN);
  const add = (text) => {
    const known = list.find(([value, name]) => value === text || name === text || `${name} (${value})` === text)
      ?? (isFree ? null : near.length === 1 && wanted ? near[0] : null);
    if (!text || (!known && !isFree)) return;
    onAdd(known ? known[0] : text, known);
    setTyped("");
  };
  const input = (e) => {
    const text = e.target.value;
    setTyped(text);
    if (list.some(([value, name]) => `${name} (${value})` === text)) add(text); // one was chosen
  };
  return (
    <Field id={id} label={label} hint={hint} error={error}>
      {(more) => (
        <>
          {values.length > 0 && (
            <ul class="tokens">
              {values.map((v, i) => (
                <li>
                  <span dir="auto">{show(v)}</span>
                  <button type="button" aria-label={t("web.remove_of", { label: show(v) })} onClick={() => onRemove(i)}>×</button>
                  {children?.(v, i)}
                </li>
              ))}
            </ul>
          )}
          {values.length < most && (
            <p class="pick">
              <input dir="auto" list={options} value={typed} autocomplete="off" onInput={input} onFocus={onWant}
                onKeyDown={(e) => e.key === "Enter" && (e.preventDefault(), add(typed.trim()))} {...more} />
              <button type="button" onClick={() => add(typed.trim())}>{t("web.add")}</button>
            </p>
          )}
          <datalist id={options}>{near.map(([value, name]) => <option value={`${name} (${value})`} />)}</datalist>
        </>
      )}
    </Field>
  );
}

const without = (list, i) => list.filter((_, j) => j !== i);

function Countries({ row, path, value = [], set, error, title }) {
  const reference = useReference();
  return <Tokens id={idOf(path)} label={title} hint={hintOf(path)} error={error} values={value} most={row.list} isFree={false}
    list={reference.countries} show={(code) => countryName(reference, code)}
    onAdd={(code) => value.includes(code) || set([...value, code])} onRemove={(i) => set(without(value, i))} />;
}

function Species({ row, path, value = [], set, error, title }) {
  const [species, want] = useWanted(loadSpecies);
  return <Tokens id={idOf(path)} label={title} hint={hintOf(path)} error={error} values={value} most={row.list} list={species} onWant={want}
    show={(name) => name} onAdd={(name) => value.includes(name) || set([...value, name])} onRemove={(i) => set(without(value, i))} />;
}

const NUMBER_OF = { w: "whc_id", r: "ramsar_number" };
const LIST_OF = { w: "World Heritage", r: "Ramsar" };

/** The listed sites of the country by name; any other by its own name, with its place if known. */
function Sites({ row, path, value = [], set, error, title, errorsAt, me }) {
  const [sites, want] = useWanted(() => loadSites(me.of));
  const list = sites.map(([kind, number, name]) => [`${LIST_OF[kind]} ${number}`, name, kind, number]);
  const put = (i, site) => set(value.map((s, j) => (j === i ? site : s)));
  return (
    <Tokens id={idOf(path)} label={title} hint={hintOf(path)} error={error} values={value} most={row.list} list={list} onWant={want} show={(s) => s.name}
      onAdd={(name, known) => set([...value, known ? { name: known[1], [NUMBER_OF[known[2]]]: known[3] } : { name }])}
      onRemove={(i) => set(without(value, i))}>
      {(site, i) => (
        <details open={errorsAt([...path, i]).length > 0}>
          <summary>{t("web.details")}</summary>
          {row.rows.map((r) => <Input row={r} path={[...path, i, r.name]} value={site[r.name]} set={(v) => put(i, { ...site, [r.name]: v })} errorsAt={errorsAt} me={me} />)}
        </details>
      )}
    </Tokens>
  );
}

function Topics({ row, path, value, set, error, title }) {
  const reference = useReference();
  const list = value || [];
  if (row.list)
    return <Tokens id={idOf(path)} label={title} hint={hintOf(path)} error={error} values={list} most={row.list} isFree={false} list={reference.topics}
      show={(code) => topicName(reference, code)} onAdd={(code) => list.includes(code) || set([...list, code])} onRemove={(i) => set(without(list, i))} />;
  return (
    <Field id={idOf(path)} label={title} hint={hintOf(path)} error={error}>
      {(more) => (
        <select value={value || ""} onChange={(e) => set(e.target.value)} {...more}>
          <option value="">{t("web.unsure")}</option>
          {reference.topics.map(([code, name]) => <option value={code}>{name}</option>)}
        </select>
      )}
    </Field>
  );
}

/** Texts of one line each. */
function Lines({ row, path, value = [], set, error, title }) {
  return (
    <Field id={idOf(path)} label={title} hint={[hintOf(path), t("web.one_a_line")].filter(Boolean).join(" ")} error={error}>
      {(more) => <textarea rows="3" dir={isLatin(row) ? "ltr" : "auto"} value={value.join("\n")} onInput={(e) => set(e.target.value ? e.target.value.split("\n") : [])} {...more} />}
    </Field>
  );
}

/** A group of fields; where there may be several, each can be taken away. */
function Group({ row, path, value, set, error, title, errorsAt, me }) {
  const list = row.list ? value || [] : [value || {}];
  const put = (i, v) => set(row.list ? list.map((x, j) => (j === i ? v : x)) : v);
  const one = (v, i) => row.rows.map((r) => (
    <Input row={r} path={row.list ? [...path, i, r.name] : [...path, r.name]} value={v[r.name]} set={(x) => put(i, { ...v, [r.name]: x })} errorsAt={errorsAt} me={me} />
  ));
  return (
    <fieldset class="field group" id={idOf(path)} tabindex="-1">
      <legend>{title}</legend>
      {hintOf(path) && <p class="hint">{hintOf(path)}</p>}
      {error && <p class="error">{error}</p>}
      {row.list ? list.map((v, i) => (
        <fieldset class="one">
          <legend>{t("web.nth", { n: formatNumber(i + 1), label: labelOf([...path, "one"]) })}</legend>
          <div class="grid">{one(v, i)}</div>
          <button type="button" onClick={() => set(without(list, i))}>{t("web.remove")}</button>
        </fieldset>
      )) : <div class="grid">{one(list[0], 0)}</div>}
      {row.list > 0 && list.length < row.list && <button type="button" onClick={() => set([...list, {}])}>{t("web.add_of", { label: labelOf([...path, "one"]) })}</button>}
    </fieldset>
  );
}

function Secretariat({ path, value, set, error, title }) {
  const { secretariats } = useReference();
  return (
    <Field id={idOf(path)} label={title} hint={hintOf(path)} error={error}>
      {(more) => (
        <select value={value || ""} onChange={(e) => set(e.target.value)} {...more}>
          <option value="">{t("web.none_chosen")}</option>
          {secretariats.map((code) => <option value={code}>{convention(code)}</option>)}
        </select>
      )}
    </Field>
  );
}

function Words({ row, path, value, set, error, title }) {
  const words = wordsOf(row);
  if (!row.list && (words.length > SHORT || path.length > 1))
    return (
      <Field id={idOf(path)} label={title} hint={hintOf(path)} error={error}>
        {(more) => (
          <select value={value || ""} onChange={(e) => set(e.target.value)} {...more}>
            <option value="">{t("web.none_chosen")}</option>
            {words.map((w) => <option value={w} lang={isLanguage(row) ? w : undefined}>{wordOf(row)(w)}</option>)}
          </select>
        )}
      </Field>
    );
  return <Choices id={idOf(path)} legend={title} hint={hintOf(path)} error={error} kind={row.list ? "checkbox" : "radio"}
    words={words} wordOf={wordOf(row)} value={value} onChange={set} />;
}

function YesNo({ path, value, set, error, title }) {
  return <Choices id={idOf(path)} legend={title} hint={hintOf(path)} error={error} kind="radio" words={[true, false]}
    wordOf={(w) => t(w ? "web.yes" : "web.no")} value={value ?? false} onChange={set} />;
}

function Typed({ row, path, value = "", set, error, title }) {
  const put = (e) => set(e.target.value);
  const isLong = row.kind === "text" && row.max > LONG && !isMail(row);
  return (
    <Field id={idOf(path)} label={title} hint={hintOf(path)} error={error}>
      {(more) =>
        row.kind === "date" ? <input type="date" dir="ltr" value={value} onInput={put} {...more} />
        : isLong ? (
          <>
            <textarea rows={row.max > 2000 ? 10 : 4} dir="auto" value={value} onInput={put} {...more} />
            <p class="hint count">{tn("web.letters", [...value].length)}</p>
          </>
        ) : <input type={isMail(row) ? "email" : "text"} inputmode={row.kind === "text" ? undefined : "decimal"} autocomplete={AUTOCOMPLETE[row.name] ?? "off"}
            class={row.kind === "text" && row.max > 40 ? undefined : "short"} dir={isLatin(row) || row.kind !== "text" ? "ltr" : "auto"} value={value} onInput={put} {...more} />}
    </Field>
  );
}

const OWN = { other_countries: Countries, species: Species, sites: Sites, main_topic: Topics, secondary_topics: Topics, attachments: Files };
const OF_KIND = { word: Words, secretariat: Secretariat, bool: YesNo, object: Group };

/** errorsAt(path): what is wrong there and below. */
export function Input({ row, path = [row.name], errorsAt, ...more }) {
  const wrong = errorsAt(path);
  const isWhole = row.kind !== "object";
  const View = OWN[row.name] ?? OF_KIND[row.kind] ?? (row.list ? Lines : Typed);
  return <View row={row} path={path} errorsAt={errorsAt} error={wrong.find((e) => isWhole || e.path.length === path.length)?.text}
    title={labelOf(path)} {...more} />;
}

/* --- shown, not asked --------------------------------------------------------------------------- */

function one(row, v, reference) {
  if (row.name === "attachments") return <span><bdi>{v.name}</bdi>{v.bytes && <small> {sizeOf(v.bytes)}</small>}</span>;
  switch (row.kind) {
    case "word": return wordOf(row)(v);
    case "bool": return t(v ? "web.yes" : "web.no");
    case "date": return formatDay(v);
    case "country": return countryName(reference, v);
    case "secretariat": return convention(v);
    case "count": case "number": return formatNumber(v);
    case "object":
      if (v.currency) return formatMoney(v.amount / 10 ** Math.max(0, minorOf(v.currency)), v.currency);
      return row.rows.filter((r) => !isEmpty(v[r.name])).map((r, i) => (
        <span>{i > 0 && " · "}{r.name !== "name" && r.name !== "text" && <small>{labelOf([row.name, r.name])}: </small>}<bdi>{one(r, v[r.name], reference)}</bdi></span>
      ));
    default: return /_topics?$/.test(row.name) ? topicName(reference, v) : <span class="said" dir="auto">{v}</span>;
  }
}

/** A field's value for reading. */
export function Value({ row, value }) {
  const reference = useReference();
  if (!row.list) return one(row, value, reference);
  if (row.kind === "word") return value.map(wordOf(row)).join(" · ");
  return <ul class="values">{value.map((v) => <li>{one(row, v, reference)}</li>)}</ul>;
}
