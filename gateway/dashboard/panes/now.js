// What is loaded, the hosts, the services and the models.

import { bar, dot, element } from "./elements.js";
import { about, gigabytes, kindOf, listed } from "./words.js";

const STALE_SECONDS = 60;

/** The model that is loaded, large. */
export function nowCard({ loaded, swapping, last }) {
  const eyebrow = element("p", { class: "eyebrow" }, "Loaded now");
  if (!loaded) {
    const words = swapping
      ? "A model is on its way."
      : "Pick one below and press “Switch to this”.";
    return [eyebrow, element("p", { class: "title" }, "No model is loaded"), element("p", {}, words), last && lastLine(last)];
  }
  return [
    eyebrow,
    element("p", { class: "title" }, dot("up", "It answers"), loaded.title),
    loaded.description ? element("p", {}, loaded.description) : null,
    element(
      "p",
      { class: "quiet" },
      "Applications reach it at ",
      element("code", {}, `${location.origin}/v1`),
      " as ",
      element("code", {}, loaded.served),
      ".",
    ),
    last && lastLine(last),
  ];
}

function lastLine(last) {
  const ends = { completed: "went well", failed: "failed", cancelled: "was cancelled", crashed: "broke off" };
  return element("p", { class: "quiet" }, `The last switch, to ${last.title}, ${ends[last.state] ?? last.state}.`);
}

/** One tile for each host. */
export function hostTile(host) {
  const state = host.reachable === null ? "unknown" : host.reachable ? "up" : "down";
  const words = { up: "reachable", down: "not reachable", unknown: "not looked at yet" }[state];
  const stale = host.age_seconds === null || host.age_seconds > STALE_SECONDS;
  const age = host.age_seconds === null ? "never seen" : `seen ${about(host.age_seconds)} ago`;
  return element(
    "article",
    { class: `card tile ${state}` },
    element("h3", {}, dot(state, words), host.name, element("span", { class: "quiet" }, words)),
    state === "down" && host.error ? element("p", { class: "fault" }, host.error) : null,
    host.memory_total ? memory(host) : null,
    element("p", { class: "facts quiet" }, ...facts(host).map((fact) => element("span", {}, fact))),
    element("p", { class: stale ? "age stale" : "age" }, age),
  );
}

function memory(host) {
  const used = host.memory_total - host.memory_available;
  const share = used / host.memory_total;
  const words = `${gigabytes(used)} of ${gigabytes(host.memory_total)} memory in use`;
  const kind = share > 0.9 ? "high" : share > 0.8 ? "warm" : "";
  return element("div", { class: "memory" }, bar(share, words, kind), element("span", {}, words));
}

function facts(host) {
  const gpu = host.gpu;
  return [
    gpu?.utilization != null ? `GPU ${Math.round(gpu.utilization)} %` : null,
    gpu?.temperature != null ? `${Math.round(gpu.temperature)} °C` : null,
    gpu?.power != null ? `${Math.round(gpu.power)} W` : null,
    host.disk_free_bytes != null ? `${gigabytes(host.disk_free_bytes)} disk free` : null,
    host.uptime_seconds ? `up for ${about(host.uptime_seconds)}` : null,
  ].filter(Boolean);
}

/** One line for each service. */
export function serviceLine(service) {
  const state = service.up === null ? "unknown" : service.up ? "up" : "down";
  const words = { up: "answers", down: `down: ${service.why}`, unknown: "not looked at yet" }[state];
  return element(
    "li",
    { class: state },
    dot(state, words),
    element("span", { class: "name" }, kindOf(service.kind)),
    element("span", { class: "quiet" }, `${service.name} on ${service.host}`),
    state === "down" ? element("span", { class: "fault" }, service.why) : null,
  );
}

/** The models: what can be switched to, then the rest behind a fold. */
export function modelList({ models, busy }, choose) {
  const usable = models.filter((model) => model.state === "ready" || model.loaded || model.loading);
  const others = models.filter((model) => !usable.includes(model));
  const rows = (some) => element("ul", { class: "rows" }, ...some.map((model) => modelRow(model, busy, choose)));
  return [
    usable.length ? rows(usable) : element("p", { class: "card quiet" }, "No model on disk can be switched to yet."),
    others.length
      ? element(
          "details",
          { class: "others" },
          element("summary", { "data-focus": "others" }, `${others.length} more that cannot be switched to yet`),
          rows(others),
        )
      : null,
  ];
}

function modelRow(model, busy, choose) {
  const where = model.hosts.length ? `on ${listed(model.hosts)}` : "on no host";
  const size = model.size_bytes ? `${gigabytes(model.size_bytes)}, ` : "";
  const needs = model.needs_hosts > 1 ? `, runs on ${model.needs_hosts} hosts` : "";
  return element(
    "li",
    { class: model.loaded ? "card row loaded" : "card row" },
    element(
      "div",
      {},
      element("h3", {}, model.title),
      model.description ? element("p", {}, model.description) : null,
      element("p", { class: "quiet" }, size + where + needs),
      model.why ? element("p", { class: "why" }, model.why) : null,
    ),
    modelAction(model, busy, choose),
  );
}

function modelAction(model, busy, choose) {
  if (model.loaded) return element("span", { class: "badge good" }, "Loaded");
  if (model.loading) return element("span", { class: "badge" }, "Loading…");
  if (model.state !== "ready") return element("span", { class: "badge" }, model.state);
  const properties = {
    type: "button",
    disabled: Boolean(busy),
    title: busy ?? "",
    "data-focus": model.key,
    "aria-label": `Switch to ${model.title}`,
    onclick: () => choose(model),
  };
  return element("button", properties, "Switch to this");
}
