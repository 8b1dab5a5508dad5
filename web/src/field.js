// A form's values by the protocol's rows: what is wrong with them, and the document that is sent.
// A draft holds what was typed; numbers are read when the document is made.
import forms from "liaison:forms";
import { language, t } from "./words.js";
import { when } from "./steps.js";

export const ROWS = Object.fromEntries(forms.request.map((row) => [row.name, row]));

export const isEmpty = (v) => v == null || v === "" || v === false || (Array.isArray(v) && v.every(isEmpty)) ||
  (typeof v === "object" && !Array.isArray(v) && Object.values(v).every(isEmpty));
const lengthOf = (text) => [...text.trim()].length; /* code points, as the service counts */

/** A number as people write it: digits of Arabic or Persian, a comma for the point, and of what is
    counted groups of three. */
function numberOf(text, isCounted = true) {
  const plain = String(text).replace(/[٠-٩۰-۹]/g, (c) => c.codePointAt(0) & 15).replace(/[\s٬']/g, "").replace("٫", ".");
  const isGrouped = isCounted && /^-?\d{1,3}(?:,\d{3})+$|^-?\d{1,3}(?:\.\d{3})+$/.test(plain);
  const point = isGrouped ? plain.length : Math.max(plain.lastIndexOf(","), plain.lastIndexOf("."));
  return point < 0 ? Number(plain) : Number(`${plain.slice(0, point).replace(/[.,]/g, "")}.${plain.slice(point + 1)}`);
}

/** How many digits of its minor unit a currency has; -1: there is none of that code. */
export function minorOf(code) {
  try {
    return /^[A-Z]{3}$/.test(code) ? new Intl.NumberFormat(language, { style: "currency", currency: code }).resolvedOptions().maximumFractionDigits : -1;
  } catch {
    return -1;
  }
}

const isNumber = (row) => row.kind === "count" || row.kind === "number";
const isMoney = (row) => row.kind === "object" && row.rows.some((r) => r.name === "currency");

const fault = (path, key, values) => [{ path, text: t(`fault.${key}`, values) }];

function faultsOfOne(row, v, path) {
  if (isEmpty(v)) return row.required ? fault(path, "required") : [];
  if (isMoney(row) && !isEmpty(v)) {
    const amount = numberOf(v.amount ?? "");
    return [
      ...(amount > 0 ? [] : fault([...path, "amount"], "required")),
      ...(minorOf(v.currency) >= 0 ? [] : fault([...path, "currency"], "required")),
    ];
  }
  if (row.kind === "object") return row.rows.flatMap((r) => faultsOf(r, v[r.name], [...path, r.name]));
  if (row.kind === "text" && (lengthOf(v) < row.min || lengthOf(v) > row.max)) return fault(path, "wrong_length", { min: row.min, max: row.max });
  if (isNumber(row)) {
    const n = numberOf(v, row.kind === "count");
    if (row.kind === "count" ? !Number.isInteger(n) : Number.isNaN(n)) return fault(path, "not_a_whole_number");
    if (n < row.min || n > row.max) return fault(path, "out_of_range", { min: row.min, max: row.max });
  }
  return [];
}

/** [{path, text}]: the protocol's own bounds, told before sending. */
export function faultsOf(row, v, path = [row.name]) {
  if (!row.list) return faultsOfOne(row, v, path);
  const list = v || [];
  if (list.length > row.list) return fault(path, "too_many_items", { max: row.list });
  return list.flatMap((one, i) => faultsOfOne(row, one, [...path, i]));
}

function sentOne(row, v) {
  if (isEmpty(v)) return undefined;
  if (row.kind === "text") return v.trim();
  if (isNumber(row)) return numberOf(v, row.kind === "count");
  if (isMoney(row)) return { amount: Math.round(numberOf(v.amount) * 10 ** minorOf(v.currency)), currency: v.currency };
  if (row.kind !== "object") return v;
  return Object.fromEntries(row.rows.map((r) => [r.name, sentOf(r, v[r.name])]).filter(([, x]) => x !== undefined));
}

function sentOf(row, v) {
  if (!row.list) return sentOne(row, v);
  const list = (v || []).map((one) => sentOne(row, one)).filter((x) => x !== undefined);
  return list.length ? list : undefined;
}

/** Whether a field is asked for in this draft. */
export const isAsked = (name, draft) => when[name]?.(draft) ?? true;

/** The document that a draft becomes; what is empty, or no longer asked for, is left out. */
export const bodyOf = (draft) => Object.fromEntries(
  forms.request.filter((row) => isAsked(row.name, draft)).map((row) => [row.name, sentOf(row, draft[row.name])]).filter(([, v]) => v !== undefined));
