// Why a request goes where it goes, and what it resembles: in the sentences that the service made.
import { t } from "./words.js";
import { Conv, Ref, Tag } from "./parts.jsx";

const FIRST = 3; /* as many are shown at once; the likeliest come first */

export function Proposal({ routing }) {
  if (!routing) return null;
  const part = [routing.lead, ...(routing.support || [])].filter(Boolean);
  return (
    <section class="proposal">
      <h2>{t("web.route")}</h2>
      {part.length > 0 && (
        <ul class="plain">
          {part.map((code, i) => <li><Conv code={code} /> <small>{t(i === 0 && routing.lead ? "web.lead" : "web.support")}</small></li>)}
        </ul>
      )}
      {routing.text && <p>{routing.text}</p>}
      {routing.candidates?.length > 0 && (
        <details>
          <summary>{t("web.why")}</summary>
          {routing.candidates.map((c) => (
            <div>
              {c.text && <p>{c.text}</p>}
              <ul>{(c.reasons || []).filter((r) => r.text).map((r) => <li>{r.text}</li>)}</ul>
            </div>
          ))}
        </details>
      )}
    </section>
  );
}

/** Requests that may be the same need. onChoose: the writer adds to one of them. */
export function Likely({ pairs, heading = "web.likely", ...more }) {
  const rest = pairs.slice(FIRST);
  return (
    <section class="likely">
      <h2>{t(heading)}</h2>
      <Pairs pairs={pairs.slice(0, FIRST)} {...more} />
      {rest.length > 0 && <details><summary>{t("web.more")}</summary><Pairs pairs={rest} {...more} /></details>}
    </section>
  );
}

function Pairs({ pairs, chosen, onChoose, href }) {
  return (
    <ul class="cards">
      {pairs.map((p) => (
        <li class="card">
          <p>
            {p.title ? <a href={`#/r/${p.id}`} target={onChoose ? "_blank" : undefined} dir="auto" lang={p.language}>{p.title}</a> : <Ref>{p.reference}</Ref>}
          </p>
          <p><Ref>{p.reference}</Ref> {p.verdict && <Tag kind="verdict" word={p.verdict} />} {p.state && <Tag kind="state" word={p.state} />}</p>
          <Terms pair={p} />
          {href && <p><a href={href(p)}>{t("web.compare")}</a></p>}
          {onChoose && (
            <button type="button" aria-pressed={chosen === p.reference} onClick={() => onChoose(p)}>
              {t(chosen === p.reference ? "web.add_undo" : "web.add_to")}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

export function Terms({ pair }) {
  const row = (list, word, kind) => list?.length > 0 && (
    <p class="terms"><span>{t(word)}</span> {list.map((w) => <bdi class={kind}>{w}</bdi>)}</p>
  );
  return <>{row(pair.shared, "web.shared", "same")}{row(pair.differs, "web.differs", "other")}</>;
}
