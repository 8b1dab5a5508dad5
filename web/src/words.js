// Words for people, in the language of the page, with which they came.
const root = document.documentElement;

export const language = root.dataset.language;
const locale = root.lang === "en" ? "en-GB" : root.lang; // day before month (conventions 8.2)
const plurals = new Intl.PluralRules(locale);
const instant = new Intl.DateTimeFormat(locale, {
  year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short",
});
const day = new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", day: "numeric", timeZone: "UTC" });
const distance = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });

const table = JSON.parse(document.getElementById("words").textContent);

export const has = (key) => key in table;

/** The text under key with its {placeholders} filled; a key that is not there shows itself. */
export function t(key, values = {}) {
  return (table[key] ?? key).replace(/\{([a-z_]+)\}/g, (all, name) => values[name] ?? all);
}

/** The same where a number decides the form of the sentence (CLDR plural categories). */
export function tn(key, n, values = {}) {
  const form = `${key}#${plurals.select(n)}`;
  return t(has(form) ? form : `${key}#other`, { n: number.format(n), ...values });
}

export const formatNumber = (n) => (n == null ? "–" : number.format(n));
export const formatMoney = (n, currency) => new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "code" }).format(n);
export const formatInstant = (text) => instant.format(new Date(text));
const hour = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const date = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
export const formatTick = (ms, isDay) => (isDay ? date : hour).format(ms);
export const formatDay = (text) => day.format(new Date(text));

const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** "in 3 days", "2 hours ago". */
export function formatDistance(text, now = Date.now()) {
  const seconds = (new Date(text) - now) / 1000;
  const [unit, size] = STEPS.find(([, s]) => Math.abs(seconds) >= s) ?? STEPS[3];
  return distance.format(Math.round(seconds / size), unit);
}

export function formatSpan(seconds) {
  if (seconds == null) return "–";
  const [unit, size] = STEPS.find(([, s]) => seconds >= s) ?? STEPS[3];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 })
    .format(seconds / size);
}

export const convention = (code) => t(`secretariat.${code}`);
