// A country's views: its requests, a new one in steps, and the confirmation.
import { useEffect, useRef, useState } from "preact/hooks";
import forms from "liaison:forms";
import { formatDay, has, language, t, tn } from "./words.js";
import { post, read } from "./api.js";
import { Ball, Choices, ErrorSummary, Fault, Field, Heading, Ref, Shown, Tag, Time, errorsOf, useRead, wordIn } from "./parts.jsx";
import { Likely, Proposal } from "./routing.jsx";

const FIELDS = Object.fromEntries(forms.request.map((f) => [f.name, f]));
const LANGUAGES = { // in the order of the United Nations
  ar: "عربي", zh: "中文", en: "English", fr: "Français", ru: "Русский", es: "Español" };

/** What each step asks for; the limits are those of the protocol. */
const STEPS = [
  { name: "need", fields: ["language", "title", "description"] },
  { name: "help", fields: ["urgency", "assistance_kind", "needed_by", "already_done", "expected_result"] },
  { name: "people", fields: ["contact_name", "contact_email", "disclosure"] },
  { name: "check", fields: [] },
];
const WORDS_OF = { language: (w) => LANGUAGES[w], urgency: wordIn("urgency"), assistance_kind: wordIn("kind"), disclosure: wordIn("disclosure") };
const AUTOCOMPLETE = { contact_name: "name", contact_email: "email" };
const LONG = 200; /* code points from which a text gets several lines */

const label = (name) => (has(`field.${name}`) ? t(`field.${name}`) : name);
const hint = (name) => (has(`field.${name}.hint`) ? t(`field.${name}.hint`) : undefined);
const isEmpty = (v) => v == null || v === "" || (Array.isArray(v) && !v.length);
const bodyOf = (draft) => Object.fromEntries(Object.entries(draft).filter(([name, v]) => FIELDS[name] && !isEmpty(v)));

/** The protocol's own bounds, told before sending. */
function faultsOf(names, draft) {
  return names.flatMap((name) => {
    const f = FIELDS[name];
    const v = draft[name];
    const n = typeof v === "string" ? [...v.trim()].length : 0;
    const text = isEmpty(v)
      ? f.required && t("fault.required")
      : f.kind === "text" && (n < f.min || n > f.max) && t("fault.wrong_length", { min: f.min, max: f.max });
    return text ? [{ name, field: `f-${name}`, label: label(name), text }] : [];
  });
}

export function Own({ keep, me }) {
  const [waiting, setWaiting] = useState(keep.waiting());
  const state = useRead(() => read("/v1/requests?limit=50"), []);
  useEffect(() => keep.hear(() => {
    setWaiting(keep.waiting());
    state.again();
  }), []);
  const draft = keep.draft();
  return (
    <>
      <Heading>{t("web.own")}</Heading>
      <p class="acts"><a class="button main" href="#/new">{draft ? t("web.resume") : t("web.new")}</a></p>
      {waiting.length > 0 && (
        <section class="note">
          <h2>{t("web.waiting")}</h2>
          <ul>{waiting.map((w) => <li><span dir="auto">{w.body.title}</span> – {t("web.waiting_hint")}</li>)}</ul>
        </section>
      )}
      <Shown state={state}>
        {(doc) => doc.items.length ? (
          <>
            <p class="hint">{tn("list.count", doc.total.value)}</p>
            <ul class="cards">{doc.items.map((r) => (
              <li class="card">
                <h2><a href={`#/r/${r.id}`} dir="auto" lang={r.language}>{r.title}</a></h2>
                <p><Ref>{r.reference}</Ref> <Tag kind="state" word={r.state} /> {r.urgency !== "routine" && <Tag kind="urgency" word={r.urgency} />}</p>
                <Ball request={r} me={me} />
              </li>
            ))}</ul>
          </>
        ) : <p>{t("web.none_own")}</p>}
      </Shown>
    </>
  );
}

function Steps({ at }) {
  return (
    <ol class="steps">{STEPS.map((s, i) => (
      <li aria-current={i === at ? "step" : undefined} class={i < at ? "done" : ""}>
        {i < at ? <a href={`#/new/${s.name}`}>{t(`step.${s.name}`)}</a> : t(`step.${s.name}`)}
      </li>
    ))}</ol>
  );
}

function Input({ name, draft, set, error }) {
  const f = FIELDS[name];
  const id = `f-${name}`;
  const title = f.required ? label(name) : t("web.optional", { label: label(name) });
  if (f.kind === "word")
    return <Choices id={id} legend={title} hint={hint(name)} error={error} kind={f.list ? "checkbox" : "radio"}
      words={name === "language" ? Object.keys(LANGUAGES) : f.words} wordOf={WORDS_OF[name]} value={draft[name]} onChange={(v) => set(name, v)} />;
  const n = [...(draft[name] || "")].length;
  return (
    <Field id={id} label={title} hint={hint(name)} error={error}>
      {(more) => f.kind === "date" ? <input type="date" dir="ltr" value={draft[name]} onInput={(e) => set(name, e.target.value)} {...more} />
        : f.max > LONG && name !== "contact_email" ? (
          <>
            <textarea rows={f.max > 2000 ? 10 : 4} dir="auto" value={draft[name]} onInput={(e) => set(name, e.target.value)} {...more} />
            <p class="hint count">{tn("web.letters", n)}</p>
          </>
        ) : <input type={name === "contact_email" ? "email" : "text"} dir={name === "contact_email" ? "ltr" : "auto"} autocomplete={AUTOCOMPLETE[name]}
            value={draft[name]} onInput={(e) => set(name, e.target.value)} {...more} />}
    </Field>
  );
}

/** What the draft resembles and where it would go, asked again when its words have changed and the
    writer rests. Nothing of it is stored. */
function useAssessment(draft, me) {
  const [result, set] = useState({});
  const text = JSON.stringify([draft.language, draft.title, draft.description, draft.urgency]);
  useEffect(() => {
    if (faultsOf(["language", "title", "description"], draft).length) return set({});
    let isOld = false;
    const timer = setTimeout(() => {
      post("/v1/requests:assess", { ...bodyOf(draft), country: me.of })
        .then((doc) => isOld || set({ doc }), (fault) => isOld || set((r) => ({ ...r, fault })));
    }, 900);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [text]);
  return result;
}

export function New({ me, keep, place }) {
  const at = Math.max(0, STEPS.findIndex((s) => s.name === place[1]));
  const step = STEPS[at];
  const [draft, setDraft] = useState(() => keep.draft() || { language, urgency: "routine", disclosure: "routed" });
  const [errors, setErrors] = useState([]);
  const [saved, setSaved] = useState(null);
  const [sent, setSent] = useState(null);
  const [fault, setFault] = useState(null);
  const assessment = useAssessment(draft, me);
  const sentRef = useRef();

  const set = (name, value) => {
    const next = { ...draft, [name]: value };
    setDraft(next);
    keep.saveDraft(next);
    setSaved(new Date().toISOString());
  };
  const errorOf = (name) => errors.find((e) => e.name === name)?.text;
  const go = (event) => {
    event.preventDefault();
    const wrong = faultsOf(step.fields, draft);
    setErrors(wrong);
    if (!wrong.length) location.hash = `#/new/${STEPS[at + 1].name}`;
  };
  useEffect(() => keep.hear((what) => {
    const one = what.sent || what.waits || what.refused;
    if (one?.key !== sentRef.current) return;
    if (what.sent) location.hash = `#/sent/${what.request.id}`;
    if (what.waits) setSent("waits");
    if (what.refused) {
      setSent(null);
      setFault(what.fault);
      setErrors(errorsOf(what.fault, label));
    }
  }), []);
  const send = (event) => {
    event.preventDefault();
    const wrong = faultsOf(STEPS.flatMap((s) => s.fields), draft);
    setErrors(wrong);
    if (wrong.length || sent) return;
    setFault(null);
    setSent("sending");
    sentRef.current = keep.send({ ...bodyOf(draft), country: me.of });
  };
  const addTo = (pair) => set("join", draft.join === pair.reference ? undefined : pair.reference);

  if (sent === "waits")
    return (
      <>
        <Heading>{t("web.queued")}</Heading>
        <p>{t("web.queued_hint")}</p>
        <p><a class="button" href="#/own">{t("web.own")}</a></p>
      </>
    );
  return (
    <div class="with-aside">
      <form onSubmit={step.name === "check" ? send : go} novalidate>
        <Steps at={at} />
        <Heading>{errors.length ? t("web.error_title", { title: t(`step.${step.name}`) }) : t(`step.${step.name}`)}</Heading>
        <ErrorSummary errors={errors} />
        {fault && !errors.length && <Fault fault={fault} />}
        {step.fields.map((name) => <Input name={name} draft={draft} set={set} error={errorOf(name)} />)}
        {step.name === "check" && <Check draft={draft} />}
        <p class="acts">
          {at > 0 && <a class="button" href={`#/new/${STEPS[at - 1].name}`}>{t("web.back")}</a>}
          <button class="main" disabled={sent === "sending"}>{step.name === "check" ? t(sent ? "web.sending" : "web.send") : t("web.next")}</button>
        </p>
        <p class="hint" role="status">{saved ? <>{t("web.saved")} <Time at={saved} /></> : t("web.saved_here")}</p>
      </form>
      <aside aria-label={t("web.preview")}>
        <Fault fault={assessment.fault} />
        {assessment.doc?.duplicates.length > 0 && <Likely pairs={assessment.doc.duplicates} chosen={draft.join} onChoose={addTo} />}
        {assessment.doc ? <Proposal routing={assessment.doc.routing} /> : <p class="hint">{t("web.preview_hint")}</p>}
      </aside>
    </div>
  );
}

function Check({ draft }) {
  const shown = (name, v) => isEmpty(v) ? <em>{t("web.not_given")}</em>
    : FIELDS[name].kind === "date" ? formatDay(v)
    : FIELDS[name].kind === "word" ? [v].flat().map(WORDS_OF[name]).join(" · ")
    : <span class="said" dir="auto">{v}</span>;
  return (
    <dl class="check">
      {STEPS.flatMap((s) => s.fields.map((name) => (
        <div>
          <dt>{label(name)}</dt>
          <dd>{shown(name, draft[name])}</dd>
          <dd class="change"><a href={`#/new/${s.name}`} aria-label={t("web.change_of", { label: label(name) })}>{t("web.change")}</a></dd>
        </div>
      )))}
      {draft.join && <div><dt>{t("field.join")}</dt><dd><Ref>{draft.join}</Ref></dd></div>}
    </dl>
  );
}

export function Sent({ place, me }) {
  const id = place[1];
  const state = useRead(() => read(`/v1/requests/${id}`), [id], (what) => what.id === id);
  return (
    <>
      <Heading>{t("web.sent")}</Heading>
      <Shown state={state}>
        {(r) => (
          <>
            <p class="panel">{t("web.your_reference")} <strong><Ref>{r.reference}</Ref></strong></p>
            <Ball request={r} me={me} />
            <p>{t("web.sent_hint")}</p>
            <p class="acts">
              <a class="button main" href={`#/r/${r.id}`}>{t("web.open")}</a>
              <button type="button" onClick={() => print()}>{t("web.print")}</button>
            </p>
          </>
        )}
      </Shown>
    </>
  );
}
