// CSV files of reference data and words, as the C programs read them (RFC 4180).
import { readFileSync } from "node:fs";
import { join } from "node:path";

export function parse(text) {
  const rows = [];
  let row = [];
  let cell = "";
  let isQuoted = false;
  const endCell = () => { row.push(cell); cell = ""; };
  const endRow = () => { endCell(); rows.push(row); row = []; };
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (isQuoted && c === '"' && text[i + 1] === '"') { cell += '"'; i++; }
    else if (c === '"') isQuoted = !isQuoted;
    else if (c === "," && !isQuoted) endCell();
    else if (c === "\n" && !isQuoted) endRow();
    else if (c !== "\r" || isQuoted) cell += c;
  }
  if (cell || row.length) endRow();
  return rows;
}

export function readTable(path) {
  const [heads, ...rows] = parse(readFileSync(path, "utf8"));
  return rows.map((cells, i) => {
    if (cells.length !== heads.length) throw new Error(`${path}: row ${i + 2} has ${cells.length} cells, not ${heads.length}`);
    return Object.fromEntries(heads.map((h, j) => [h, cells[j]]));
  });
}

/** Which of the service's own words (config/messages.csv) the pages show. */
const SHARED = /^(state|action|outcome|ball|urgency|reason|role|verdict|relation|offer|kind|secretariat)\.[^.]+$|^problem\.not-found$|^fault\.(required|wrong_length|not_a_whole_number|out_of_range|too_many_items)$/;

/** shown: what the script needs; all: also the front page's. */
export function wordsOf(config, web, language) {
  const of = (rows) => Object.fromEntries(rows.filter((r) => r[language]).map((r) => [r.key, r[language]]));
  const own = of(readTable(join(web, "words.csv")));
  const service = of(readTable(join(config, "messages.csv")));
  const shown = Object.fromEntries([
    ...Object.entries(service).filter(([key]) => SHARED.test(key)), ...Object.entries(own).filter(([key]) => !key.startsWith("front.")),
  ]);
  return { shown, all: { ...service, ...own } };
}
