// The state at the selected step, compared with the previous or a pinned one.
const Panel = {
  limit: 300,

  mount(app) {
    this.app = app;
    this.only = h("button", { type: "button", onclick: () => app.set({ only: !app.only }) }, t("onlyChanged"));
    this.pin = h("button", { type: "button", onclick: () => app.set({ base: app.base === null ? app.step : null }) });
    this.search = h("input", { type: "search", placeholder: t("variable"), "aria-label": t("variable"), value: app.variable, oninput: () => app.set({ variable: this.search.value }) });
    this.against = h("span", { class: "count" });
    this.body = h("div", { class: "body", tabindex: 0 });
    byId("right").replaceChildren(h("div", { class: "bar" }, h("h2", { id: "state-title" }, t("state")), this.only, this.pin, this.against, this.search), this.body);
  },

  draw() {
    const { app } = this, { trace, step: index } = app, step = trace.steps[index];
    const base = app.base ?? (index > 0 ? index - 1 : null);
    this.only.setAttribute("aria-pressed", String(app.only));
    this.pin.textContent = app.base === null ? t("pinBase") : t("unpinBase");
    this.against.textContent = base === null ? "" : t("compare") + ": " + (app.base === null ? t("previous") + " " : "") + base;
    const parts = [h("h3", {}, index + ". " + titleOf(trace, index)), this.talk(step, index)];
    const broken = Object.entries(step.violated).sort(([one], [other]) => (other === trace.property) - (one === trace.property));
    for (const [name, witness] of broken) parts.push(h("p", { class: "broken-claim" }, h("b", {}, "✗ " + clean(name) + " "), clean(witness)));
    const choices = Live.section();
    if (choices) parts.push(choices);
    const nodes = this.nodes(index, base), others = this.others(index, base);
    if (nodes) parts.push(h("h4", {}, t("nodes")), nodes);
    parts.push(...others);
    if (!nodes && others.length === 0) parts.push(h("p", { class: "none" }, t("nothing")));
    this.body.replaceChildren(...parts.filter(Boolean));
  },

  talk(step, index) {
    const { trace } = this.app, out = [];
    const link = (target) => h("button", { type: "button", onclick: () => this.app.set({ step: target }) }, target);
    if (step.delivered) {
      const { kind: name, text, source } = step.delivered, sent = step.flight?.sent;
      out.push(h("li", {}, "⇣ " + t("receives") + " ", h("b", {}, clean(name)), " " + t("from") + " " + laneName(trace, source) + ": " + clean(text) + " ", sent !== null && sent !== undefined && sent !== index && link(sent)));
    }
    const groups = new Map();
    for (const flight of step.flights) {
      const key = JSON.stringify([flight.message.kind, flight.message.text]);
      groups.set(key, [...(groups.get(key) ?? []), flight]);
    }
    for (const flights of groups.values()) {
      const { kind: name, text } = flights[0].message;
      out.push(h("li", {}, "⇡ " + t("sends") + " ", h("b", {}, clean(name)), ": " + clean(text) + " ", flights.map((flight) => [" → " + laneName(trace, flight.message.dest) + " ", flight.delivered.length ? flight.delivered.slice(0, 3).map(link) : h("span", { class: "none" }, "✕ " + t("never"))])));
    }
    return out.length ? h("ul", { class: "talk" }, out) : null;
  },

  wanted(path) {
    const wanted = this.app.variable.trim().toLowerCase();
    return wanted === "" || path.toLowerCase().includes(wanted);
  },

  nodes(index, base) {
    const { app } = this, { trace } = app, lanes = trace.lanes.map((_, lane) => lane);
    if (trace.nodeVars.length === 0) return null;
    const now = lanes.map((lane) => leaves(trace.node(index, lane))), old = base === null ? null : lanes.map((lane) => leaves(trace.node(base, lane)));
    const paths = new Set([...now, ...(old ?? [])].flatMap((fields) => [...fields.keys()]));
    const rows = [];
    for (const path of paths) {
      if (!this.wanted(path)) continue;
      const changed = lanes.map((lane) => old !== null && !same(old[lane].get(path), now[lane].get(path)));
      if (app.only && old !== null && !changed.some(Boolean)) continue;
      const short = path.split(".").slice(-2).join(".");
      rows.push(h("tr", { class: app.pinned === path ? "pinned" : "" },
        h("th", { scope: "row" }, h("button", { type: "button", title: path + " — " + t("pinHint"), "aria-pressed": String(app.pinned === path), onclick: () => app.set({ pinned: app.pinned === path ? null : path }) }, short || t("state"))),
        lanes.map((lane) => h("td", { class: "mono" + (changed[lane] ? " changed" : "") }, changed[lane] ? difference(old[lane].get(path), now[lane].get(path)) : show(now[lane].get(path))))));
    }
    if (rows.length === 0) return null;
    const acting = trace.steps[index].lane;
    return h("div", { class: "scrollx" }, h("table", { class: "nodes" }, h("thead", {}, h("tr", {}, h("td", {}), lanes.map((lane) => h("th", { scope: "col" }, (acting === lane ? "▶ " : "") + laneName(trace, lane))))), h("tbody", {}, rows)));
  },

  others(index, base) {
    const { app } = this, { trace } = app, out = [];
    for (const name of trace.vars) {
      if (trace.nodeVars.includes(name)) continue;
      const [before, after] = [base === null ? trace.steps[index].state[name] : trace.steps[base].state[name], trace.steps[index].state[name]];
      let found = lines(before, after);
      if (app.only && base !== null) found = found.filter((line) => line.op !== " ");
      found = found.filter((line) => this.wanted(clean(name) + "." + line.path));
      if (found.length === 0) continue;
      const count = ["set", "list", "map"].includes(kind(after)) ? " · " + t(elements(after).length === 1 ? "element" : "elements", elements(after).length) : "";
      // In a long list what changed comes first.
      found.sort((one, other) => (one.op === " ") - (other.op === " "));
      const shown = found.slice(0, this.limit).map((line) => h("li", { class: { "+": "plus", "-": "minus", "~": "swap" }[line.op] ?? "" },
        line.path && h("span", { class: "path" }, line.path + " "), h("span", { class: "mono" }, line.op === "+" ? h("ins", {}, show(line.after)) : line.op === "-" ? h("del", {}, show(line.before)) : line.op === "~" ? difference(line.before, line.after) : show(line.after))));
      const rest = found.length > this.limit && h("button", { type: "button", onclick: () => { this.limit *= 10; this.draw(); } }, t("more", found.length - this.limit));
      out.push(h("h4", {}, clean(name) + count), h("ul", { class: "lines" }, shown), rest || "");
    }
    return out;
  },
};

// Old and new value in one place; of sets only the elements that came and went.
function difference(before, after) {
  if (kind(before) === "set" && kind(after) === "set") {
    const out = [];
    for (const line of lines(before, after)) out.push(out.length ? "," : "", line.op === "+" ? h("ins", {}, "+" + show(line.after)) : line.op === "-" ? h("del", {}, show(line.before)) : kind(line.after) === "set" ? "" : show(line.after));
    return ["{", ...out, "}"];
  }
  return [h("del", {}, show(before)), " → ", h("ins", {}, show(after))];
}
