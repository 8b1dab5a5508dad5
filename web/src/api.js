// The JSON protocol as the pages use it: same origin, session cookie, problems as exceptions.
import { language } from "./words.js";

const PATIENCE_MS = 30000;
let csrf = "";

export class Problem extends Error {
  constructor(status, doc) {
    super(doc.detail || doc.title || String(status));
    this.status = status;
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
  const isJson = /json/.test(answer.headers.get("Content-Type") || "");
  const doc = text && isJson ? JSON.parse(text) : {};
  if (!answer.ok) throw new Problem(answer.status, doc);
  return doc;
}

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
