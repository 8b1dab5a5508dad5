// Queue health for those who keep it running: numbers, what they were for up to ninety days, with the oldest
// age on the axis of the waits, and what operators may switch, each after a second press.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { convention, formatInstant, formatNumber, formatSpan, formatTick, t, tn } from "./words.js";
import { call, post, read } from "./api.js";
import { Fault, Heading, Time } from "./parts.jsx";

const EVERY_MS = 5000;
const STALLED_S = 10;
const HEIGHT = 200;
const RANGES = ["1h", "24h", "7d", "90d"];
const SECONDS = { "1h": 3600, "24h": 86400, "7d": 604800, "90d": 7776000 };
const LIVE_MAX = 720; /* looks kept on the page */
const SHOWN_N = 12; /* rows of the table under a plot */

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Work waits, and nobody does it. Percentiles come from finished work only: they would not show it. */
const isStalled = (q) => q.stalled || (!q.paused && q.waiting + q.pending > 0 && q.oldest_age_seconds > STALLED_S && q.out_rate === 0);
const stateOf = (q) => (q.paused ? ["warn", "paused"] : isStalled(q) ? ["bad", "stalled"] : ["good", "flowing"]);

/* --- plots -------------------------------------------------------------------------------------- */

function Plot({ label, series, samples, seconds }) {
  const box = useRef();
  const plot = useRef();
  const span = useRef(seconds);
  span.current = seconds;
  useEffect(() => {
    const [ink, line] = ["--ink", "--line"].map((name) => () => colour(name)); // asked at each drawing: light may become dark
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
    plot.current = new uPlot({
      width: box.current.clientWidth, height: HEIGHT, legend: { show: true, live: false }, cursor: { show: false },
      scales: {
        x: { range: (u) => [(u.data[0].at(-1) ?? Date.now() / 1000) - span.current, u.data[0].at(-1) ?? Date.now() / 1000] },
        y: { range: (u, min, max) => [0, Math.max(1, (max || 0) * 1.1)] },
      },
      axes: [{ ...axis, values: (u, ticks) => ticks.map((at) => formatTick(at * 1000, span.current > SECONDS["24h"])) }, { ...axis, size: 60 }],
      series: [{}, ...series.map((s) => ({ label: t(s.word), stroke: () => colour(s.colour), width: 2, dash: s.dash, spanGaps: false, points: { show: false } }))],
    }, [[], ...series.map(() => [])], box.current);
    const fit = new ResizeObserver(() => plot.current.setSize({ width: box.current.clientWidth, height: HEIGHT }));
    fit.observe(box.current);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => plot.current.redraw();
    scheme.addEventListener("change", redraw);
    return () => {
      fit.disconnect();
      scheme.removeEventListener("change", redraw);
      plot.current.destroy();
    };
  }, []);
  useEffect(() => plot.current.setData([samples.map((s) => s.at), ...series.map((s) => samples.map((x) => x[s.of]))]), [samples]);
  return <figure><figcaption>{label}</figcaption><div ref={box} dir="ltr" role="img" aria-label={label}></div></figure>;
}

const SPEED = [
  { word: "board.oldest", colour: "--bad", of: "oldest_age_seconds", dash: [6, 3] },
  { word: "board.p50", colour: "--accent", of: "wait_p50_seconds" },
  { word: "board.p95", colour: "--warn", of: "wait_p95_seconds" },
];
const DEPTH = [{ word: "board.depth", colour: "--accent", of: "depth" }];

const named = (columns, row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]));
const lookAt = (doc, q) => ({
  at: Date.parse(doc.as_of) / 1000, depth: q.depth, oldest_age_seconds: q.oldest_age_seconds,
  wait_p50_seconds: q.wait_seconds.p50, wait_p95_seconds: q.wait_seconds.p95,
});

/** What was stored, and behind it what this page has seen itself. */
function Plots({ queue, range, live }) {
  const [history, setHistory] = useState(null);
  const [fault, setFault] = useState(null);
  useEffect(() => {
    let isGone = false;
    read(`/v1/queue/history?range=${range}`).then((doc) => isGone || setHistory(doc), (f) => isGone || setFault(f));
    return () => (isGone = true);
  }, [range]);
  const stored = history?.queues.find((q) => q.name === queue)?.samples.map((row) => named(history.columns, row)) ?? [];
  const last = stored.at(-1)?.at ?? 0;
  const samples = [...stored, ...live.filter((s) => s.at > last + (history?.step_seconds ?? 0))];
  const seconds = SECONDS[range];
  return (
    <>
      <Fault fault={fault} />
      <Plot label={t("board.plot_speed")} series={SPEED} samples={samples} seconds={seconds} />
      <Plot label={t("board.plot_depth")} series={DEPTH} samples={samples} seconds={seconds} />
      <details>
        <summary>{t("board.as_table")}</summary>
        <Table caption={t("board.latest")} heads={[t("board.time"), t("board.depth"), t("board.oldest"), t("board.p50"), t("board.p95")]}
          rows={stored.slice(-SHOWN_N).reverse().map((s) => [formatInstant(s.at * 1000), formatNumber(s.depth), formatSpan(s.oldest_age_seconds), formatSpan(s.wait_p50_seconds), formatSpan(s.wait_p95_seconds)])} />
      </details>
    </>
  );
}

function Table({ caption, heads, rows }) {
  return (
    <div class="wide" tabindex="0" role="region" aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead><tr>{heads.map((h) => <th scope="col">{h}</th>)}</tr></thead>
        <tbody>{rows.map((cells) => <tr>{cells.map((c, i) => (i === 0 ? <th scope="row">{c}</th> : <td>{c}</td>))}</tr>)}</tbody>
      </table>
    </div>
  );
}

/* --- what operators do -------------------------------------------------------------------------- */

/** A button that asks once more; typed: that must be written before. */
function Sure({ word, label, typed, onDo }) {
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    await onDo();
    setBusy(false);
    setOpen(false);
    setText("");
  };
  if (!isOpen) return <button type="button" aria-label={label && `${t(word)}: ${label}`} onClick={() => setOpen(true)}>{t(word)}</button>;
  return (
    <span class="sure" role="group" aria-label={t(word)}>
      <span>{t(typed ? "board.type_id" : "board.sure")}</span>
      {typed && <input dir="ltr" aria-label={t("board.type_id")} value={text} onInput={(e) => setText(e.target.value)} />}
      <button type="button" class="main" disabled={isBusy || (typed && text.trim() !== typed)} onClick={run}>{t(word)}</button>
      <button type="button" onClick={() => setOpen(false)}>{t("web.cancel")}</button>
    </span>
  );
}

function Dead({ act, n }) {
  const [items, setItems] = useState(null);
  const [fault, setFault] = useState(null);
  const load = () => read("/v1/dead-letters").then((doc) => setItems(doc.items), setFault);
  useEffect(() => void load(), [n]);
  const one = (id) => `/v1/dead-letters/${encodeURIComponent(id)}`;
  /** All of them; those that cannot be had any more are told. */
  const all = () => act("board.requeued", async () => {
    const done = await Promise.all(items.map((d) => post(`${one(d.id)}/requeue`, {}).then(() => 1, () => 0)));
    const skipped = done.filter((x) => !x).length;
    return skipped ? tn("board.skipped", skipped) : undefined;
  }).then(load);
  return (
    <section>
      <h2>{t("board.dead")}</h2>
      <Fault fault={fault} />
      {items && !items.length && <p>{t("board.none_dead")}</p>}
      {items?.length > 1 && <p><Sure word="board.requeue_all" onDo={all} /></p>}
      {items?.length > 0 && <Table caption={t("board.dead")} heads={[t("board.request"), t("board.since"), t("board.act")]}
        rows={items.map((d) => [<bdi dir="ltr" class="ref">{d.id}</bdi>, <Time at={d.since} />,
          <span class="acts">
            <Sure word="board.requeue" label={d.id} onDo={() => act("board.requeued", () => post(`${one(d.id)}/requeue`, {})).then(load)} />
            <Sure word="board.delete" label={d.id} typed={d.id} onDo={() => act("board.deleted", () => call("DELETE", one(d.id))).then(load)} />
          </span>])} />}
    </section>
  );
}

function Intake({ intake, act, canAct }) {
  const put = (what, body) => () => act("board.done", () => post(`/v1/queue/${what}`, body));
  return (
    <section>
      <h2>{t("queue.intake")} <span class={`tag ${intake.paused ? "warn" : "good"}`}>{t(intake.drained ? "board.drained" : intake.paused ? "board.closed" : "board.open")}</span></h2>
      {intake.paused && <p class="hint">{t("board.since")} <Time at={intake.paused_since} /></p>}
      {canAct && (
        <p class="acts">
          {intake.paused ? <Sure word="board.open_intake" onDo={put("resume", { queue: "intake" })} />
            : <><Sure word="board.close_intake" onDo={put("pause", { queue: "intake" })} /><Sure word="board.drain" onDo={put("drain", {})} /></>}
        </p>
      )}
    </section>
  );
}

function Queue({ queue: q, act, canAct }) {
  const [tone, state] = stateOf(q);
  const put = (what) => () => act("board.done", () => post(`/v1/queue/${what}`, { queue: q.name }));
  return (
    <section>
      <h2>{t(`queue.${q.name}`)} <span class={`tag ${tone}`}>{t(`board.${state}`)}</span></h2>
      <dl class="figures">
        {[["depth", formatNumber(q.depth)], ["oldest", formatSpan(q.oldest_age_seconds)], ["in", formatNumber(q.in_rate * 60)], ["out", formatNumber(q.out_rate * 60)],
          ["net", formatNumber(q.net_growth * 60)], ["clear", formatSpan(q.time_to_clear_seconds)], ["p50", formatSpan(q.wait_seconds.p50)], ["p95", formatSpan(q.wait_seconds.p95)],
          ["retries", formatNumber(q.retries)], ["dead", formatNumber(q.dead_letters)]].map(([name, v]) => (
          <div><dt>{t(`board.${name}`)}</dt><dd>{v}</dd></div>
        ))}
      </dl>
      {q.paused && <p class="hint">{t("board.paused")}: <Time at={q.paused_since} /></p>}
      {canAct && <p class="acts">{q.paused ? <Sure word="board.resume" label={t(`queue.${q.name}`)} onDo={put("resume")} /> : <Sure word="board.pause" label={t(`queue.${q.name}`)} onDo={put("pause")} />}</p>}
    </section>
  );
}

export function Board({ me, say }) {
  const [doc, setDoc] = useState(null);
  const [fault, setFault] = useState(null);
  const [failed, setFailed] = useState(null);
  const [range, setRange] = useState(RANGES[0]);
  const [queue, setQueue] = useState(null);
  const [live, setLive] = useState({});
  const canAct = me.role === "operator";
  const look = async () => {
    try {
      const d = await read("/v1/queue");
      setDoc(d);
      setFault(null);
      setLive((was) => Object.fromEntries(d.queues.map((q) => [q.name, [...(was[q.name] || []).slice(1 - LIVE_MAX), lookAt(d, q)]])));
    } catch (f) {
      setFault(f);
    }
  };
  useEffect(() => {
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  /** Does it, says so, and looks at what became of it. */
  const act = async (word, run) => {
    try {
      setFailed(null);
      const more = await run();
      say([t(word), typeof more === "string" ? more : ""].join(" "));
    } catch (f) {
      setFailed(f);
    }
    await look();
  };
  const shown = queue ?? doc?.queues[0].name;
  const press = (values, value, set, wordOf) => values.map((v) => <button type="button" aria-pressed={v === value} onClick={() => set(v)}>{wordOf(v)}</button>);
  return (
    <>
      <Heading>{t("web.board")}</Heading>
      <Fault fault={fault} />
      <Fault fault={failed} />
      {!doc && !fault && <p class="loading">{t("web.loading")}</p>}
      {doc && (
        <>
          <p class="hint">{t("web.as_of")} <Time at={doc.as_of} /></p>
          <div class="columns">
            {doc.queues.map((q) => <Queue key={q.name} queue={q} act={act} canAct={canAct} />)}
            <Intake intake={doc.intake} act={act} canAct={canAct} />
          </div>
          <section aria-labelledby="course">
            <h2 id="course">{t("board.course")}</h2>
            <div class="acts" role="group" aria-labelledby="course">
              {press(RANGES, range, setRange, (v) => t(`board.range.${v}`))}
              {press(doc.queues.map((q) => q.name), shown, setQueue, (v) => t(`queue.${v}`))}
            </div>
            <Plots key={`${shown} ${range}`} queue={shown} range={range} live={live[shown] || []} />
          </section>
          <Table caption={t("board.workers")} heads={[t("board.worker"), t("board.roles"), t("board.state"), t("board.begun"), t("board.heartbeat"), t("board.decided"), ...(canAct ? [t("board.act")] : [])]}
            rows={doc.workers.map((w) => [<bdi>{w.slot}</bdi>, <bdi>{w.roles.join(", ")}</bdi>, t(`worker.${w.state}`), w.started_at ? <Time at={w.started_at} /> : "–", formatSpan(w.heartbeat_age_seconds), formatNumber(w.decided_total),
              ...(canAct ? [<Sure word={w.state === "quiet" ? "board.resume" : "board.quiet"} label={w.slot}
                onDo={() => act("board.done", () => post(`/v1/workers/${encodeURIComponent(w.slot)}/${w.state === "quiet" ? "resume" : "quiet"}`, {}))} />] : [])])} />
          <div class="columns">
            <Table caption={t("board.secretariats")} heads={[t("board.secretariat"), t("board.offers"), t("board.offers_late"), t("board.claims"), t("board.leases"), t("board.claims_late")]}
              rows={doc.secretariats.map((s) => [convention(s.secretariat), ...[s.offers_pending, s.offers_overdue, s.claims_open, s.leases_ending, s.claims_overdue].map(formatNumber)])} />
            <Table caption={t("board.states")} heads={[t("board.state"), t("board.requests")]}
              rows={Object.entries(doc.requests.by_state).map(([state, n]) => [t(`state.${state}`), formatNumber(n)])} />
          </div>
          {canAct && <Dead act={act} n={doc.queues.reduce((sum, q) => sum + q.dead_letters, 0)} />}
        </>
      )}
    </>
  );
}
