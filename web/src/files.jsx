// Attachments: sent in at once, with progress; the request then names them.
import { useEffect, useRef, useState } from "preact/hooks";
import { formatNumber, t } from "./words.js";
import { upload } from "./api.js";
import { Fault, Field } from "./parts.jsx";

const MIB = 1 << 20;
const ONE_MIB = 10;
const ALL_MIB = 25;
const TYPES = "application/pdf,image/*,text/plain,text/csv,.pdf,.png,.jpg,.jpeg,.txt,.csv";

export const sizeOf = (bytes) => (bytes < MIB ? t("web.kib", { n: formatNumber(bytes / 1024) }) : t("web.mib", { n: formatNumber(bytes / MIB) }));

export function Files({ row, path, value = [], set, error, title }) {
  const [going, setGoing] = useState(null); // {name, share}
  const [fault, setFault] = useState(null);
  const [refused, setRefused] = useState("");
  const stop = useRef();
  const now = useRef(value); // several files go one after the other
  now.current = value;
  useEffect(() => () => stop.current?.abort(), []);

  const send = async (files) => {
    setFault(null);
    setRefused("");
    for (const file of files) {
      const all = now.current.reduce((sum, f) => sum + (f.bytes || 0), file.size);
      if (file.size > ONE_MIB * MIB || all > ALL_MIB * MIB || now.current.length >= row.list) {
        setRefused(t("web.file_too_large", { name: file.name }));
        continue;
      }
      stop.current = new AbortController();
      setGoing({ name: file.name, share: 0 });
      try {
        const kept = await upload("/v1/attachments", file, (share) => setGoing({ name: file.name, share }), stop.current.signal);
        const name = [...file.name].slice(0, row.rows.find((r) => r.name === "name").max).join("");
        now.current = [...now.current.filter((f) => f.id !== kept.id), { id: kept.id, name, bytes: kept.bytes }];
        set(now.current);
      } catch (f) {
        if (f.name !== "AbortError") setFault(f);
      }
    }
    setGoing(null);
  };
  const pick = (e) => {
    send([...e.target.files]);
    e.target.value = "";
  };
  return (
    <>
      <Field id={`f-${path.join("-")}`} label={title} hint={t("field.attachments.hint")} error={error || refused}>
        {(more) => <input type="file" multiple accept={TYPES} disabled={!!going} onChange={pick} {...more} />}
      </Field>
      {going && (
        <p class="going" role="status">
          <label>{t("web.file_going")} <bdi>{going.name}</bdi> <progress value={going.share} max="1" /></label>
          <button type="button" onClick={() => stop.current.abort()}>{t("web.cancel")}</button>
        </p>
      )}
      <Fault fault={fault} />
      {value.length > 0 && (
        <ul class="tokens">
          {value.map((f) => (
            <li>
              <bdi>{f.name}</bdi> <small>{sizeOf(f.bytes)}</small>
              <button type="button" aria-label={t("web.remove_of", { label: f.name })} onClick={() => set(value.filter((x) => x !== f))}>×</button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
