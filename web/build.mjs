// Builds the pages: node build.mjs FORMS OUT
// FORMS  what lifecycle_print forms prints; OUT  a folder, made anew: pages.csv lists what is in it.
// The same input gives the same bytes: names carry a hash of the content, nothing carries a date.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync, renameSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import esbuild from "esbuild";
import { frontPage, LANGUAGES } from "./front.mjs";
import { readTable, wordsOf } from "./table.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const config = join(here, "../config");
const [formsPath, outPath] = process.argv.slice(2).map((p) => resolve(p));
if (!outPath) throw new Error("usage: node build.mjs FORMS OUT");

const work = `${outPath}.new`;
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const rows = [];

/** One file in its three forms, and its row of the table. */
function put(path, type, bytes, { language = "", fixed = true } = {}) {
  const file = path.replace(/^\/(_\/)?/, "").replace(/[^A-Za-z0-9._-]/g, "_");
  const plain = Buffer.from(bytes);
  writeFileSync(join(work, file), plain);
  writeFileSync(join(work, `${file}.gz`), gzipSync(plain, { level: 9 }));
  writeFileSync(join(work, `${file}.br`), brotliCompressSync(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  }));
  rows.push([path, type, language, fixed ? "yes" : "no", file]);
  return path;
}

const hashOf = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 10);
const hashed = (name, ending, type, bytes) => put(`/_/${name}-${hashOf(bytes)}.${ending}`, type, bytes);

// Script: one for all, the board's apart. Names of pieces follow their content.
const forms = { name: "forms", setup(build) {
  build.onResolve({ filter: /^liaison:forms$/ }, () => ({ path: formsPath, namespace: "forms" }));
  build.onLoad({ filter: /.*/, namespace: "forms" }, () => ({ contents: readFileSync(formsPath, "utf8"), loader: "json" }));
} };
const bundle = await esbuild.build({
  entryPoints: [join(here, "src/app.jsx")], bundle: true, splitting: true, format: "esm", minify: true, write: false,
  target: "es2022", charset: "utf8", legalComments: "none", jsx: "automatic", jsxImportSource: "preact",
  outdir: "/_", entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", plugins: [forms], logLevel: "error",
  absWorkingDir: here, metafile: true,
});
const pathOf = (file) => `/_/${file.split("/").pop()}`;
for (const file of bundle.outputFiles) put(pathOf(file.path), "text/javascript; charset=utf-8", file.contents);
const [entry, made] = Object.entries(bundle.metafile.outputs).find(([, o]) => o.entryPoint === "src/app.jsx");
const script = pathOf(entry);
const pieces = made.imports.filter((i) => i.kind === "import-statement").map((i) => pathOf(i.path));
put("/sw.js", "text/javascript; charset=utf-8",
  (await esbuild.transform(readFileSync(join(here, "src/sw.js"), "utf8"), { minify: true })).code, { fixed: false });

// Style: one sheet; a colour for each convention, as data.
const conventions = readTable(join(here, "conventions.csv"));
const enabled = readTable(join(config, "secretariats.csv")).filter((s) => s.enabled === "yes").map((s) => s.code);
const css = readFileSync(join(here, "src/style.css"), "utf8") +
  readFileSync(join(here, "node_modules/uplot/dist/uPlot.min.css"), "utf8") +
  conventions.map((c) => `.c-${c.code}{--c:${c.light};--cd:${c.dark}}`).join("");
const style = hashed("style", "css", "text/css; charset=utf-8", (await esbuild.transform(css, { loader: "css", minify: true })).code);
const icon = hashed("icon", "svg", "image/svg+xml", readFileSync(join(here, "src/icon.svg")));

// What a form proposes: the sites of a part of the world, and in each language countries, topics and species.
const countries = readTable(join(config, "countries.csv"));
const regions = [...new Set(countries.map((c) => c.sub_region))].filter((r) => r);
const sites = readTable(join(config, "sites.csv"));
const json = (name, doc) => hashed(name, "json", "application/json", JSON.stringify(doc));
const files = Object.fromEntries(regions.map((region, i) => [i, json(`sites-${i}`,
  Object.fromEntries(countries.filter((c) => c.sub_region === region).map((c) =>
    [c.iso3, sites.filter((s) => s.iso3 === c.iso3).map((s) => [s.kind[0], s.id, s.name])])))]));
const byName = (language) => (a, b) => a[1].localeCompare(b[1], language);
const species = (language) => json(`species-${language}`, readTable(join(config, "species.csv")).map((s) =>
  [s.scientific_name, (s[`name_${language}`] || s.common_name_en).split(";").slice(0, 2).join(", ")]));
const reference = (language, words) => json(`reference-${language}`, {
  countries: countries.map((c) => [c.iso3, c[`name_${language}`], regions.indexOf(c.sub_region)]).sort(byName(language)),
  topics: readTable(join(config, "topics.csv")).map((r) => [r.topic, words[`topic.${r.topic}`]]).sort(byName(language)),
  secretariats: enabled, files: { species: species(language), sites: files },
});

// Words and the front page, for each language.
for (const language of Object.keys(LANGUAGES)) {
  const { shown, all } = wordsOf(config, here, language);
  const manifest = hashed(`manifest-${language}`, "json", "application/manifest+json", JSON.stringify({
    name: all["web.name"], short_name: all["web.name"], description: all["front.lead"], lang: LANGUAGES[language].tag,
    dir: LANGUAGES[language].dir, start_url: `/${language}`, scope: "/", display: "standalone",
    background_color: "#ffffff", theme_color: "#14506b", icons: [{ src: icon, sizes: "any", type: "image/svg+xml" }],
  }));
  put(`/${language}`, "text/html; charset=utf-8",
    frontPage({ language, words: all, shown, enabled, assets: { script, pieces, style, icon, manifest, reference: reference(language, all) } }), { language, fixed: false });
}

writeFileSync(join(work, "pages.csv"),
  [["path", "type", "language", "fixed", "file"], ...rows].map((r) => r.join(",")).join("\n") + "\n");
rmSync(outPath, { recursive: true, force: true });
renameSync(work, outPath);
