// The JSON protocol as the pages use it: same origin, session cookie, problems as exceptions.
import { language } from "./words.js";

const PATIENCE_MS = 30000;
let csrf = "";
let usedAt = 0; // when the service last answered: the session lives on from there

export const lastUse = () => usedAt;

let signedOut = () => {};
/** hear: the service does not know this session any more. */
export const onSignedOut = (hear) => (signedOut = hear);

export class Problem extends Error {
  constructor(status, doc) {
    super(doc.detail || doc.title || String(status));
    this.status = status;
    this.doc = doc;
    this.title = doc.title || "";
    this.type = String(doc.type || "").split(/[/#]/).pop();
    this.errors = doc.errors || [];
  }

  /** The same call may succeed later as it is. */
  get isPassing() {
    return this.status === 429 || this.status >= 500 || this.type === "idempotency-in-progress";
  }
}

/** No answer came: what became of the call is unknown. */
export class Unreachable extends Error {}

export const mayPass = (fault) => fault instanceof Unreachable || (fault instanceof Problem && fault.isPassing);

export async function call(method, path, body, headers = {}) {
  const head = { Accept: "application/json", "Accept-Language": language, ...headers };
  if (body !== undefined) head["Content-Type"] = "application/json";
  if (method !== "GET") {
    head["Idempotency-Key"] ??= `"${crypto.randomUUID()}"`;
    if (csrf) head["X-CSRF-Token"] = csrf;
  }
  let answer, text;
  try {
    answer = await fetch(path, {
      method, headers: head, body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS),
    });
    text = await answer.text();
  } catch {
    throw new Unreachable();
  }
  return understood(answer.status, answer.headers.get("Content-Type"), text);
}

function understood(status, type, text) {
  const doc = text && /json/.test(type || "") ? JSON.parse(text) : {};
  usedAt = Date.now();
  if (status === 401) signedOut();
  if (status >= 400) throw new Problem(status, doc);
  return doc;
}

/** A file, with what share of it has gone out so far; fetch cannot tell that. No time limit: links are slow. */
export const upload = (path, file, onShare, signal) => new Promise((done, failed) => {
  const x = new XMLHttpRequest();
  x.open("POST", path);
  x.setRequestHeader("Accept-Language", language);
  x.setRequestHeader("Content-Type", "application/octet-stream");
  x.setRequestHeader("X-CSRF-Token", csrf);
  x.upload.onprogress = (e) => onShare(e.loaded / e.total);
  x.onload = () => {
    try {
      done(understood(x.status, x.getResponseHeader("Content-Type"), x.responseText));
    } catch (problem) {
      failed(problem);
    }
  };
  x.onerror = () => failed(new Unreachable());
  x.onabort = () => failed(new DOMException("", "AbortError"));
  signal.addEventListener("abort", () => x.abort());
  x.send(file);
});

export const read = (path) => call("GET", path);
export const post = (path, body, headers) => call("POST", path, body, headers);

/** Who is signed in: {who, role, of}; null when nobody is. */
export async function whoIsHere() {
  try {
    const session = await read("/v1/session");
    csrf = session.csrf_token || "";
    return session;
  } catch (fault) {
    if (fault instanceof Problem && fault.status === 401) return null;
    throw fault;
  }
}

export async function signIn(token) {
  const session = await post("/v1/session", { token });
  csrf = session.csrf_token || "";
  return session;
}

export async function signOut() {
  await call("DELETE", "/v1/session");
  csrf = "";
}
