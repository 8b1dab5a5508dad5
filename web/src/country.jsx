// A country's views: its requests, a new one in steps, and the confirmation.
import { useEffect, useRef, useState } from "preact/hooks";
import { has, language, t, tn } from "./words.js";
import { post, read } from "./api.js";
import { Ball, ErrorSummary, Fault, Heading, Ref, Shown, Tag, Time, errorsOf, useRead } from "./parts.jsx";
import { Likely, Proposal } from "./routing.jsx";
import { Input, Value, idOf, labelOf } from "./form.jsx";
import { ROWS, bodyOf, faultsOf, isAsked, isEmpty } from "./field.js";
import { STEPS, fieldsOf } from "./steps.js";

const WEIGHED = STEPS.filter((s) => ["need", "help", "place", "before"].includes(s.name)).flatMap(fieldsOf);

/** What is wrong with these fields of the draft, each with the place it stands at. */
const errorsIn = (names, draft) => names.filter((name) => isAsked(name, draft)).flatMap((name) =>
  faultsOf(ROWS[name], draft[name]).map((e) => ({ ...e, field: idOf(e.path), label: labelOf(e.path) })));

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

/** Where one is, and what is there already; any step can be gone to, as nothing is lost. */
function Steps({ at, draft }) {
  return (
    <ol class="steps">{STEPS.map((s, i) => {
      const isDone = i < STEPS.length - 1 && fieldsOf(s).some((name) => !isEmpty(draft[name])) && !errorsIn(fieldsOf(s), draft).length;
      return (
        <li class={isDone ? "done" : ""}>
          {i === at ? <span aria-current="step">{t(`step.${s.name}`)}</span> : <a href={`#/new/${s.name}`}>{t(`step.${s.name}`)}</a>}
          {isDone && <span class="tick" role="img" aria-label={t("web.step_done")}>✓</span>}
        </li>
      );
    })}</ol>
  );
}

/** What the draft resembles and where it would go, asked again when its words have changed and the
    writer rests. Nothing of it is stored. */
function useAssessment(draft, me) {
  const [result, set] = useState({});
  const body = bodyOf(Object.fromEntries(WEIGHED.map((name) => [name, draft[name]])));
  const text = JSON.stringify(body);
  useEffect(() => {
    if (errorsIn(["language", "title", "description"], draft).length) return set({});
    let isOld = false;
    const timer = setTimeout(() => {
      post("/v1/requests:assess", { ...body, country: me.of })
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
  const errorsAt = (path) => errors.filter((e) => path.every((p, i) => String(e.path[i]) === String(p)));
  const go = (event) => {
    event.preventDefault();
    const wrong = errorsIn(fieldsOf(step), draft);
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
      setErrors(errorsOf(what.fault, labelOf));
    }
  }), []);
  const send = (event) => {
    event.preventDefault();
    const wrong = errorsIn(STEPS.flatMap(fieldsOf), draft);
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
        <Steps at={at} draft={draft} />
        <Heading>{errors.length ? t("web.error_title", { title: t(`step.${step.name}`) }) : t(`step.${step.name}`)}</Heading>
        <ErrorSummary errors={errors} />
        {fault && !errors.length && <Fault fault={fault} />}
        {step.parts.length > 0 && <p class="hint">{t(fieldsOf(step).some((name) => ROWS[name].required) ? "web.needed" : "web.all_optional")}</p>}
        {step.parts.map((part) => (
          <>
            {part.name && <h2>{t(`part.${part.name}`)}</h2>}
            {part.fields.filter((name) => isAsked(name, draft)).map((name) => (
              <Input key={name} row={ROWS[name]} value={draft[name]} set={(v) => set(name, v)} errorsAt={errorsAt} me={me} />
            ))}
          </>
        ))}
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
  const body = bodyOf(draft);
  const asked = (s) => fieldsOf(s).filter((name) => isAsked(name, draft));
  const isGiven = (name) => body[name] !== undefined;
  return (
    <>
      {STEPS.filter((s) => s.parts.length).map((s) => (
        <section>
          <h2>{t(`step.${s.name}`)} <a class="change" href={`#/new/${s.name}`} aria-label={t("web.change_of", { label: t(`step.${s.name}`) })}>{t("web.change")}</a></h2>
          <dl class="check">
            {asked(s).filter(isGiven).map((name) => (
              <div><dt>{labelOf([name])}</dt><dd><Value row={ROWS[name]} value={body[name]} /></dd></div>
            ))}
            {!asked(s).every(isGiven) && (
              <div><dt>{t("web.not_given")}</dt><dd><em>{asked(s).filter((name) => !isGiven(name)).map((name) => labelOf([name])).join(" · ")}</em></dd></div>
            )}
          </dl>
        </section>
      ))}
      {draft.join && <dl class="check"><div><dt>{t("field.join")}</dt><dd><Ref>{draft.join}</Ref></dd></div></dl>}
    </>
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
