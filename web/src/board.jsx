// Queue health for those who keep it running: numbers, the oldest age on the axis of the waits, and
// what to do about dead letters. Samples are taken while the page is open.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { convention, formatNumber, formatSpan, t } from "./words.js";
import { post, read } from "./api.js";
import { Fault, Heading, Time } from "./parts.jsx";

const EVERY_MS = 5000;
const SAMPLES_MAX = 720;
const STALLED_S = 10;
const WINDOW_S = 600; /* a plot shows at least so much time */
const LATE_WORKER_S = 15;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Work waits, and nobody does it. Percentiles come from finished work only: they would not show it. */
const isStalled = (queue, workers) =>
  queue.depth !== 0 && !queue.paused &&
  (!workers.some((w) => w.state !== "missing" && w.heartbeat_age_seconds < LATE_WORKER_S) ||
    (queue.oldest_age_seconds > STALLED_S && queue.out_rate === 0));

function Plot({ label, series, samples }) {
  const box = useRef();
  const plot = useRef();
  useEffect(() => {
    const axis = { stroke: colour("--ink"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
    plot.current = new uPlot({
      width: box.current.clientWidth, height: 200, legend: { show: true, live: false }, cursor: { show: false },
      scales: { x: { range: (u, min, max) => [Math.min(min, max - WINDOW_S), max] }, y: { range: (u, min, max) => [0, Math.max(1, max * 1.1)] } },
      axes: [axis, { ...axis, size: 60 }],
      series: [{}, ...series.map((s) => ({ label: t(s.word), stroke: colour(s.colour), width: 2, dash: s.dash }))],
    }, [[], ...series.map(() => [])], box.current);
    const fit = new ResizeObserver(() => plot.current.setSize({ width: box.current.clientWidth, height: 200 }));
    fit.observe(box.current);
    return () => {
      fit.disconnect();
      plot.current.destroy();
    };
  }, []);
  useEffect(() => plot.current.setData([samples.map((s) => s.at), ...series.map((s) => samples.map(s.of))]), [samples]);
  return <figure><figcaption>{label}</figcaption><div ref={box} dir="ltr" role="img" aria-label={label}></div></figure>;
}

const SPEED = [
  { word: "board.oldest", colour: "--bad", of: (s) => s.oldest, dash: [6, 3] },
  { word: "board.p50", colour: "--accent", of: (s) => s.p50 },
  { word: "board.p95", colour: "--warn", of: (s) => s.p95 },
];
const DEPTH = [{ word: "board.depth", colour: "--accent", of: (s) => s.depth }];

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

function Dead({ onDone }) {
  const [items, setItems] = useState(null);
  const [sure, setSure] = useState(null);
  const [fault, setFault] = useState(null);
  const load = () => read("/v1/dead-letters").then((doc) => setItems(doc.items), setFault);
  useEffect(() => void load(), []);
  const requeue = async (id) => {
    try {
      await post(`/v1/dead-letters/${id}/requeue`, {});
      setSure(null);
      onDone(t("board.requeued"));
    } catch (f) {
      setFault(f);
    }
    load();
  };
  return (
    <section>
      <h2>{t("board.dead")}</h2>
      <Fault fault={fault} />
      {items && !items.length && <p>{t("board.none_dead")}</p>}
      {items?.length > 0 && <Table caption={t("board.dead")} heads={[t("board.request"), t("board.since"), t("board.act")]}
        rows={items.map((d) => [<bdi dir="ltr" class="ref">{d.id}</bdi>, d.dead_at || d.at ? <Time at={d.dead_at || d.at} /> : "–",
          sure === d.id
            ? <><span>{t("board.sure")}</span> <button type="button" class="main" onClick={() => requeue(d.id)}>{t("board.requeue")}</button> <button type="button" onClick={() => setSure(null)}>{t("web.cancel")}</button></>
            : <button type="button" onClick={() => setSure(d.id)}>{t("board.requeue")}</button>])} />}
    </section>
  );
}

export function Board({ me, say }) {
  const [doc, setDoc] = useState(null);
  const [fault, setFault] = useState(null);
  const [samples, setSamples] = useState([]);
  useEffect(() => {
    const look = async () => {
      try {
        const d = await read("/v1/queue");
        const q = d.queues[0];
        setDoc(d);
        setFault(null);
        setSamples((s) => [...s.slice(1 - SAMPLES_MAX), {
          at: Date.parse(d.as_of) / 1000, depth: q.depth, oldest: q.oldest_age_seconds, p50: q.wait_seconds.p50, p95: q.wait_seconds.p95,
        }]);
      } catch (f) {
        setFault(f);
      }
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <Heading>{t("web.board")}</Heading>
      <Fault fault={fault} />
      {!doc && !fault && <p class="loading">{t("web.loading")}</p>}
      {doc && (
        <>
          <p class="hint">{t("web.as_of")} <Time at={doc.as_of} /></p>
          {doc.queues.map((q) => (
            <section>
              <h2><bdi>{q.name}</bdi> <span class={`tag ${isStalled(q, doc.workers) ? "bad" : "good"}`}>{t(isStalled(q, doc.workers) ? "board.stalled" : "board.flowing")}</span></h2>
              <dl class="figures">
                {[["depth", formatNumber(q.depth)], ["oldest", formatSpan(q.oldest_age_seconds)], ["in", formatNumber(q.in_rate * 60)], ["out", formatNumber(q.out_rate * 60)],
                  ["clear", formatSpan(q.time_to_clear_seconds)], ["p50", formatSpan(q.wait_seconds.p50)], ["p95", formatSpan(q.wait_seconds.p95)],
                  ["retries", formatNumber(q.retries)], ["dead", formatNumber(q.dead_letters)]].map(([name, v]) => (
                  <div><dt>{t(`board.${name}`)}</dt><dd>{v}</dd></div>
                ))}
              </dl>
            </section>
          ))}
          <Plot label={t("board.plot_speed")} series={SPEED} samples={samples} />
          <Plot label={t("board.plot_depth")} series={DEPTH} samples={samples} />
          <Table caption={t("board.workers")} heads={[t("board.worker"), t("board.state"), t("board.heartbeat"), t("board.decided")]}
            rows={doc.workers.map((w) => [<bdi>{w.slot}</bdi>, t(`worker.${w.state}`), formatSpan(w.heartbeat_age_seconds), formatNumber(w.decided_total)])} />
          <Table caption={t("board.secretariats")} heads={[t("board.secretariat"), t("board.offers"), t("board.offers_late"), t("board.claims"), t("board.leases"), t("board.claims_late")]}
            rows={doc.secretariats.map((s) => [convention(s.secretariat), ...[s.offers_pending, s.offers_overdue, s.claims_open, s.leases_ending, s.claims_overdue].map(formatNumber)])} />
          <Table caption={t("board.states")} heads={[t("board.state"), t("board.requests")]}
            rows={Object.entries(doc.requests.by_state).map(([state, n]) => [t(`state.${state}`), formatNumber(n)])} />
          {me.role === "operator" && <Dead onDone={say} />}
        </>
      )}
    </>
  );
}
