// The pages' beginning: words, who is here, where in the address, and the view for it.
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatDistance, t } from "./words.js";
import { lastUse, onSignedOut, signIn, signOut, whoIsHere } from "./api.js";
import { keepOf, lastSeen, rememberSeen } from "./keep.js";
import { follow, unfollow } from "./live.js";
import { Fault, Heading } from "./parts.jsx";
import { Own, New, Sent } from "./country.jsx";
import { Counts } from "./counts.jsx";
import { All, Inbox, Pair } from "./desk.jsx";
import { Request } from "./request.jsx";

const front = document.getElementById("front");
const counts = document.getElementById("counts");
const WARNED_MS = 5 * 60000; /* before its end a session is told to end */
const LOOK_MS = 10000;

/** Views by their first word in the address; who has them in the bar. */
const VIEWS = {
  own: { view: Own, roles: ["country"], bar: true },
  new: { view: New, roles: ["country"], bar: true },
  sent: { view: Sent, roles: ["country"] },
  inbox: { view: Inbox, roles: ["secretariat", "coordinator"], bar: true },
  all: { view: All, roles: ["secretariat", "coordinator"], bar: true },
  pair: { view: Pair, roles: ["coordinator"] },
  r: { view: Request, roles: ["country", "secretariat", "coordinator"] },
  board: { view: Board, roles: ["operator", "coordinator"], bar: true },
};
const homeOf = (role) => Object.keys(VIEWS).find((name) => VIEWS[name].roles.includes(role));

/** The board and its plots are fetched by those who open it. */
function Board(props) {
  const [View, set] = useState(null);
  useEffect(() => void import("./board.jsx").then((m) => set(() => m.Board)), []);
  return View ? <View {...props} /> : <p class="loading">{t("web.loading")}</p>;
}

const placeOf = () => decodeURIComponent(location.hash).replace(/^#\/?/, "").split("/");

function SignIn({ onDone, isExpired }) {
  const [fault, setFault] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const token = new FormData(event.target).get("token").trim();
    setBusy(true);
    try {
      onDone(await signIn(token));
    } catch (f) {
      setFault(f);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} novalidate class="narrow">
      <Heading>{t("web.sign_in")}</Heading>
      {isExpired && <p class="note">{t("web.signed_out")}</p>}
      <Fault fault={fault} />
      <div class="field">
        <label for="token">{t("web.token")}</label>
        <p class="hint" id="token-hint">{t("web.token_hint")}</p>
        <input id="token" name="token" type="password" autocomplete="current-password" dir="ltr" aria-describedby="token-hint" />
      </div>
      <button class="main" disabled={isBusy}>{t("web.sign_in")}</button>
    </form>
  );
}

function Bar({ me, place, onOut }) {
  if (!me) return <a class="button" href="#/in">{t("web.sign_in")}</a>;
  return (
    <>
      {Object.entries(VIEWS).filter(([, v]) => v.bar && v.roles.includes(me.role)).map(([name]) => (
        <a href={`#/${name}`} aria-current={place[0] === name ? "page" : undefined}>{t(`web.${name}`)}</a>
      ))}
      <button type="button" onClick={onOut}>{t("web.sign_out")}</button>
    </>
  );
}

/** A session ends when it is idle for long, and at the latest at its own end. Until then one may stay. */
function SessionEnd({ me, onEnd, onStay }) {
  const endOf = () => Math.min(Date.parse(me.until), lastUse() + me.idle_seconds * 1000);
  const [left, setLeft] = useState(Infinity);
  useEffect(() => {
    const look = () => {
      const ms = endOf() - Date.now();
      setLeft(ms);
      if (ms <= 0) onEnd();
    };
    const timer = setInterval(look, LOOK_MS);
    look();
    return () => clearInterval(timer);
  }, [me]);
  if (!(left > 0 && left < WARNED_MS)) return null;
  const stay = () => onStay().then(() => setLeft(endOf() - Date.now()));
  const canStay = Date.parse(me.until) - Date.now() > WARNED_MS;
  return (
    <div class="note" role="alert">
      <p>{t("web.session_ends", { time: formatDistance(new Date(Date.now() + left).toISOString()) })}</p>
      {canStay && <button type="button" onClick={stay}>{t("web.session_stay")}</button>}
    </div>
  );
}

/** What is told in passing, at most one at a time, also to screen readers. */
function Passing({ children }) {
  return <div class="passing" role="status">{children}</div>;
}

function App({ bar }) {
  const [me, setMe] = useState(undefined);
  const [keep, setKeep] = useState(null);
  const [place, setPlace] = useState(placeOf);
  const [passing, setPassing] = useState("");
  const [isOnline, setOnline] = useState(navigator.onLine);
  const [isExpired, setExpired] = useState(false);

  const enter = (session) => {
    const kept = session?.role === "country" ? keepOf(session.who) : null;
    setMe(session);
    setKeep(kept);
    setExpired(false);
    rememberSeen(session && { who: session.who, role: session.role, of: session.of });
    if (!session) return unfollow();
    follow();
    kept?.flush();
    keepPages();
  };

  useEffect(() => {
    const last = lastSeen(); // whoever was here last; a first visit need not ask
    if (last) whoIsHere().then((session) => (session || !placeOf()[0] ? enter(session) : expire()), () => enter(last));
    else enter(null);
    onSignedOut(() => lastSeen() && placeOf()[0] && expire());
    const move = () => {
      setPlace(placeOf());
      setPassing("");
      scrollTo(0, 0);
    };
    const online = () => setOnline(navigator.onLine);
    addEventListener("hashchange", move);
    move(); // it may have moved before anybody listened
    addEventListener("online", online);
    addEventListener("offline", online);
  }, []);

  useEffect(() => keep?.hear(({ sent, request, fault }) => {
    if (fault) setPassing(t("web.refused_late"));
    if (sent && placeOf()[0] !== "sent") setPassing(t("web.sent_late", { reference: request.reference }));
  }), [keep]);

  const name = place[0];
  const isFront = me === null && name !== "in" && !isExpired;
  useEffect(() => {
    front.hidden = me === undefined ? front.hidden : !isFront;
    for (const link of document.querySelectorAll("[data-lang]")) link.hash = location.hash;
    if (isFront) document.title = t("web.name");
    render(isFront ? <Counts /> : null, counts);
    render(<Bar me={me} place={place} onOut={out} />, bar);
  });
  useEffect(() => {
    if (me && (!name || name === "in")) location.replace(`#/${homeOf(me.role)}`);
  }, [me, name]);

  /** The address stays: whoever signs in again goes on where they were. */
  const expire = () => {
    enter(null);
    setExpired(true);
  };
  const stay = () => whoIsHere().then((session) => (session ? setMe(session) : expire()), () => {});
  const out = async () => {
    await signOut().catch(() => {});
    enter(null);
    location.hash = "";
  };
  if (me === undefined || isFront) return null;
  if (me === null) return <SignIn onDone={enter} isExpired={isExpired} />;
  const row = VIEWS[name];
  const View = row?.roles.includes(me.role) ? row.view : Missing;
  return (
    <>
      {!isOnline && <p class="note">{t("web.offline_hint")}</p>}
      {me.until && <SessionEnd me={me} onEnd={expire} onStay={stay} />}
      <Passing>{passing}</Passing>
      {name && name !== "in" && <View key={place.join("/")} me={me} keep={keep} place={place} say={setPassing} />}
    </>
  );
}

function Missing() {
  return (
    <>
      <Heading>{t("problem.not-found")}</Heading>
      <p>{t("web.not_found")}</p>
    </>
  );
}

/** So that the page opens without a link, too. */
async function keepPages() {
  if (!("serviceWorker" in navigator) || document.querySelector("link[rel=manifest]")) return;
  const { manifest } = document.documentElement.dataset;
  document.head.append(Object.assign(document.createElement("link"), { rel: "manifest", href: manifest }));
  await navigator.serviceWorker.register("/sw.js");
  const shelf = await caches.open("liaison");
  const assets = performance.getEntriesByType("resource").map((e) => new URL(e.name).pathname).filter((p) => p.startsWith("/_/"));
  await shelf.addAll([location.pathname, ...new Set(assets)]);
}

render(<App bar={document.getElementById("bar")} />, document.getElementById("app"));
