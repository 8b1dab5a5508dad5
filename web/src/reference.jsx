// Countries, topics, species and sites in the reader's language: fixed files that the build made from
// the service's own tables, fetched by those who need them, once, and then there without a link, too.
import { useEffect, useState } from "preact/hooks";

const fetched = new Map(); // path -> promise of its document

function fetchOnce(path) {
  if (!fetched.has(path))
    fetched.set(path, fetch(path).then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(path)))).catch((e) => {
      fetched.delete(path); // the link may come back
      throw e;
    }));
  return fetched.get(path);
}

const root = document.documentElement.dataset;
export const loadReference = () => fetchOnce(root.reference);
export const loadSpecies = async () => fetchOnce((await loadReference()).files.species);

/** [[kind, number, name]]: the listed sites of a country. */
export async function loadSites(country) {
  const { countries, files } = await loadReference();
  const [, , region] = countries.find(([code]) => code === country) || [];
  return files.sites[region] ? (await fetchOnce(files.sites[region]))[country] || [] : [];
}

/** What load gives, once it is there; without it the reader writes by hand. */
export function useLoaded(load, otherwise, deps = []) {
  const [value, set] = useState(otherwise);
  useEffect(() => {
    let isGone = false;
    load().then((v) => isGone || set(v), () => {});
    return () => (isGone = true);
  }, deps);
  return value;
}

/** A long list: fetched when somebody begins to write where it would help. [list, want] */
export function useWanted(load) {
  const [list, set] = useState([]);
  return [list, () => void (list.length || load().then(set, () => {}))];
}

const NONE = { countries: [], topics: [], secretariats: [] };
export const useReference = () => useLoaded(loadReference, NONE);

const nameIn = (list, code) => list.find(([c]) => c === code)?.[1] ?? code;
export const countryName = (reference, code) => nameIn(reference.countries, code);
export const topicName = (reference, code) => nameIn(reference.topics, code);

export const Country = ({ code }) => <bdi>{countryName(useReference(), code)}</bdi>;
