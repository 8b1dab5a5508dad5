// What must outlive the tab and the link: drafts, and requests on their way. Kept in the browser, for
// each caller apart; nothing else of a person is.
import { post, mayPass, Problem } from "./api.js";

const RETRY_MS = 5000;

const get = (name, otherwise) => {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
};
const put = (name, value) =>
  value === null ? localStorage.removeItem(name) : localStorage.setItem(name, JSON.stringify(value));

export const lastSeen = () => get("liaison:who", null);
export const rememberSeen = (who) => put("liaison:who", who);

/** What somebody has begun to say to a request: until it is sent or given up. */
const wordsName = (who, id, action) => `liaison:words:${who}:${id}:${action}`;
export const keptWords = (who, id, action) => get(wordsName(who, id, action), null);
export const keepWords = (who, id, action, doc) => put(wordsName(who, id, action), doc);

export function keepOf(who) {
  const draftName = `liaison:draft:${who}`;
  const outName = `liaison:out:${who}`;
  const heard = new Set();
  let timer = 0;
  let isSending = false;

  const waiting = () => get(outName, []);
  const tell = (what) => heard.forEach((hear) => hear(what));
  const drop = (key) => put(outName, waiting().filter((w) => w.key !== key));

  /** Sends what waits, oldest first. The key makes a repetition harmless: it is stored before the
      first attempt, and goes only with an answer that is final. */
  async function flush() {
    clearTimeout(timer);
    if (isSending) return;
    isSending = true;
    try {
      for (const one of waiting()) {
        try {
          const request = await post("/v1/requests", one.body, {
            "Idempotency-Key": `"${one.key}"`, Prefer: "wait=3",
          });
          drop(one.key);
          tell({ sent: one, request });
        } catch (fault) {
          if (mayPass(fault) || (fault instanceof Problem && fault.status === 401)) {
            timer = setTimeout(flush, RETRY_MS);
            tell({ waits: one });
            break;
          }
          drop(one.key);
          put(draftName, one.body);
          tell({ refused: one, fault });
        }
      }
    } finally {
      isSending = false;
    }
  }

  addEventListener("online", flush);
  return {
    draft: () => get(draftName, null),
    saveDraft: (draft) => put(draftName, draft),
    waiting,
    flush,
    send(body) {
      const one = { key: crypto.randomUUID(), body, at: new Date().toISOString() };
      put(outName, [...waiting(), one]);
      put(draftName, null);
      flush();
      return one.key;
    },
    hear(fn) {
      heard.add(fn);
      return () => heard.delete(fn);
    },
  };
}
