// A log that grows while it is open: of a run, or any list of lines.

import { element } from "./elements.js";

const KEPT_LINES = 1000;

/** A box of lines that stays at its end while its reader is there. */
export class LogBox {
  constructor(label) {
    this.lines = [];
    this.place = element("pre", { class: "lines", tabIndex: 0, role: "log", "aria-label": label });
  }

  /** Add lines, each `{ host, line }`. */
  add(lines) {
    const { place } = this;
    const atEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 20;
    this.lines.push(...lines.map(({ host, line }) => (host ? `${host}  ${line}` : line)));
    this.lines = this.lines.slice(-KEPT_LINES);
    place.textContent = this.lines.join("\n");
    if (atEnd) place.scrollTop = place.scrollHeight;
  }

  clear() {
    this.lines = [];
    this.place.textContent = "";
  }
}

/** The log of a run behind a fold; it is read only while it is open. */
export class LogView {
  constructor(runId) {
    this.runId = runId;
    this.over = false;
    this.box = new LogBox("Log");
    this.source = null;
    const fold = element("details", { class: "fold log" }, element("summary", {}, "Live log"), this.box.place);
    fold.ontoggle = () => (fold.open ? this.open() : this.close());
    this.place = fold;
  }

  open() {
    this.close();
    this.box.clear();
    this.source = new EventSource(`/api/runs/${this.runId}/stream`);
    this.source.addEventListener("log", (event) => this.box.add(JSON.parse(event.data).lines ?? []));
    this.source.addEventListener("result", () => this.close());
  }

  close() {
    this.source?.close();
    this.source = null;
  }
}
