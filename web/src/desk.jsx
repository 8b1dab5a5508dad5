// The desks of secretariats and of the coordinator: what waits, everything, and two side by side.
import { useState } from "preact/hooks";
import { convention, t, tn } from "./words.js";
import { read } from "./api.js";
import { Ball, Heading, Ref, Shown, Tag, Time, useRead } from "./parts.jsx";
import { ActionForm, Text } from "./request.jsx";
import { Terms } from "./routing.jsx";
import { Country } from "./reference.jsx";

function Row({ request: r, me }) {
  const mine = r.offers?.find((o) => o.secretariat === me.of);
  return (
    <li class={`card u-${r.urgency}`}>
      <h2><a href={`#/r/${r.id}`} dir="auto" lang={r.language}>{r.title || t("web.untitled")}</a></h2>
      <p>
        <Ref>{r.reference}</Ref> <Country code={r.country} /> <Tag kind="urgency" word={r.urgency} /> <Tag kind="state" word={r.state} />
        {mine && <> <small>{t(`part.${mine.role}`)}</small></>}
      </p>
      <Ball request={r} me={me} />
      {r.claim && <p class="hint">{t("web.held", { who: convention(r.claim.holder) })} <Time at={r.claim.since} />{r.claim.lease_expires_at && <> · {t("web.lease")} <Time at={r.claim.lease_expires_at} /></>}</p>}
    </li>
  );
}

export function Inbox({ me }) {
  const state = useRead(() => read("/v1/inbox"), []);
  return (
    <>
      <Heading>{t("web.inbox")}</Heading>
      <Shown state={state}>
        {(doc) => doc.items.length ? (
          <>
            <p class="hint">{tn("list.count", doc.total.value)} · {t("web.order")}</p>
            <ol class="cards">{doc.items.map((r) => <Row request={r} me={me} />)}</ol>
          </>
        ) : <p>{t("web.none_inbox")}</p>}
      </Shown>
    </>
  );
}

export function All({ me }) {
  const [asked, setAsked] = useState("");
  const [rest, setRest] = useState({ items: [], next: null });
  const state = useRead(async () => {
    const doc = await read(`/v1/requests?limit=20${asked}`);
    setRest({ items: [], next: doc.next });
    return doc;
  }, [asked]);
  const ask = (event) => {
    event.preventDefault();
    const q = new FormData(event.target).get("q").trim();
    setAsked(q ? `&q=${encodeURIComponent(q)}` : "");
  };
  const more = async () => {
    const doc = await read(rest.next);
    setRest({ items: [...rest.items, ...doc.items], next: doc.next });
  };
  return (
    <>
      <Heading>{t("web.all")}</Heading>
      <form class="search" role="search" onSubmit={ask}>
        <label for="q">{t("web.search")}</label>
        <input id="q" name="q" type="search" dir="auto" />
        <button>{t("web.search_go")}</button>
      </form>
      <Shown state={state}>
        {(doc) => doc.items.length ? (
          <>
            <ul class="cards">{[...doc.items, ...rest.items].map((r) => <Row request={r} me={me} />)}</ul>
            {rest.next && <p class="acts"><button type="button" onClick={more}>{t("web.more")}</button></p>}
          </>
        ) : <p>{t("web.none_found")}</p>}
      </Shown>
    </>
  );
}

/** Marks the words of a list where they stand in a text. */
function marker(words, kind) {
  const wanted = words.filter((w) => w.length > 1).map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!wanted.length) return (text) => text;
  const pattern = new RegExp(`(${wanted.join("|")})`, "giu");
  return (text) => text.split(pattern).map((part, i) => (i % 2 ? <mark class={kind}>{part}</mark> : part));
}

/** Two requests that may be one need. */
export function Pair({ me, place, say }) {
  const [, one, other] = place;
  const [act, setAct] = useState(null);
  const ours = (what) => what.id === one || what.id === other;
  const state = useRead(() => Promise.all([one, other].map((id) => read(`/v1/requests/${id}`))), [one, other], ours);
  const done = (action) => {
    if (action) {
      setAct(null);
      say(t("web.done", { action: t(`action.${action}`) }));
    }
    state.again();
  };
  return (
    <>
      <Heading>{t("web.pair")}</Heading>
      <Shown state={state}>
        {([a, b]) => {
          const pair = [...(a.duplicates || []), ...(a.related || [])].find((p) => p.id === b.id)
            || [...(b.duplicates || []), ...(b.related || [])].find((p) => p.id === a.id) || {};
          const mark = marker(pair.shared || [], "same");
          const acts = ["merge", "unmerge", "link", "route"].filter((x) => a.allowed_actions.includes(x));
          return (
            <>
              {pair.verdict && <p><Tag kind="verdict" word={pair.verdict} /></p>}
              {pair.text && <p>{pair.text}</p>}
              <Terms pair={pair} />
              <p class="acts">
                {acts.map((x) => <button type="button" aria-expanded={act === x} onClick={() => setAct(x)}>{t(x === "route" ? "web.not_same" : `action.${x}`)}</button>)}
              </p>
              {act && a.allowed_actions.includes(act) && (
                <ActionForm key={act} request={a} action={act} me={me} onCancel={() => setAct(null)} onDone={done}
                  preset={act === "merge" || act === "link" ? { other: b.reference } : act === "route" ? { lead: a.routing?.lead || undefined } : {}} />
              )}
              <div class="pair">
                {[a, b].map((r) => (
                  <section class="card">
                    <h2><a href={`#/r/${r.id}`} dir="auto" lang={r.language}>{mark(r.title || "")}</a></h2>
                    <p><Ref>{r.reference}</Ref> <Country code={r.country} /> <Tag kind="state" word={r.state} /> <Time at={r.submitted_at} /></p>
                    <Ball request={r} me={me} />
                    <Text request={r} mark={mark} />
                  </section>
                ))}
              </div>
            </>
          );
        }}
      </Shown>
    </>
  );
}
