// One connection to the gateway's stream of changes; it comes back by itself when it breaks.

const SILENCE_MS = 15000;
const PAUSES_MS = [500, 1000, 2000, 5000, 10000];

/** Follows the topics that are wanted, and tells each message; no connection while none is. */
export class Stream {
  constructor(tell) {
    this.tell = tell;
    this.topics = "";
    this.source = null;
    this.timer = null;
    this.tries = 0;
    this.live = null; // not known yet
  }

  /** Follow these topics from now on; an empty list ends the connection. */
  want(topics) {
    const wanted = [...new Set(topics)].sort().join(",");
    if (wanted === this.topics) return;
    this.topics = wanted;
    this.tries = 0;
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    if (!this.topics) return;
    this.source = new EventSource(`/api/changes?topics=${this.topics}`);
    this.source.addEventListener("change", (event) => this.heard(JSON.parse(event.data)));
    this.source.addEventListener("beat", () => this.heard(null));
    this.source.addEventListener("error", () => this.lost());
    this.listen();
  }

  heard(change) {
    this.tries = 0;
    this.setLive(true);
    this.listen();
    if (change) this.tell({ ...change, received: Date.now() });
  }

  // A connection that was cut without a word stays open here: silence is the only sign.
  listen() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.lost(), SILENCE_MS);
  }

  lost() {
    this.source?.close();
    this.setLive(false);
    clearTimeout(this.timer);
    const pause = PAUSES_MS[Math.min(this.tries, PAUSES_MS.length - 1)];
    this.tries += 1;
    this.timer = setTimeout(() => this.open(), pause);
  }

  setLive(live) {
    if (live === this.live) return;
    this.live = live;
    this.tell({ live });
  }
}
