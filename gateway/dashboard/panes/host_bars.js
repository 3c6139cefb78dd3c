// The bars of a host: memory, swap, GPU, temperature, power, disk. What is not told has none.

import { bar, element } from "../core/elements.js";
import { gigabytes } from "../core/words.js";
import { memoryParts } from "./host_words.js";

const MOST_WATTS = 140; // what the chip may take

/** The bars of a host as the API shows it. */
export function barsOf({ memory, disk, facts }) {
  const gpu = facts.gpu ?? {};
  return element("div", { class: "gauges" }, [
    memoryGauge(memory),
    sized("Swap used", memory.swap_used, memory.swap_total, [0.25, 0.9]),
    numbered("GPU at work", gpu.utilization, 100, "%", [2, 2]),
    numbered("Temperature", gpu.temperature, 100, "°C", [0.8, 0.9]),
    numbered("Power", gpu.power, MOST_WATTS, "W", [2, 2]),
    sized("Disk used", isNumber(disk.free) && isNumber(disk.total) ? disk.total - disk.free : null, disk.total, [0.85, 0.95]),
  ]);
}

function memoryGauge(memory) {
  const parts = memoryParts(memory);
  if (!parts) return null;
  const kind = memory.alert !== "calm" ? "high" : "";
  const made = bar(parts.used / parts.total, `Memory: ${parts.words}`, `stack ${kind}`);
  const cache = element("span", { class: "fill cache" });
  cache.style.width = `${(100 * parts.cache) / parts.total}%`;
  made.append(cache);
  return gauge("Memory", parts.words, made, "gauge wide");
}

function sized(name, used, total, limits) {
  if (!isNumber(used) || !total) return null;
  const words = `${used ? gigabytes(used) : "none"} of ${gigabytes(total)}`;
  return gauge(name, words, bar(used / total, `${name}: ${words}`, kindOf(used / total, limits)));
}

function numbered(name, value, most, unit, limits) {
  if (!isNumber(value)) return null;
  const words = `${value < 10 && unit === "W" ? value.toFixed(1) : Math.round(value)} ${unit}`;
  return gauge(name, words, bar(value / most, `${name}: ${words}`, kindOf(value / most, limits)));
}

function gauge(name, words, made, kind = "gauge") {
  return element("div", { class: kind }, element("span", { class: "quiet" }, name), element("span", {}, words), made);
}

const kindOf = (share, [warm, high]) => (share > high ? "high" : share > warm ? "warm" : "");
const isNumber = (value) => typeof value === "number";
