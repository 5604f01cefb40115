// One line for each property: where it is violated or holds, and since when.
const Strip = {
  mount(app) { this.app = app; },

  layout() {
    const { trace } = this.app, count = trace.steps.length;
    const names = trace.claims.length ? trace.claims : [...new Set(trace.steps.flatMap((step) => Object.keys(step.violated)))].map((name) => ({ name, kind: "invariant" }));
    byId("strip").hidden = names.length === 0;
    const rows = names.map((claim) => {
      const safety = claim.kind === "invariant" || claim.kind === "step";
      const marked = (index) => (safety ? Object.hasOwn(trace.steps[index].violated, claim.name) : trace.steps[index].holding.includes(claim.name));
      // Stretches closer together than a pixel are drawn as one.
      const stretches = [], gap = 1 + Math.floor(count / 1500);
      for (let index = 0; index < count; index++) {
        if (!marked(index)) continue;
        const last = stretches[stretches.length - 1];
        if (last && index - last[1] <= gap) last[1] = index; else stretches.push([index, index]);
      }
      const first = stretches[0]?.[0], said = trace.steps.some((step) => step.said);
      return { claim, safety, stretches, first, broken: safety && first !== undefined,
        says: !said ? t("unknown") : safety ? (first === undefined ? t("holdsAll") : t("firstAt", first)) : first === undefined ? t("neverTrue") : t("reachedAt", first) };
    });
    // What is violated comes first, what the trace is about before everything.
    rows.sort((one, other) => (other.claim.name === trace.property) - (one.claim.name === trace.property) || other.broken - one.broken);
    const part = (from, to, className) => h("i", { class: className, style: "left:" + (from / count) * 100 + "%;width:" + ((to - from + 1) / count) * 100 + "%" });
    this.cursors = [];
    const line = (row) => {
      const cursor = h("i", { class: "now" });
      this.cursors.push(cursor);
      const jump = (event) => this.app.set({ step: Math.min(count - 1, Math.floor(((event.clientX - event.currentTarget.getBoundingClientRect().left) / event.currentTarget.clientWidth) * count)) });
      return h("tr", { class: row.broken ? "broken" : "" },
        h("th", { scope: "row" }, h("button", { type: "button", class: "name", title: clean((row.claim.meaning ?? "") + " — " + (row.claim.source ?? "")), onclick: () => row.first !== undefined && this.app.set({ step: row.first }) }, (row.broken ? "✗ " : row.safety ? "✓ " : "◇ ") + clean(row.claim.name))),
        h("td", {}, h("div", { class: "track" + (row.safety ? "" : " plain"), onclick: jump }, row.stretches.map(([from, to]) => part(from, to, row.safety ? "bad" : "yes")), cursor)),
        h("td", { class: "says" }, row.says));
    };
    // What holds everywhere is told in one line, unless asked for.
    const quiet = rows.filter((row) => row.safety && !row.broken && row.claim.name !== trace.property), loud = rows.filter((row) => !quiet.includes(row));
    const table = (part) => h("table", {}, h("tbody", {}, part.map(line)));
    byId("strip").replaceChildren(h("h2", { id: "strip-title" }, t("properties")), table(loud),
      quiet.length ? h("details", { ...(this.opened ? { open: true } : {}), ontoggle: (event) => { this.opened = event.currentTarget.open; } }, h("summary", {}, "✓ " + t("quiet", quiet.length)), table(quiet)) : "");
    this.draw();
  },

  draw() {
    const { trace, step } = this.app;
    for (const cursor of this.cursors ?? []) cursor.style.left = ((step + 0.5) / trace.steps.length) * 100 + "%";
  },
};
