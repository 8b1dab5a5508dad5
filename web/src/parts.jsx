// The components that all views are made of.
import { useEffect, useRef, useState } from "preact/hooks";
import { convention, formatDistance, formatInstant, has, t } from "./words.js";
import { Problem, Unreachable, mayPass } from "./api.js";
import { onEvent } from "./live.js";

const AGAIN_MS = 10000; /* what may pass is read again */

export function Heading({ children }) {
  const ref = useRef();
  useEffect(() => ref.current.focus({ preventScroll: true }), []);
  useEffect(() => void (document.title = `${ref.current.textContent} – ${t("web.name")}`));
  return <h1 tabindex="-1" ref={ref}>{children}</h1>;
}

export const Time = ({ at }) => <time datetime={at} title={formatDistance(at)}>{formatInstant(at)}</time>;
export const Ref = ({ children }) => <bdi dir="ltr" class="ref">{children}</bdi>;
export const Tag = ({ kind, word }) => <span class={`tag ${kind}-${word}`}>{t(`${kind}.${word}`)}</span>;

/** What people wrote, in their own direction and language. */
export const Said = ({ text, lang }) => <p class="said" dir="auto" lang={lang}>{text}</p>;

export const Conv = ({ code }) => <span class={`conv c-${code}`}>{convention(code)}</span>;

export const isTurnOf = (r, me) => r.ball === me.role && (r.ball !== "secretariat" || !r.holder || r.holder === me.of);

/** Who must act, and until when, in one line. */
export function Ball({ request: r, me }) {
  if (!r.ball) return <p class="ball"><Tag kind="state" word={r.state} /></p>;
  const isMine = isTurnOf(r, me);
  const lead = r.holder || r.routing?.lead;
  const who = r.ball === "secretariat" && lead ? t("ball.held", { who: convention(lead) }) : t(`ball.${r.ball}`);
  const isLate = r.due_at && new Date(r.due_at) < Date.now();
  return (
    <p class={`ball ${isMine ? "mine" : ""} ${isLate ? "late" : ""}`}>
      <strong>{isMine ? t("ball.you") : who}</strong>
      {r.due_at && <> <span>{t(isLate ? "ball.late" : "ball.until")} <Time at={r.due_at} /> ({formatDistance(r.due_at)})</span></>}
    </p>
  );
}

export function Fault({ fault, retry }) {
  if (!fault) return null;
  const [title, text] = fault instanceof Unreachable ? [t("web.offline"), t("web.offline_hint")]
    : fault.type === "already-claimed" ? [fault.title, t("web.claimed_by", { who: convention(fault.doc.holder), time: formatInstant(fault.doc.since) })]
    : fault.status >= 500 ? [t("web.maintenance"), t("web.maintenance_hint")]
    : [fault.title || t("web.failed"), fault.message];
  return (
    <div role="alert" class="alert">
      <strong>{title}</strong>
      <p>{text}</p>
      {retry && <button type="button" onClick={retry}>{t("web.retry")}</button>}
    </div>
  );
}

/** Reads again when something happened; shows what it had while the link is away. */
export function useRead(load, deps, concerns = () => true) {
  const [state, set] = useState({ doc: null, fault: null, at: null });
  const run = useRef();
  useEffect(() => {
    let isGone = false;
    let timer = 0;
    set({ doc: null, fault: null, at: null });
    run.current = async () => {
      clearTimeout(timer);
      try {
        const doc = await load();
        if (!isGone) set({ doc, fault: null, at: new Date().toISOString() });
      } catch (fault) {
        if (isGone) return;
        set((s) => ({ ...s, fault }));
        if (mayPass(fault)) timer = setTimeout(run.current, AGAIN_MS);
      }
    };
    run.current();
    const soon = (what) => {
      if (what.id && !concerns(what)) return;
      clearTimeout(timer);
      timer = setTimeout(run.current, 300);
    };
    const off = onEvent(soon);
    return () => {
      isGone = true;
      clearTimeout(timer);
      off();
    };
  }, deps);
  return { ...state, again: () => run.current() };
}

/** Loading, failed, stale or ready. */
export function Shown({ state, children }) {
  const { doc, fault, at, again } = state;
  if (!doc && fault) return <Fault fault={fault} retry={again} />;
  if (!doc) return <p class="loading">{t("web.loading")}</p>;
  return (
    <>
      {fault && <div class="note"><span>{t("web.as_of")} <Time at={at} /></span> <button type="button" onClick={again}>{t("web.retry")}</button></div>}
      {children(doc)}
    </>
  );
}

/** What is wrong, on top of the form; each line leads to its field. */
export function ErrorSummary({ errors }) {
  const ref = useRef();
  useEffect(() => errors.length && ref.current.focus(), [errors]);
  if (!errors.length) return null;
  return (
    <div class="alert" role="alert" tabindex="-1" ref={ref}>
      <h2>{t("web.problem")}</h2>
      <ul>{errors.map((e) => <li><a href={`#${e.field}`} onClick={(event) => { event.preventDefault(); focusOn(e.field); }}>{e.label}: {e.text}</a></li>)}</ul>
    </div>
  );
}

/** A problem's faults by their JSON Pointer, as a form shows them. labelOf: of a path. */
export const errorsOf = (fault, labelOf, prefix = "f-") =>
  fault instanceof Problem
    ? fault.errors.map((e) => {
        const path = e.pointer.replace(/^#\//, "").split("/").map((p) => (/^\d+$/.test(p) ? Number(p) : p));
        return { path, name: path[0], field: prefix + path.join("-"), label: labelOf(path), text: e.detail };
      })
    : [];

/** The innermost element there is for it: a list's lines have none of their own. */
const focusOn = (id) => {
  const parts = id.split("-");
  while (parts.length > 1 && !document.getElementById(parts.join("-"))) parts.pop();
  const there = document.getElementById(parts.join("-"));
  there?.closest("details")?.setAttribute("open", "");
  there?.focus();
};

/** One field: label, hint, message, input. */
export function Field({ id, label, hint, error, children }) {
  return (
    <div class={`field ${error ? "wrong" : ""}`}>
      <label for={id}>{label}</label>
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      {error && <p class="error" id={`${id}-error`}>{error}</p>}
      {children({
        id, "aria-invalid": error ? "true" : undefined,
        "aria-describedby": [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined,
      })}
    </div>
  );
}

/** One of a few, or several of them. */
export function Choices({ id, legend, hint, error, kind, words, wordOf, value, onChange }) {
  const isOn = (w) => (kind === "radio" ? value === w : (value || []).includes(w));
  const flip = (w) => (kind === "radio" ? w : isOn(w) ? value.filter((x) => x !== w) : [...(value || []), w]);
  return (
    <fieldset class={`field ${error ? "wrong" : ""}`} id={id} tabindex="-1">
      <legend>{legend}</legend>
      {hint && <p class="hint">{hint}</p>}
      {error && <p class="error">{error}</p>}
      <div class="choices">
        {words.map((w) => (
          <label><input type={kind} name={id} value={w} checked={isOn(w)} onChange={() => onChange(flip(w))} /> <span>{wordOf(w)}</span></label>
        ))}
      </div>
    </fieldset>
  );
}

export const wordIn = (prefix) => (w) => (has(`${prefix}.${w}`) ? t(`${prefix}.${w}`) : w);
