// A JSON schema as a form needs it: references followed, "or nothing" taken apart.

/** The shape of a described value: `{ shape, nullable }`. */
export function shapeOf(described, form) {
  const options = (described.anyOf ?? []).filter(({ type }) => type !== "null");
  const nullable = Boolean(described.anyOf) && options.length < described.anyOf.length;
  const shape = followed(options[0] ?? described, form);
  return { shape: { ...shape, description: described.description ?? shape.description }, nullable };
}

/** What kind of control a shape needs. */
export function controlOf(shape, form) {
  if (shape.format === "password") return "secret";
  if (shape.enum) return "choice";
  if (shape.type === "boolean") return "switch";
  if (shape.type === "integer" || shape.type === "number") return "number";
  if (shape.type === "array") return listOf(shape, form);
  if (shape.type === "object" || shape.properties) return objectOf(shape);
  return shape.type === "string" ? "text" : "json";
}

function followed(shape, form) {
  return shape.$ref ? form.$defs[shape.$ref.split("/").at(-1)] : shape;
}

function listOf({ items = {} }, form) {
  const item = followed(items, form);
  if (item.properties) return "items";
  return item.type === "string" ? "lines" : "json";
}

function objectOf({ properties, additionalProperties: values }) {
  if (properties) return "group";
  return values?.format === "password" ? "secrets" : "json";
}
