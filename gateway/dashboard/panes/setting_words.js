// Names for people: of the blocks of settings, their fields, and the values in them.

import { sentence } from "../core/words.js";

const BLOCKS = {
  cluster: ["Cluster", "The hosts, their services, and where things lie on them."],
  catalog: ["Own recipes", "How models are started, where it differs from what is built in."],
  "swap-webhook": ["Webhooks", "Who is told what happens."],
  "upstream-keys": ["Keys of services", "For services that ask for a key themselves; applications never need to know it."],
  bot: ["Bot", "A Docker Compose project in a git checkout on a host; without a user there is none."],
  "ngc-key": ["NGC key", "For NVIDIA’s registry, to fetch NIM containers."],
};

const FIELDS = {
  drain_seconds: "Time for answers under way before a switch (seconds)",
  silence_seconds: "Longest silence of a start (seconds)",
  idle_seconds: "Longest silence of an answer (seconds)",
  grace_seconds: "Time after a start without a restart (seconds)",
  cooldown_seconds: "Least time between two restarts (seconds)",
  window_seconds: "The restarts are counted over (seconds)",
  expected_seconds: "Usual time to start (seconds)",
  at_most: "Restarts at most",
  at_once: "Requests at once",
  queue: "How many may wait",
  hf_cache: "Hugging Face cache",
  key_path: "Private key file",
  host_key: "Known host key",
  ssh_port: "SSH port",
  mac: "MAC address",
  fabric_address: "Address on the link between the hosts",
  wake_address: "Wake-up packets go to",
  wake_port: "Wake-up port",
  restarts: "Restarts of failing services",
  speech_patches: "Patches of the speech container",
  floor_gib: "Least free memory (GiB)",
  fall_gib_per_second: "Fastest fall of free memory (GiB per second)",
  size_gb: "Size (GB)",
  gpu: "Uses the GPU",
  heal: "May be restarted when it fails",
  hosts_limit: "Where it can run",
  args: "Arguments of vllm serve",
  env: "Environment",
  url: "Address",
  allow_public: "Also addresses that are not on the LAN",
  secrets: "Secrets of the targets",
  key: "Key",
  keys: "Keys",
  health_path: "Health check at",
  knobs: "Own values of flags",
  venv: "Virtual environment",
  kind: "What it is",
};

const HELP = {
  "cluster.hosts": "The DGX Sparks.",
  "cluster.services": "The programs on them that answer.",
  "swap-webhook.url": "Called with POST when anything happens; blank: nobody, unless there are targets below.",
  "swap-webhook.secret": "Signs the time and the text of each call, so that its receiver knows who calls.",
  "swap-webhook.targets": "More programs that are told, each with a name.",
  "swap-webhook.secrets": "By the target’s name: they sign what the target is sent.",
  "upstream-keys.keys": "By the service’s name.",
  "ngc-key.registries": "Where images may come from besides nvcr.io, one a line, such as registry.example/nim/ with its slash.",
  "bot.user": "Its own SSH user; blank: there is no bot.",
  "bot.host": "Where it runs; blank: the last host.",
  "bot.key_path": "On the controller; blank: the host’s.",
};

const VALUES = {
  vllm: "Chat and text (vLLM)", stt: "Speech to text", tts: "Text to speech", embeddings: "Embeddings", qdrant: "Search (Qdrant)", http: "Another service",
  alert: "Only tell", drop_caches: "Drop the page cache", stop_engine: "Stop the engine",
  any: "One host or several", solo: "Only on one host", cluster: "Only across several hosts",
  openai: "OpenAI’s way", magpie: "Magpie’s way (translated)",
  "launch-cluster": "launch-cluster.sh", docker: "docker run", venv: "A virtual environment",
};

/** Title and purpose of a block. */
export const blockWords = (block) => BLOCKS[block] ?? [sentence(block.replaceAll("-", " ")), ""];

/** The name of a field. */
export function fieldWords(name) {
  return FIELDS[name] ?? sentence(name.replaceAll("_", " ").replace(/ seconds$/, " (seconds)"));
}

/** What a field is for: the schema's own words, unless ours are better; blank when its name says it already. */
export function helpWords(block, name, description) {
  const help = HELP[`${block}.${name}`] ?? description;
  return fieldWords(name).startsWith(help) ? "" : help;
}

/** A choice as people say it. */
export const choiceWords = (value) => VALUES[value] ?? String(value);

/** One of the items of a list: "host", "service", "recipe", "target". */
export const itemWords = (name) => name.replace(/s$/, "").replaceAll("_", " ");

/** A value on one line, for before → after. */
export function valueWords(value) {
  if (value === null || value === undefined || value === "") return "blank";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.length ? value.map(valueWords).join(", ") : "none";
  if (typeof value === "object") return Object.keys(value).length ? JSON.stringify(value) : "none";
  return String(value);
}
