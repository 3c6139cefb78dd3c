// Whether a model would fit into the memory, and onto the disks (pure).

const MARGIN = 1024 ** 3; // left free beside what a model claims, as the check before a switch has it

/**
 * Whether a model of the menu would get its memory: `{ fits, least }`, or null where nobody can say.
 *
 * `fits`: "now", "after" (once the loaded one has stopped), "weights" (they alone are larger than its share), "never".
 * `least`: of the host with the least room `{ host, needs, free }` in bytes, `free` once the loaded one has stopped.
 */
export function memoryFit(model, loaded, hosts) {
  if (model.memory_share === null || model.memory_share === undefined || !model.runs_on?.length) return null;
  const rooms = model.runs_on.map((name) => room(model, loaded, hosts.find((host) => host.name === name)));
  if (rooms.includes(null)) return null;
  const least = rooms.reduce((worst, one) => (one.free - one.needs < worst.free - worst.needs ? one : worst));
  const claimed = (one) => one.needs + MARGIN;
  if (rooms.some((one) => model.size_bytes / model.runs_on.length > one.needs)) return { fits: "weights", least };
  if (rooms.some((one) => claimed(one) > one.free)) return { fits: "never", least };
  return { fits: rooms.every((one) => claimed(one) <= one.now) ? "now" : "after", least };
}

function room(model, loaded, host) {
  const { total, available } = host?.memory ?? {};
  if (!total || available === null || available === undefined) return null;
  const back = (loaded?.runs_on ?? []).includes(host.name) ? (loaded.memory_share ?? 0) * total : 0;
  return { host: host.name, needs: model.memory_share * total, now: available, free: Math.min(total, available + back) };
}

/** How many of the models that are not whole on a host its disk has room for: `{ fit, of }`; null while its disk is not known. */
export function diskFit(models, host) {
  const free = host.disk?.free;
  if (free === null || free === undefined) return null;
  const away = models.filter((model) => model.size_bytes && !model.hosts.includes(host.name));
  return { fit: away.filter((model) => model.size_bytes <= free).length, of: away.length };
}
