// One event stream for the page; whoever shows something hears of what happened to it.
import forms from "liaison:forms";

const heard = new Set();
let source = null;

export function follow() {
  source?.close();
  source = new EventSource("/v1/events");
  const tell = (event) => {
    const what = event.data ? JSON.parse(event.data) : {};
    heard.forEach((hear) => hear(what));
  };
  for (const name of forms.events) source.addEventListener(name, tell);
  source.addEventListener("reset", () => heard.forEach((hear) => hear({})));
}

export function unfollow() {
  source?.close();
  source = null;
}

export function onEvent(hear) {
  heard.add(hear);
  return () => heard.delete(hear);
}
