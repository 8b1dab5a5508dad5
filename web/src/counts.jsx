// The queue's published counts (GET /v1/statistics), for who is not signed in; small ones are withheld.
import { useEffect, useState } from "preact/hooks";
import { formatNumber, t } from "./words.js";
import { read } from "./api.js";
import { Time } from "./parts.jsx";

function Bars({ word, cells }) {
  const shown = cells.filter((c) => c.count);
  const most = Math.max(...shown.map((c) => c.count));
  return shown.length > 0 && (
    <table class="bars">
      <caption>{t(word)}</caption>
      <tbody>
        {shown.map((c) => (
          <tr><th scope="row">{c.name}</th><td><span class="measure" style={{ inlineSize: `${(6 * c.count) / most}rem` }}></span>{formatNumber(c.count)}</td></tr>
        ))}
      </tbody>
    </table>
  );
}

export function Counts() {
  const [doc, set] = useState(null);
  useEffect(() => void read("/v1/statistics").then(set, () => {}), []);
  if (!doc) return null;
  return (
    <section aria-labelledby="counts-title">
      <h2 id="counts-title">{t("counts.title")}</h2>
      {doc.total === null ? <p>{t("counts.few")}</p> : (
        <>
          <p class="total"><strong>{formatNumber(doc.total)}</strong> {t("counts.total")}</p>
          <div class="grid">
            <Bars word="counts.stages" cells={doc.stages} />
            <Bars word="counts.regions" cells={doc.regions} />
            <Bars word="counts.themes" cells={doc.themes} />
          </div>
          <p class="hint">{t("counts.withheld", { n: formatNumber(doc.withheld_below) })}</p>
        </>
      )}
      <p class="hint">{t("web.as_of")} <Time at={doc.as_of} /></p>
    </section>
  );
}
