// The state of the hosts: what is as it should be, what has drifted, and having it put right.

import { ago, momentOf } from "../core/ago.js";
import { path, post } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { watch } from "../core/changes.js";
import { badge, dot, draw, element, facts, field, fold } from "../core/elements.js";
import { follow } from "../core/operations.js";
import { count, listed, sentence } from "../core/words.js";

const GROUPS = {
  cluster: "The cluster",
  prerequisites: "Programs that are needed",
  cuda: "The GPU's software",
};

const OUTCOMES = {
  ok: ["up", "as it should be"],
  fixed: ["up", "put right"],
  failed: ["down", "not as it should be"],
  skipped: ["unknown", "does not matter here"],
  unreadable: ["warm", "could not be read"],
};

/** The pane. */
export const pane = {
  mount(place) {
    const body = element("div", { class: "section" });
    place.append(element("p", { class: "quiet" }, "Each host is checked every night; nothing is changed unless you say so here."), body);
    const known = { state: null, error: null, running: false };
    const show = () => draw(body, known, () => (known.state ? hosts(known) : known.error ? [element("p", { class: "card fault" }, known.error)] : []));
    const ends = [
      watch("state", (state, change) => {
        Object.assign(known, { state: state && timed(state, change), error: change.error });
        show();
      }),
      watch("operations", (operations) => {
        known.running = (operations?.active ?? []).some(({ kind }) => kind === "state");
        show();
      }),
    ];
    return () => ends.forEach((end) => end());
  },
};

// Ages become moments, so that what only grows older is not drawn anew.
function timed(state, change) {
  const check = ({ age_seconds: age, ...rest }) => ({ ...rest, at: momentOf(age, change) });
  return { ...state, hosts: state.hosts.map((host) => ({ ...host, checks: host.checks.map(check) })) };
}

function hosts({ state, running }) {
  const why = running ? "The hosts are being checked just now" : null;
  const all = state.hosts.map(({ host }) => host);
  const wrong = state.hosts.flatMap(({ checks }) => checks.filter(fixable));
  return [
    element(
      "div",
      { class: "actions" },
      changeButton("Check now…", () => askCheck(all), { why, focus: "state-check" }),
      changeButton("Put it right…", () => askFix(state.hosts), { why: why ?? (wrong.length ? null : "There is nothing that could be put right by itself"), kind: "main", focus: "state-fix" }),
    ),
    element("div", { class: "tiles" }, state.hosts.map(tile)),
  ];
}

const fixable = ({ outcome, fix, by_hand: byHand }) => outcome === "failed" && fix && !byHand;

function tile({ host, has_script: hasScript, checks }) {
  const wrong = checks.filter(({ outcome }) => outcome === "failed").length;
  const unread = checks.filter(({ outcome }) => outcome === "unreadable").length;
  const looked = checks.map(({ at }) => at).filter((at) => at !== null);
  const words = !looked.length ? "not checked yet" : wrong ? `${count(wrong, "thing")} to put right` : unread ? `${count(unread, "check")} could not be read` : "as it should be";
  const kind = !looked.length ? "" : wrong ? "bad" : unread ? "warm" : "good";
  return element(
    "article",
    { class: "card tile" },
    element("h3", {}, host, " ", badge(words, kind)),
    Object.entries(GROUPS).map(([group, title]) => groupOf(host, title, checks.filter((check) => check.group === group))),
    hasScript ? element("p", {}, "Some of it needs a person with more rights: ", element("a", { href: path("api", "state", host, "script"), download: "" }, `the script for ${host}`), ". Read it, then run it there.") : null,
    looked.length ? element("p", { class: "age" }, "Checked ", ago(Math.min(...looked))) : null,
  );
}

function groupOf(host, title, checks) {
  if (!checks.length) return null;
  const well = checks.filter(({ outcome }) => outcome === "ok" || outcome === "fixed" || outcome === "skipped");
  const rest = checks.filter((check) => !well.includes(check));
  return element(
    "section",
    { class: "section" },
    element("h4", {}, title),
    rest.length ? element("ul", { class: "rows" }, rest.map(line)) : null,
    well.length ? fold(`state-${host}-${title}`, `${count(well.length, "check")}, well`, element("ul", { class: "rows" }, well.map(line))) : null,
  );
}

function line({ check, outcome, why, wanted, found, fix, by_hand: byHand }) {
  const [mark, words] = OUTCOMES[outcome] ?? ["unknown", "not looked at yet"];
  return element(
    "li",
    {},
    element("p", {}, dot(mark, words), " ", element("strong", {}, check.replaceAll("-", " ")), " ", element("span", { class: "quiet" }, words)),
    why ? element("p", { class: outcome === "failed" ? "why" : "quiet" }, `${sentence(why)}.`) : null,
    outcome === "failed" ? facts([["Should be", wanted], ["Is", found], [byHand ? "To be done by you" : "What would be done", fix]]) : null,
  );
}

async function askCheck(names) {
  const run = await askFirst({
    title: "Check the hosts?",
    rows: [["Does", `Looks at ${listed(names)}.`], ["Stops", "Nothing, and nothing is changed."], ["Takes", "Some seconds."]],
    yes: "Check now",
    no: "Not now",
    act: () => post("/api/state/check", {}),
  });
  if (run) await follow(run);
}

async function askFix(all) {
  const ask = element("input", { type: "checkbox", checked: true });
  const steps = all.flatMap(({ host, checks }) => checks.filter(fixable).map(({ fix }) => `${host}: ${fix}`));
  const plan = field("Show me the plan first, and wait for my go", ask);
  plan.className = "field tick";
  const run = await askFirst({
    title: "Put the hosts right?",
    rows: [
      ["Does", element("ul", {}, steps.map((step) => element("li", {}, step)))],
      ["Stops", "Nothing; no service is restarted."],
      ["Takes", "Up to some minutes, by what is to be installed."],
      ["If it fails", "What was done stays and is told; the rest is told with its reason. A second look says how things are then."],
    ],
    fields: [plan],
    yes: "Put it right",
    act: () => post("/api/state/fix", { approval: ask.checked ? "ask" : "none" }),
  });
  if (run) await follow(run);
}
