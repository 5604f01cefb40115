// Trace files: ITF (one, or several as a list or as lines) and TLC's JSON.
class TraceError extends Error {}
const LIMIT_MB = 400;

function parseFile(text) {
  text = text.replace(/^\ufeff/, "");
  if (text.trim() === "") throw new TraceError(t("eEmpty"));
  let json;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const rows = text.split("\n").filter((row) => row.trim() !== "");
    if (rows.length < 2 || !rows.every((row) => row.trimStart().startsWith("{") && row.trimEnd().endsWith("}"))) throw new TraceError(t("eNotJson", whereJson(text, error)));
    json = rows.map((row, index) => {
      try { return JSON.parse(row); } catch (inner) { throw new TraceError(t("eNotJson", whereJson(text, error) + " / " + (index + 1))); }
    });
  }
  const traces = Array.isArray(json) ? json : [json];
  if (traces.length === 0) throw new TraceError(t("eNotItf", "[]"));
  return traces.map(readTrace);
}

function whereJson(text, error) {
  const position = /position (\d+)/.exec(error.message);
  if (!position || /line \d+/.test(error.message)) return clean(error.message).slice(0, 300);
  const before = text.slice(0, Number(position[1])).split("\n");
  return clean(error.message).slice(0, 300) + " (line " + before.length + ", column " + (before[before.length - 1].length + 1) + ")";
}

function fromTlc(json) {
  const states = json.counterexample.state, actions = json.counterexample.action ?? [];
  const itf = { "#meta": { tool: "TLC" }, vars: json.vars ?? Object.keys(states[0]?.[1] ?? {}), states: [] };
  const title = (action) => {
    const shown = (action?.parameters ?? []).filter((name) => action.context?.[name] !== undefined).map((name) => name + " = " + (typeof action.context[name] === "string" ? action.context[name] : JSON.stringify(action.context[name])));
    return (action?.name ?? "") + (shown.length ? "(" + shown.join(", ") + ")" : "");
  };
  const names = new Map(actions.map(([before, action, after]) => [before[0] + ">" + after[0], title(action)]));
  states.forEach(([index, variables], position) => {
    itf.states.push({ "#meta": { action: position ? names.get(states[position - 1][0] + ">" + index) ?? "" : "" }, ...variables });
  });
  // A lasso shows as an edge that goes back.
  const edge = actions.find(([before, , after]) => after[0] <= before[0]);
  if (edge) itf.loop = states.findIndex(([index]) => index === edge[2][0]);
  return itf;
}

function readTrace(json) {
  const notItf = (reason) => new TraceError(t("eNotItf", clean(reason)));
  if (json?.counterexample?.state) json = fromTlc(json);
  if (json === null || typeof json !== "object" || Array.isArray(json)) throw notItf("no object");
  if (!Array.isArray(json.states)) throw notItf("no 'states'");
  if (json.states.length === 0) throw notItf("'states' is empty");
  if (!Array.isArray(json.vars) || !json.vars.every((name) => typeof name === "string")) throw notItf("no list 'vars'");
  const vars = [...(Array.isArray(json.params) ? json.params : []), ...json.vars];
  const last = json.states.length - 1;
  if (json.loop !== undefined && json.loop !== null && !(Number.isInteger(json.loop) && json.loop >= 0 && json.loop <= last)) throw new TraceError(t("eLoop", clean(JSON.stringify(json.loop)), last));
  const meta = json["#meta"] ?? {};
  if (meta.quorate !== undefined && String(meta.quorate) !== "1") throw new TraceError(t("eVersion", clean(meta.quorate)));
  const part = (holder, key, place, empty) => {
    if (holder?.[key] === undefined) return empty;
    try { return typeof holder[key] === "string" ? JSON.parse(holder[key]) : holder[key]; } catch (error) { throw new TraceError(t("eMeta", place, key, clean(error.message))); }
  };
  const text = (value) => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
  const trace = {
    json, vars, loop: json.loop ?? null, model: text(meta.model), tool: text(meta.tool || meta.source), property: text(meta.property), kind: text(meta.kind), verdict: text(meta.verdict), witness: text(meta.witness), title: text(meta.title),
    about: Object.fromEntries(["removed", "happens", "issue"].filter((key) => meta[key] !== undefined).map((key) => [key, text(meta[key])])),
    bounds: part(meta, "bounds", t("trace"), {}), rules: part(meta, "rules", t("trace"), {}), claims: part(meta, "claims", t("trace"), []), lanes: part(meta, "lanes", t("trace"), []).map(String), steps: [],
  };
  if (!Array.isArray(trace.claims)) trace.claims = [];
  json.states.forEach((state, index) => {
    if (state === null || typeof state !== "object" || Array.isArray(state)) throw notItf("state " + index);
    for (const name of vars) {
      if (!Object.hasOwn(state, name)) throw new TraceError(t("eMissing", index, clean(name)));
      if (state[name] === null) throw new TraceError(t("eValue", index, clean(name), "null"));
    }
    const own = state["#meta"] ?? {};
    const view = part(own, "view", t("state") + " " + index, {}), claims = part(own, "claims", t("state") + " " + index, null);
    const lane = Number.isInteger(view.lane) && view.lane >= 0 ? view.lane : null;
    trace.steps.push({
      state, title: text(own.action) || (typeof state["mbt::actionTaken"] === "string" ? state["mbt::actionTaken"] : ""), lane,
      delivered: readMessage(view.delivered), sent: (Array.isArray(view.sent) ? view.sent : []).map(readMessage).filter(Boolean),
      violated: claims?.violated ?? {}, holding: claims?.holding ?? [], said: claims !== null,
    });
  });
  findNodes(trace);
  trace.flights = findFlights(trace);
  trace.leaders = findLeaders(trace);
  trace.partitions = findPartitions(trace);
  trace.steps.forEach((step, index) => {
    step.news = Object.keys(step.violated).filter((name) => index === 0 || !Object.hasOwn(trace.steps[index - 1].violated, name));
  });
  return trace;
}

function readMessage(message) {
  if (!message || !Number.isInteger(message.source) || !Number.isInteger(message.dest)) return null;
  return { source: message.source, dest: message.dest, kind: String(message.kind ?? ""), text: String(message.text ?? "") };
}

// Which variables belong to nodes: our `nodes`, or functions over the same
// names, as TLA+ and Quint write them. `trace.node(step, lane)` is a record.
function findNodes(trace) {
  const first = trace.steps[0].state;
  // A lane beyond the records may have a variable of its own name: `master`.
  const fits = (name) => {
    const count = Array.isArray(first[name]) ? first[name].length : 0;
    return count >= 1 && count <= trace.lanes.length && trace.lanes.slice(count).every((lane) => trace.vars.includes(lane)) && trace.steps.every(({ state }) => Array.isArray(state[name]) && state[name].length === count);
  };
  const own = ["nodes", "copies"].find((name) => trace.vars.includes(name) && fits(name));
  if (own) {
    trace.nodeVars = [own, ...trace.lanes.filter((lane) => trace.vars.includes(lane))];
    trace.node = (step, lane) => trace.steps[step].state[own][lane] ?? trace.steps[step].state[trace.lanes[lane]];
    return;
  }
  trace.nodeVars = [];
  trace.node = () => null;
  if (trace.lanes.length) return;
  const keysOf = (value) => (kind(value) === "map" ? elements(value).map(([key]) => show(key)) : kind(value) === "record" ? Object.keys(value) : []);
  const groups = new Map();
  for (const name of trace.vars) {
    const keys = keysOf(first[name]);
    if (keys.length >= 2 && keys.length <= 12) groups.set(keys.sort().join("\u0000"), [...(groups.get(keys.join("\u0000")) ?? []), name]);
  }
  const [names, vars] = [...groups].sort((one, other) => other[1].length - one[1].length)[0] ?? ["", []];
  if (vars.length < 2) return;
  trace.lanes = names.split("\u0000");
  trace.nodeVars = vars;
  const get = (value, lane) => (kind(value) === "map" ? elements(value).find(([key]) => show(key) === lane)?.[1] : value?.[lane]);
  trace.node = (step, lane) => Object.fromEntries(vars.map((name) => [name, get(trace.steps[step].state[name], trace.lanes[lane])]));
  trace.steps.forEach((step, index) => {
    if (index === 0 || step.lane !== null) return;
    const changed = trace.lanes.map((_, lane) => lane).filter((lane) => !same(trace.node(index - 1, lane), trace.node(index, lane)));
    if (changed.length === 1) step.lane = changed[0];
  });
}

// A delivery belongs to the latest equal message sent before it.
function findFlights(trace) {
  const flights = [], latest = new Map();
  trace.steps.forEach((step, index) => {
    if (step.delivered) {
      const key = JSON.stringify(step.delivered);
      if (!latest.has(key)) { latest.set(key, flights.length); flights.push({ message: step.delivered, sent: null, delivered: [] }); }
      const flight = flights[latest.get(key)];
      flight.delivered.push(index);
      step.flight = flight;
    }
    step.flights = step.sent.map((message) => {
      const flight = { message, sent: index, delivered: [] };
      latest.set(JSON.stringify(message), flights.length);
      flights.push(flight);
      return flight;
    });
  });
  return flights;
}

// Stretches in which a node says that it leads: {lane, term, from, to}.
function findLeaders(trace) {
  const bands = [], open = new Map();
  const deep = (value, wanted, depth = 0) => {
    if (depth > 4 || kind(value) !== "record") return undefined;
    for (const [name, inner] of Object.entries(value)) if (wanted(name, inner)) return inner;
    for (const inner of Object.values(value)) {
      const found = deep(inner, wanted, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const leads = (name, value) => (/^(election_won|electionWon)$/.test(name) && value === true) || (/^(mode|role|state)$/.test(name) && typeof value === "string" && /^leader$/i.test(value));
  const isTerm = (name, value) => /^(current_?term|term)$/i.test(name) && kind(value) === "int";
  trace.steps.forEach((_, index) => {
    for (let lane = 0; lane < trace.lanes.length; lane++) {
      const node = trace.node(index, lane);
      const term = node && deep(node, leads) !== undefined ? show(deep(node, isTerm)) : null;
      const band = open.get(lane);
      if (band && band.term !== term) open.delete(lane);
      if (term !== null && open.has(lane)) open.get(lane).to = index;
      else if (term !== null) { const fresh = { lane, term, from: index, to: index }; open.set(lane, fresh); bands.push(fresh); }
    }
  });
  return bands;
}

const isRestart = (title) => /restart|crash|reboot/i.test(title.split(/[(:]/)[0]);
const isCut = (title) => /partition|disconnect|isolat/i.test(title.split(":")[0]);
const isHeal = (title) => /\bheal|reconnect|rejoins the network/i.test(title.split(":")[0]);
const titleOf = (trace, index) => clean(trace.steps[index].title) || (index === 0 ? t("initial") : t("noAction"));
const laneName = (trace, lane) => clean(trace.lanes[lane] ?? "#" + lane);
// The claims that are violated here and were not one step before.
const newlyViolated = (trace, index) => trace.steps[index].news;

// Stretches in which the network is parted: {from, to, title, sides}. Where the
// step names groups, `{n1} | {n2,n3}`, a side is the lanes of one.
function findPartitions(trace) {
  const found = [];
  let open = null;
  trace.steps.forEach(({ title }, index) => {
    if (open && isHeal(title)) { open.to = index; open = null; }
    else if (isCut(title) && !isHeal(title)) {
      if (open) open.to = index;
      const groups = [...title.matchAll(/\{([^{}]*)\}/g)].map(([, names]) => names.split(",").map((name) => trace.lanes.indexOf(name.trim())));
      const named = groups.length > 0 && groups.flat().every((lane) => lane >= 0);
      open = { from: index, to: trace.steps.length - 1, title, sides: named ? trace.lanes.map((_, lane) => groups.findIndex((group) => group.includes(lane))) : null };
      found.push(open);
    }
  });
  return found;
}

// What a step changes: names of variables and fields, found once.
function changedFields(trace, index) {
  const step = trace.steps[index];
  if (!step.changed) {
    const found = [];
    if (index > 0) {
      trace.lanes.forEach((_, lane) => {
        const [before, after] = [trace.node(index - 1, lane), trace.node(index, lane)];
        if (before && after) for (const line of lines(before, after)) if (line.op !== " ") found.push(line.path);
      });
      for (const name of trace.vars) if (!trace.nodeVars.includes(name) && !same(trace.steps[index - 1].state[name], step.state[name])) found.push(name);
    }
    step.changed = [...new Set(found)];
  }
  return step.changed;
}
