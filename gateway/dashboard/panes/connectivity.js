// Who was reachable when: a lane for each host and service, and the newest changes in words.

import { ago } from "../core/ago.js";
import { ask } from "../core/api.js";
import { watch } from "../core/changes.js";
import { button, dot, draw, element, field } from "../core/elements.js";
import { about, count, moment, sentence } from "../core/words.js";
import { aspectOf, eventWords, isMoment, kindOfState, lanesOf, merged, sourceWords, subjectParts } from "./connectivity_words.js";
import { axis } from "./graph.js";
import { laneWords, timeline } from "./timeline.js";

const DAY = 86400;
const MOST = 1000;
const PAGE = 30;
const REDRAW_MS = 60000;

/** The pane. */
export const pane = { mount: (place) => new ConnectivityPane(place).leave };

class ConnectivityPane {
  constructor(place) {
    this.subjects = [];
    this.history = [];
    this.subject = "";
    this.most = PAGE;
    this.build(place);
    const end = watch("connectivity", (data, message) => this.take(data, message));
    const timer = setInterval(() => !document.hidden && this.show(), REDRAW_MS);
    this.left = false;
    this.leave = () => {
      this.left = true;
      end();
      clearInterval(timer);
    };
    this.askAll();
  }

  build(place) {
    this.fault = element("p", { class: "fault", role: "alert" });
    this.unwritten = element("p", { class: "why", role: "status" });
    this.lanes = element("div", { class: "lanes" }, element("p", { class: "quiet" }, "Asking the gateway…"));
    this.select = element("select", { "data-focus": "subject" });
    this.select.onchange = () => this.choose(this.select.value);
    this.list = element("ul", { class: "changes" });
    this.more = button("Show more", () => this.showMore(), { "data-focus": "more-changes" });
    const legend = element("p", { class: "quiet legend" }, [["up", "well"], ["warm", "neither well nor away"], ["down", "away"], ["mark", "started anew"], ["unknown", "not known"]].map(([kind, words]) => element("span", { class: `key ${kind}` }, words)));
    place.append(
      this.fault,
      this.unwritten,
      element("section", { class: "card section" }, element("h3", {}, "The last 24 hours"), this.lanes, legend),
      element("section", { class: "card section" }, element("h3", {}, "What changed"), field("Of which host, service or application", this.select), this.list, element("div", { class: "actions" }, this.more)),
    );
  }

  // The stream tells the newest hundred changes; a day may have more.
  async askAll() {
    try {
      const { history } = await ask(`/api/connectivity?limit=${MOST}`);
      this.history = merged(history, this.history, MOST);
      if (!this.left) this.show();
    } catch (error) {
      this.fault.textContent = error.message;
    }
  }

  take(data, { error }) {
    this.fault.textContent = error ?? "";
    if (!data) return;
    this.subjects = data.subjects;
    this.history = merged(this.history, data.history, MOST);
    this.unwritten.textContent = data.unwritten ? `${count(data.unwritten, "change")} not written down yet: the shared records cannot be reached.` : "";
    this.show();
  }

  show() {
    const until = Math.ceil(Date.now() / REDRAW_MS) * (REDRAW_MS / 1000);
    const lanes = lanesOf(this, until - DAY, until);
    draw(this.lanes, { lanes: lanes.map(settled), until, subject: this.subject }, () => this.drawLanes(lanes, until));
    this.showChoices([...new Set(lanes.map((lane) => lane.subject))]);
    const mine = this.history.filter((each) => !this.subject || each.subject === this.subject);
    this.more.hidden = mine.length <= this.most;
    draw(this.list, mine.slice(0, this.most).map(({ seconds, ...change }) => change), (changes) => (changes.length ? changes.map(changeItem) : element("li", { class: "quiet" }, "Nothing has changed yet.")));
  }

  drawLanes(lanes, until) {
    if (!lanes.length) return element("p", { class: "quiet" }, "Nothing is known yet.");
    const axisRow = element("div", { class: "lane-axis" }, axis(until - DAY, until, "day"));
    return [...lanes.map((lane) => this.laneRow(lane, until)), axisRow];
  }

  laneRow(lane, until) {
    const [kind, name] = subjectParts(lane.subject);
    const outside = lane.id === lane.subject ? "" : `, ${aspectOf(lane.source)}`;
    const state = lane.now ? [dot(kindOfState(lane.now.state), lane.now.state), element("span", {}, `${sentence(eventWords(lane.now.state))}, for `, ago(Math.round(lane.now.at), "for"))] : "Not known";
    const press = button(`${name}${outside}`, () => this.choose(this.subject === lane.subject ? "" : lane.subject), {
      class: "link",
      "data-focus": `lane-${lane.id}`,
      "aria-label": `${kind} ${name}${outside}: show its changes`,
      "aria-pressed": String(this.subject === lane.subject),
    });
    return element(
      "div",
      { class: "lane" },
      element("div", { class: "lane-name" }, press, element("span", { class: "quiet" }, kind)),
      timeline(lane, until - DAY, until),
      element("p", { class: "lane-state" }, state, element("span", { class: "small-print" }, sentence(laneWords(lane)))),
    );
  }

  showChoices(subjects) {
    const choices = subjects.map((subject) => [subject, subjectParts(subject).join(" ")]);
    draw(this.select, choices, (known) => [["", "All of them"], ...known].map(([value, words]) => element("option", { value }, words)));
    this.select.value = this.subject;
  }

  choose(subject) {
    this.subject = subject;
    this.most = PAGE;
    this.show();
  }

  showMore() {
    this.most += PAGE;
    this.show();
  }
}

// What is drawn of a lane without what only counts time.
function settled({ now, spans, ...lane }) {
  return { ...lane, now: now && [now.state, now.at], spans: spans.map(({ to, ...rest }) => rest) };
}

function changeItem({ subject, state, at, until, source, why }) {
  const [kind, name] = subjectParts(subject);
  const lasted = isMoment(state) ? "" : until === null ? ["Still so, for ", ago(Math.round(at), "for"), ". "] : `It lasted ${about(Math.max(1, until - at))}. `;
  return element(
    "li",
    { class: "change" },
    dot(isMoment(state) ? "warm" : kindOfState(state), state),
    element(
      "div",
      {},
      element("p", {}, `${kind} `, element("strong", {}, name), ` ${eventWords(state)}`, why && why !== "it answers" ? `: ${why}` : ""),
      element("p", { class: "small-print" }, lasted, `${sentence(sourceWords(source))}.`),
    ),
    element("time", { class: "quiet", dateTime: new Date(at * 1000).toISOString() }, moment(at)),
  );
}
