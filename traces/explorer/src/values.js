// Values as ITF writes them. They stay as parsed; `kind` tells what they are.
function kind(value) {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "int";
  if (Array.isArray(value)) return "list";
  const names = Object.keys(value);
  if (names.length === 1 && names[0][0] === "#") {
    return { "#bigint": "int", "#tup": "tuple", "#set": "set", "#map": "map", "#unserializable": "strange" }[names[0]] ?? "record";
  }
  if (names.length === 2 && typeof value.tag === "string" && "value" in value) return "variant";
  return "record";
}
const elements = (value) => (Array.isArray(value) ? value : value["#tup"] ?? value["#set"] ?? value["#map"] ?? []);

function show(value) {
  switch (kind(value)) {
    case "none": return "–";
    case "text": return value === "" ? '""' : clean(value);
    case "int": return clean(typeof value === "number" ? value : value["#bigint"]);
    case "list": return "[" + value.map(show).join(", ") + "]";
    case "tuple": return "(" + elements(value).map(show).join(", ") + ")";
    case "set": return "{" + elements(value).map(show).join(",") + "}";
    case "map": return "{" + elements(value).map(([key, inner]) => show(key) + " ↦ " + show(inner)).join(", ") + "}";
    case "strange": return "?" + clean(value["#unserializable"]);
    case "variant": {
      const inner = kind(value.value);
      if (inner === "tuple" && elements(value.value).length === 0) return clean(value.tag);
      return clean(value.tag) + (inner === "tuple" || inner === "record" ? show(value.value) : "(" + show(value.value) + ")");
    }
    case "record": return "(" + Object.entries(value).map(([name, inner]) => clean(name) + " " + show(inner)).join(", ") + ")";
    default: return clean(value);
  }
}

// A text that is the same for equal values: sets, maps and records in any order.
function canonical(value) {
  switch (kind(value)) {
    case "int": return "i" + (typeof value === "number" ? value : value["#bigint"]);
    case "list": case "tuple": return kind(value)[0] + "[" + elements(value).map(canonical).join() + "]";
    case "set": return "s{" + [...new Set(elements(value).map(canonical))].sort().join() + "}";
    case "map": return "m{" + elements(value).map((entry) => entry.map(canonical).join(":")).sort().join() + "}";
    case "record": case "variant": return "r{" + Object.keys(value).sort().map((name) => JSON.stringify(name) + canonical(value[name])).join() + "}";
    default: return JSON.stringify(value);
  }
}

function same(one, other) {
  if (one === other) return true;
  const what = kind(one);
  if (what !== kind(other)) return false;
  if (what === "list" || what === "tuple") {
    const [left, right] = [elements(one), elements(other)];
    return left.length === right.length && left.every((element, index) => same(element, right[index]));
  }
  if (what === "record" || what === "variant") {
    const names = Object.keys(one);
    return names.length === Object.keys(other).length && names.every((name) => name in other && same(one[name], other[name]));
  }
  if (what === "set" || what === "map") {
    const [left, right] = [elements(one), elements(other)];
    // The usual case is the same order; only otherwise is it worth a canonical text.
    if (left.length === right.length && left.every((element, index) => same(element, right[index]))) return true;
  }
  return canonical(one) === canonical(other);
}

// Everything in `after` as lines, with what differs from `before`:
// {path, op: " " | "+" | "-" | "~", before, after}.
function lines(before, after, path = "", out = []) {
  const what = kind(after);
  if (what !== kind(before) || before === undefined) {
    if (what === "none" || kind(before) === "none") out.push({ path, op: what === "none" ? "-" : "+", before, after });
    else out.push({ path, op: "~", before, after });
    return out;
  }
  if (path !== "" && same(before, after)) return out.push({ path, op: " ", before, after }), out;
  const deeper = (name) => (path ? path + "." : "") + clean(name);
  if (what === "record") {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) lines(before[name], after[name], deeper(name), out);
  } else if (what === "variant" && before.tag === after.tag && kind(after.value) === "record") {
    lines(before.value, after.value, path, out);
  } else if (what === "set") {
    const [old, now] = [before, after].map((set) => new Map(elements(set).map((element) => [canonical(element), element])));
    for (const [key, element] of old) if (!now.has(key)) out.push({ path, op: "-", before: element });
    for (const [key, element] of now) out.push({ path, op: old.has(key) ? " " : "+", before: element, after: element });
    if (old.size + now.size === 0) out.push({ path, op: " ", before, after });
  } else if (what === "map") {
    const [old, now] = [before, after].map((map) => new Map(elements(map).map(([key, inner]) => [canonical(key), [key, inner]])));
    for (const [text, [key, inner]] of old) lines(inner, now.get(text)?.[1], path + "[" + show(key) + "]", out);
    for (const [text, [key, inner]] of now) if (!old.has(text)) lines(undefined, inner, path + "[" + show(key) + "]", out);
    if (old.size + now.size === 0) out.push({ path, op: " ", before, after });
  } else if ((what === "list" || what === "tuple") && [before, after].some((list) => elements(list).some((item) => typeof item === "object"))) {
    const [old, now] = [elements(before), elements(after)];
    for (let index = 0; index < Math.max(old.length, now.length); index++) lines(old[index], now[index], path + "[" + index + "]", out);
  } else {
    out.push({ path, op: same(before, after) ? " " : "~", before, after });
  }
  return out;
}

// The fields of a record, nested ones with their path.
function leaves(value, path = "", out = new Map()) {
  if (kind(value) === "record" && Object.keys(value).length > 0) {
    for (const [name, inner] of Object.entries(value)) leaves(inner, (path ? path + "." : "") + clean(name), out);
  } else out.set(path, value);
  return out;
}
