// Other people's formats.
function toMermaid(trace, rows) {
  const limit = 200, safe = (text) => clean(text).replace(/[#;<>"&%]/g, (sign) => "#" + sign.charCodeAt(0) + ";");
  const out = ["sequenceDiagram"];
  const lanes = trace.lanes.length ? trace.lanes : [t("world")];
  lanes.forEach((name, lane) => out.push("    participant L" + lane + " as " + safe(name)));
  const inside = (lane) => lane !== null && lane < lanes.length;
  const chosen = rows.filter((index) => index > 0);
  for (const index of chosen.slice(0, limit)) {
    const step = trace.steps[index], message = step.delivered;
    if (message && inside(message.source) && inside(message.dest)) out.push("    L" + message.source + "->>L" + message.dest + ": " + safe(index + ". " + message.kind + ": " + message.text));
    else out.push("    Note over L" + (inside(step.lane) ? step.lane : 0) + ": " + safe(index + ". " + titleOf(trace, index)));
  }
  if (chosen.length > limit) out.push("    Note over L0: " + limit + " / " + chosen.length);
  if (trace.loop !== null) out.push("    Note over L0: " + safe(t("back", trace.loop)));
  if (trace.witness) out.push("    Note over L0: " + safe(trace.property + ": " + trace.witness));
  return out.join("\n") + "\n";
}

function toShiviz(trace) {
  const host = (lane) => (lane === null ? "world" : laneName(trace, lane).replace(/\s+/g, "_"));
  const now = new Map(), at = [{}], out = [];
  const cause = new Map();
  for (const flight of trace.flights) if (flight.sent !== null) for (const step of flight.delivered) cause.set(step, flight.sent);
  for (let index = 1; index < trace.steps.length; index++) {
    const name = host(trace.steps[index].lane), clock = { ...now.get(name) };
    for (const [other, ticks] of Object.entries(at[cause.get(index)] ?? {})) clock[other] = Math.max(clock[other] ?? 0, ticks);
    clock[name] = (clock[name] ?? 0) + 1;
    now.set(name, clock);
    at.push(clock);
    out.push(name + " " + JSON.stringify(clock), titleOf(trace, index));
  }
  return out.join("\n") + "\n";
}

// The diagram of the chosen rows as a file of its own, colours included.
function toSvg(trace, rows) {
  const shown = rows.slice(0, 1000), style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue("--" + name).trim();
  const picture = drawDiagram(trace, shown, 0, shown.length, { step: -1 });
  const left = picture.width, width = left + 560, height = shown.length * ROW + 56;
  const root = g("svg", { width, height, viewBox: "0 0 " + width + " " + height, "font-family": "system-ui, sans-serif", "font-size": 12 });
  const rules = ".lane{stroke:" + colour("line") + "} .message{stroke:" + colour("accent") + ";fill:none} .again{stroke-dasharray:5 3} .lost{stroke:" + colour("warn") + "} .hit{stroke:none;fill:none} .dot,.head{fill:" + colour("accent") + "} .restart{fill:" + colour("alarm") + "} .band{opacity:.22} .bandname{font-size:10px} .backedge{stroke:" + colour("warn") + ";fill:none} .parted{fill:" + colour("warn") + ";opacity:.12} .wall{stroke:" + colour("warn") + ";stroke-width:3;stroke-dasharray:3 5} .cut{stroke:" + colour("warn") + "} text{fill:" + colour("text") + "}";
  root.append(g("style", {}, rules), g("rect", { width, height, fill: colour("ground") }));
  trace.lanes.forEach((_, lane) => root.append(g("text", { x: laneX(lane), y: 22, "text-anchor": "middle", "font-weight": 600 }, laneName(trace, lane))));
  const body = g("g", { transform: "translate(0 36)" }, ...picture.root.childNodes);
  shown.forEach((index, row) => body.append(g("text", { x: 38, y: row * ROW + ROW / 2 + 4, "text-anchor": "end" }, index), g("text", { x: left + 8, y: row * ROW + ROW / 2 + 4 }, titleOf(trace, index))));
  root.append(body);
  return new XMLSerializer().serializeToString(root);
}
