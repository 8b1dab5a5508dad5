// One request, for whoever may read it: who has the ball, what was said, what can be done now.
import { useEffect, useState } from "preact/hooks";
import forms from "liaison:forms";
import { convention, formatInstant, has, t } from "./words.js";
import { post, read } from "./api.js";
import { keepWords, keptWords } from "./keep.js";
import { Ball, Choices, Conv, ErrorSummary, Fault, Field, Heading, Ref, Said, Shown, Tag, Time, errorsOf, isTurnOf, useRead, wordIn } from "./parts.jsx";
import { Likely, Proposal } from "./routing.jsx";
import { Value, labelOf as fieldLabel } from "./form.jsx";
import { ROWS, isEmpty } from "./field.js";
import { STEPS, fieldsOf } from "./steps.js";
import { sizeOf } from "./files.jsx";
import { Country } from "./reference.jsx";

const SAID = ["question", "reply", "plan", "amendment", "answer"];
const ROOM = 300; /* code points from which a text gets several lines */
const wordsOf = (field) => wordIn(field === "role" ? "part" : field);
const UNSAID = ["no_reply"]; /* an outcome that only time brings */

/** Where a member of an action's body is chosen by pressing its word: decline, in two clicks. */
const pressed = (fields) => fields.find((f) => f.kind === "word" && f.required);
const labelIn = (action) => ([name]) => has(`say.${action}.${name}`) ? t(`say.${action}.${name}`) : has(`say.${name}`) ? t(`say.${name}`) : t(`field.${name}`);
const happened = (h) => (has(`action.${h.action}`) ? t(`action.${h.action}`) : t(`state.${h.to}`));
const actorName = (who) => {
  const [role, of] = who.split(":");
  return role === "secretariat" ? convention(of) : role === "country" ? of : t(`role.${role}`);
};

function OtherField({ request: r, value, onChange, more }) {
  const known = [...(r.duplicates || []), ...(r.related || [])];
  return (
    <>
      <input dir="ltr" list="others" value={value} onInput={(e) => onChange(e.target.value)} {...more} />
      <datalist id="others">{known.map((o) => <option value={o.reference}>{o.title || ""}</option>)}</datalist>
    </>
  );
}

function useSecretariats(wanted) {
  const [codes, set] = useState([]);
  useEffect(() => void (wanted && read("/v1/secretariats").then((doc) => set(doc.items.map((s) => s.code)), () => {})), [wanted]);
  return codes;
}

export function ActionForm({ request: r, action, me, preset = {}, onDone, onCancel }) {
  const fields = forms.actions[action].filter((f) => f.name !== "epoch" && f.name !== "not_duplicate_of");
  const offer = r.offers?.find((o) => o.secretariat === me.of);
  const [doc, setDoc] = useState({ ...(action === "claim" && offer ? { role: offer.role } : {}), ...preset, ...keptWords(me.who, r.id, action) });
  const [version, setVersion] = useState(r.version); // that the reader had before them
  const [fault, setFault] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const codes = useSecretariats(fields.some((f) => f.kind === "secretariat"));
  const press = pressed(fields);
  const labelOf = labelIn(action);
  const name = (member) => labelOf([member]);
  const errors = errorsOf(fault, labelOf, "a-");
  const keep = (words) => keepWords(me.who, r.id, action, words);
  const set = (field, value) => {
    const next = { ...doc, [field]: value === "" ? undefined : value };
    setDoc(next);
    keep(next);
  };

  const send = async (event, more = {}) => {
    event.preventDefault();
    const body = Object.fromEntries(Object.entries({ ...doc, ...more }).filter(([, v]) => v !== undefined));
    if (r.claim && forms.actions[action].some((f) => f.name === "epoch")) body.epoch = r.claim.epoch;
    setBusy(true);
    try {
      await post(`/v1/requests/${r.id}/${action}`, body, action === "claim" ? {} : { "If-Match": `"r${version}"` });
      keep(null);
      onDone(action);
    } catch (f) {
      setFault(f);
      setBusy(false);
      if (f.status === 409 || f.status === 412) onDone(null);
    }
  };

  const input = (f) => {
    const id = `a-${f.name}`;
    const error = errors.find((e) => e.name === f.name)?.text;
    const title = f.required ? name(f.name) : t("web.optional", { label: name(f.name) });
    const words = f.kind === "secretariat" ? codes : f.words;
    if (f === press || f.kind === "object") return null;
    if (f.kind === "count" && f.list) {
      const items = (r.items || []).filter((i) => i.number);
      return items.length > 0 && <Choices id={id} legend={title} error={error} kind="checkbox" words={items.map((i) => String(i.number))}
        wordOf={(n) => `${n}. ${items[n - 1].text || ""}`} value={(doc[f.name] || []).map(String)} onChange={(v) => set(f.name, v.length ? v.map(Number) : undefined)} />;
    }
    if (f.kind === "bool")
      return <p><label><input type="checkbox" id={id} checked={!!doc[f.name]} onChange={(e) => set(f.name, e.target.checked || undefined)} /> {name(f.name)}</label></p>;
    if (f.kind === "word" || (f.kind === "secretariat" && f.list))
      return <Choices id={id} legend={title} error={error} kind={f.list ? "checkbox" : "radio"} words={words}
        wordOf={f.kind === "word" ? wordsOf(f.name) : convention} value={doc[f.name]} onChange={(v) => set(f.name, v)} />;
    return (
      <Field id={id} label={title} error={error}>
        {(more) =>
          f.kind === "secretariat" ? (
            <select value={doc[f.name] || ""} onChange={(e) => set(f.name, e.target.value)} {...more}>
              <option value=""></option>
              {words.map((w) => <option value={w}>{convention(w)}</option>)}
            </select>
          ) : f.kind === "count" ? <input type="number" dir="ltr" min={f.min} max={f.max} value={doc[f.name]} onInput={(e) => set(f.name, e.target.value && Number(e.target.value))} {...more} />
          : f.kind === "date" ? <input type="date" dir="ltr" value={doc[f.name]} onInput={(e) => set(f.name, e.target.value)} {...more} />
          : f.name === "other" ? <OtherField request={r} value={doc.other} onChange={(v) => set("other", v)} more={more} />
          : f.max > ROOM ? <textarea rows="5" dir="auto" value={doc[f.name]} onInput={(e) => set(f.name, e.target.value)} {...more} />
          : <input dir="auto" value={doc[f.name]} onInput={(e) => set(f.name, e.target.value)} {...more} />}
      </Field>
    );
  };

  return (
    <form onSubmit={(e) => (press ? e.preventDefault() : send(e))} novalidate class="action" aria-label={t(`action.${action}`)}>
      <h3>{t(`action.${action}`)}</h3>
      <ErrorSummary errors={errors} />
      {fault?.type === "stale-version" ? <Changed request={r} since={version} onSeen={(now) => { setVersion(now); setFault(null); }} />
        : fault && !errors.length && <Fault fault={fault} />}
      {press && (
        <div role="group" aria-label={name(press.name)} class="presses" id={`a-${press.name}`} tabindex="-1">
          <p class="label">{name(press.name)}</p>
          {press.words.filter((w) => !UNSAID.includes(w)).map((w) => (
            <button type="button" disabled={isBusy} onClick={(e) => send(e, { [press.name]: w })}>{wordsOf(press.name)(w)}</button>
          ))}
        </div>
      )}
      {fields.map(input)}
      <p class="acts">
        {!press && <button class="main" disabled={isBusy}>{t(`action.${action}`)}</button>}
        <button type="button" onClick={() => { keep(null); onCancel(); }}>{t("web.cancel")}</button>
      </p>
    </form>
  );
}

/** Somebody was faster: what has happened since, and that one's words are still there. */
function Changed({ request: r, since, onSeen }) {
  const state = useRead(() => read(`/v1/requests/${r.id}/history`), [r.version]);
  return (
    <div class="alert" role="alert">
      <strong>{t("web.changed")}</strong>
      {state.doc && <ul>{state.doc.items.filter((h) => h.version > since).map((h) => (
        <li>{t("web.changed_last", { action: happened(h), who: actorName(h.actor), time: formatInstant(h.at) })}</li>
      ))}</ul>}
      <p>{t("web.changed_hint")}</p>
      <button type="button" onClick={() => onSeen(r.version)}>{t("web.changed_go_on")}</button>
    </div>
  );
}

/** The buttons are what the service allows this reader now. What needs no words is done at once. */
export function Actions({ request: r, me, onDone }) {
  const [open, setOpen] = useState(null);
  const [fault, setFault] = useState(null);
  if (!r.allowed_actions.length) return null;
  const offer = r.offers?.find((o) => o.secretariat === me.of);
  const isPlain = (action) => action === "claim" && offer?.role === "lead";
  const begin = async (action) => {
    setFault(null);
    if (!isPlain(action)) return setOpen(action);
    try {
      await post(`/v1/requests/${r.id}/${action}`, {});
      onDone(action);
    } catch (f) {
      setFault(f);
      onDone(null);
    }
  };
  const word = (action) => t(action === "claim" && offer?.role === "support" ? "web.claim_support" : `action.${action}`);
  return (
    <section class="actions" aria-label={t("web.actions")}>
      <h2>{t("web.actions")}</h2>
      <Fault fault={fault} />
      <p class="acts">
        {r.allowed_actions.map((action, i) => (
          <button type="button" class={i === 0 && isTurnOf(r, me) ? "main" : ""} aria-expanded={isPlain(action) ? undefined : open === action} onClick={() => begin(action)}>{word(action)}</button>
        ))}
      </p>
      {open && r.allowed_actions.includes(open) && (
        <ActionForm key={open} request={r} action={open} me={me} onCancel={() => setOpen(null)}
          onDone={(done) => { if (done) setOpen(null); onDone(done); }} />
      )}
    </section>
  );
}

function Offers({ request: r }) {
  const offers = (r.offers || []).filter((o) => o.secretariat);
  if (!offers.length) return null;
  return (
    <section>
      <h2>{t("web.offers")}</h2>
      <ul class="plain">
        {offers.map((o) => (
          <li>
            <Conv code={o.secretariat} /> <small>{t(`part.${o.role}`)}</small> <Tag kind="offer" word={o.state} />
            {o.reason && <> <small>{t(`reason.${o.reason}`)}</small></>}
            {o.expires_at && <> <small>{t("ball.until")} <Time at={o.expires_at} /></small></>}
          </li>
        ))}
      </ul>
      {r.claim && <p class="hint">{t("web.held", { who: convention(r.claim.holder) })} <Time at={r.claim.since} />{r.claim.lease_expires_at && <> · {t("web.lease")} <Time at={r.claim.lease_expires_at} /></>}</p>}
    </section>
  );
}

function Story({ id, version }) {
  const [isOpen, setOpen] = useState(false);
  const state = useRead(async () => (isOpen ? read(`/v1/requests/${id}/history`) : { items: [] }), [id, isOpen, version], () => false);
  return (
    <details onToggle={(e) => setOpen(e.target.open)}>
      <summary>{t("web.history")}</summary>
      {isOpen && (
        <Shown state={state}>
          {(doc) => (
            <ol class="story">
              {doc.items.map((h) => (
                <li>
                  <Time at={h.at} /> · <bdi>{actorName(h.actor)}</bdi> · {happened(h)}
                  {h.reason && <> · {t(`reason.${h.reason}`)}</>}
                  {h.outcome && <> · {t(`outcome.${h.outcome}`)}</>}
                  {h.text && <Said text={h.text} />}
                </li>
              ))}
            </ol>
          )}
        </Shown>
      )}
    </details>
  );
}

/* Told elsewhere on the page: in its heading, or as files to fetch. */
const TOLD_ABOVE = ["language", "title", "description", "urgency", "attachments"];
const TOLD = STEPS.flatMap(fieldsOf).filter((name) => !TOLD_ABOVE.includes(name));

/** The people's words and what was answered; also one half of a pair. */
export function Text({ request: r, mark = (text) => text }) {
  if (r.withheld && !r.title) return <p class="note">{t("web.withheld")}</p>;
  return (
    <>
      <p class="said" dir="auto" lang={r.language}>{mark(r.description || "")}</p>
      <dl class="answers">
        {TOLD.filter((name) => !isEmpty(r[name])).map((name) => (
          <div><dt>{fieldLabel([name])}</dt><dd lang={ROWS[name].kind === "text" ? r.language : undefined}><Value row={ROWS[name]} value={r[name]} /></dd></div>
        ))}
      </dl>
      {r.attachments?.length > 0 && (
        <>
          <h3>{fieldLabel(["attachments"])}</h3>
          <ul class="values">{r.attachments.map((a) => (
            <li><a href={`/v1/requests/${r.id}/attachments/${a.id}`} download={a.name || ""}><bdi>{a.name || a.id}</bdi></a>{a.bytes && <small> {sizeOf(a.bytes)}</small>}</li>
          ))}</ul>
        </>
      )}
    </>
  );
}

export function Request({ me, place, say }) {
  const id = place[1];
  const state = useRead(() => read(`/v1/requests/${id}`), [id], (what) => what.id === id);
  const done = (action) => {
    if (action) say(t("web.done", { action: t(`action.${action}`) }));
    state.again();
  };
  const pairHref = me.role === "coordinator" ? (p) => `#/pair/${id}/${p.id}` : undefined;
  return (
    <Shown state={state}>
      {(r) => (
        <article>
          <p class="over"><Ref>{r.reference}</Ref> · <Country code={r.country} /> · <Time at={r.submitted_at} /></p>
          <Heading><span dir="auto" lang={r.language}>{r.title || t("web.untitled")}</span></Heading>
          <p><Tag kind="state" word={r.state} /> <Tag kind="urgency" word={r.urgency} />{r.outcome && <> <Tag kind="outcome" word={r.outcome} /></>}</p>
          <Ball request={r} me={me} />
          {r.merged_into && <p class="note">{t("state.merged")}: <a href={`#/r/${r.merged_into.id}`}><Ref>{r.merged_into.reference}</Ref></a></p>}
          {SAID.map((name) => r[name] && (
            <section class={`word word-${name}`}>
              <h2>{t(`said.${name}`)} <small><bdi>{actorName(r[name].by)}</bdi>, <Time at={r[name].at} /></small></h2>
              <Said text={r[name].text} />
            </section>
          ))}
          {r.contributions?.map((c) => (
            <section class="word">
              <h2>{t("said.contribution")} <small><bdi>{actorName(c.by)}</bdi>, <Time at={c.at} /></small></h2>
              <Said text={c.text} />
            </section>
          ))}
          <Actions request={r} me={me} onDone={done} />
          <div class="with-aside">
            <section><h2>{t("web.text")}</h2><Text request={r} /></section>
            <aside aria-label={t("web.route")}>
              <Offers request={r} />
              {r.duplicates?.length > 0 && <Likely pairs={r.duplicates} heading="web.likely_here" href={pairHref} />}
              {r.related?.length > 0 && <Likely pairs={r.related} heading="web.related" href={pairHref} />}
              {r.merged?.length > 0 && <Likely pairs={r.merged} heading="web.merged" />}
              {r.links?.length > 0 && <Likely pairs={r.links} heading="web.links" />}
              <Proposal routing={r.routing} />
            </aside>
          </div>
          <Story id={id} version={r.version} />
          <p class="acts"><button type="button" onClick={() => print()}>{t("web.print")}</button></p>
        </article>
      )}
    </Shown>
  );
}
