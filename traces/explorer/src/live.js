// Exploring a model by hand: only where `quorate explore` stands behind the page.
// A place is the path of choices that leads there; the server keeps nothing.
const Live = {
  config: null, known: new Map(), ticket: 0, wanted: "", said: "",

  init() {
    const text = byId("model").textContent.trim();
    this.config = text ? JSON.parse(text) : null;
    return this.config;
  },

  async ask(what, question) {
    let answer, body;
    try {
      answer = await fetch("/api/" + what, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(question) });
      body = await answer.json();
    } catch {
      throw new TraceError(t("eServer"));
    }
    if (!answer.ok) throw new TraceError(clean(body.error ?? answer.status));
    return body;
  },

  // Runs a question; what it says is dropped if another one has begun since.
  async during(words, work) {
    const ticket = ++this.ticket;
    this.said = words;
    this.bar();
    try {
      const done = await work();
      if (ticket === this.ticket) { complain(""); done?.(); }
    } catch (error) {
      if (!(error instanceof TraceError)) console.error(error);
      if (ticket === this.ticket) complain(clean(error.message));
    }
    if (ticket === this.ticket) { this.said = ""; this.bar(); }
  },

  rules() {
    return app.trace?.live?.rules ?? { mutant: this.config.mutant, waive: this.config.waive };
  },

  // Asks for a behaviour and shows it, in place of the present one or as a branch.
  walk(rules, path, { replace = false, loop, property, wish = {}, fallback } = {}) {
    return this.during(t("asking"), async () => {
      let body;
      try {
        body = await this.ask("walk", { ...rules, path, ...(loop === undefined ? {} : { loop }), ...(property ? { property } : {}) });
      } catch (error) {
        if (!fallback) throw error;
        body = await this.ask("walk", { ...rules, path: fallback });
      }
      return () => this.show(body, rules, replace, wish);
    });
  },

  show(body, rules, replace, wish) {
    const trace = readTrace(body.trace);
    trace.live = { rules, path: body.path };
    if (replace && app.traces.includes(app.trace)) {
      trace.title = app.trace.title;
      app.traces = app.traces.map((other) => (other === app.trace ? trace : other));
    } else {
      this.branches = (this.branches ?? 0) + 1;
      trace.title = t("branch", this.branches);
      app.traces = [...app.traces, trace].slice(-30);
    }
    const { filter, variable, only, pinned } = app;
    app.show(trace, { filter, variable, only, pinned, step: trace.steps.length - 1, ...wish });
    byId("live").textContent = app.step + ". " + titleOf(trace, app.step);
  },

  // Takes a choice at the selected step: goes on, or branches.
  choose(index) {
    const { trace, step } = app, { rules, path } = trace.live, last = trace.steps.length - 1;
    if (step < last && path[step + 1] === index) return app.set({ step: step + 1 });
    this.walk(rules, [...path.slice(0, step + 1), index], { replace: step === last && trace.loop === null });
  },

  undo() {
    const { trace, step } = app, { rules, path } = trace.live;
    if (step < trace.steps.length - 1 || step === 0) return app.move(-1);
    this.walk(rules, path.slice(0, -1), { replace: true });
  },

  // The same steps under other rules, as far as they go.
  change(rules) {
    const { path } = app.trace.live, steps = app.trace.steps.slice(1, app.step + 1);
    const actions = steps.map(({ state }) => ({ action: JSON.parse(state["#meta"].params) }));
    this.walk(rules, [path[0], ...actions], { fallback: [this.config.first] });
  },

  jump() {
    const rules = this.rules();
    this.during(t("searching"), async () => {
      const body = await this.ask("counterexample", rules);
      return () => this.show(body, rules, false, {});
    });
  },

  // What stands above the trace: rules, the way to a counterexample, the way back.
  bar() {
    const bar = byId("live-bar"), { config } = this;
    bar.hidden = !config;
    if (!config) return;
    const rules = this.rules(), button = (text, action, more) => h("button", { type: "button", onclick: action, ...more }, text);
    const choice = (value, text) => h("option", { value, ...(value === (rules.mutant ?? "") ? { selected: true } : {}) }, text);
    const select = h("select", { id: "rules", onchange: () => this.walk({ mutant: select.value || null, waive: [] }, [config.first]) },
      choice("", t("sound")), config.mutants.map(({ id, change }) => choice(id, clean(id + ": " + change))));
    const changed = rules.mutant || rules.waive.length > 0;
    bar.replaceChildren(...[h("h2", { id: "live-title", title: clean(config.summary) }, clean(config.model)), h("label", {}, t("rules") + " ", select),
      rules.waive.map((guard) => button("− " + clean(guard) + " ✕", () => this.change({ ...rules, waive: rules.waive.filter((other) => other !== guard) }), { class: "waived", title: t("restore", clean(guard)) })),
      changed && button(t("jump"), () => this.jump(), { id: "jump", title: "x" }),
      button("↶ " + t("undo"), () => this.undo(), { id: "undo", title: "Backspace" }),
      button("↺ " + t("again"), () => this.walk(rules, [app.trace?.live.path[0] ?? config.first]), { id: "again" }),
      h("span", { class: "count", role: "status" }, this.said)].flat().filter(Boolean));
  },

  // What may happen at the selected step; drawn again when the answer is there.
  section() {
    if (!app.trace?.live) return null;
    const { rules, path } = app.trace.live, here = path.slice(0, app.step + 1);
    const key = JSON.stringify([rules, here]);
    if (!this.known.has(key)) {
      if (this.known.size > 400) this.known.clear();
      this.known.set(key, null);
      this.ask("choices", { ...rules, path: here }).then((found) => this.known.set(key, found), (error) => this.known.set(key, { error: error.message })).then(() => app.trace?.live && Panel.draw());
    }
    const found = this.known.get(key);
    const parts = [h("h4", {}, t("possible", found?.enabled?.length ?? "…"))];
    if (app.step === 0 && this.config.initial > 1) parts.push(this.initial(rules, path[0]));
    if (found === null) return h("div", { class: "choices", "aria-busy": "true" }, parts);
    if (found.error) return h("div", { class: "choices" }, parts, h("p", { class: "broken-claim" }, clean(found.error)));
    this.now = [];
    const find = h("input", { type: "search", id: "find-choice", value: this.wanted, placeholder: t("findChoice"), "aria-label": t("findChoice"), oninput: () => { this.wanted = find.value; this.narrow(); } });
    if (found.enabled.length + found.refused.length > 12) parts.push(find);
    if (found.outside) parts.push(h("p", { class: "none" }, t("outsideHere")));
    const moving = found.enabled.filter(({ same }) => !same), still = found.enabled.filter(({ same }) => same);
    parts.push(this.list(moving));
    if (still.length) parts.push(h("details", {}, h("summary", {}, t("still", still.length)), this.list(still)));
    if (found.enabled.length === 0) parts.push(h("p", { class: "none" }, t("nothingPossible")));
    if (found.refused.length) parts.push(this.refused(found.refused, rules));
    const section = h("div", { class: "choices" }, parts);
    this.drawn = section;
    this.narrow();
    return section;
  },

  list(choices) {
    const next = app.trace.live.path[app.step + 1];
    return h("ol", {}, choices.map((choice) => {
      this.now.push(choice.index);
      const place = this.now.length, marks = [];
      if (choice.violates.length) marks.push(h("span", { class: "flag" }, " ✗ " + clean(choice.violates[0]) + (choice.violates.length > 1 ? " +" + (choice.violates.length - 1) : "")));
      if (choice.back !== null && !choice.same) marks.push(h("span", { class: "mark" }, " ↻ " + t("sameAs", choice.back)));
      if (choice.outside) marks.push(h("span", { class: "mark" }, " " + t("outside")));
      return h("li", { "data-words": (choice.title + " " + choice.class).toLowerCase() }, h("button", { type: "button", class: "choice" + (choice.index === next ? " taken" : ""), "data-choice": choice.index, title: clean(choice.violates.join(", ")), onclick: () => this.choose(choice.index) },
        h("span", { class: "key", "aria-hidden": "true" }, place < 10 ? place : ""), clean(choice.title), marks));
    }));
  },

  refused(refused, rules) {
    const guards = new Map();
    for (const attempt of refused) guards.set(attempt.guard, [...(guards.get(attempt.guard) ?? []), attempt]);
    const waivable = (guard) => this.config.guards.includes(guard) && !rules.waive.includes(guard);
    return h("details", { class: "refused", ...(this.opened ? { open: true } : {}), ontoggle: (event) => { this.opened = event.currentTarget.open; } }, h("summary", {}, t("refused", refused.length)),
      [...guards].map(([guard, attempts]) => h("div", { class: "guard" }, h("b", {}, "⊘ " + clean(guard)),
        waivable(guard) && h("button", { type: "button", "data-guard": guard, title: t("without", clean(guard)), onclick: () => this.change({ ...rules, waive: [...rules.waive, guard] }) }, t("leaveOut")),
        h("ul", {}, attempts.map(({ title }) => h("li", { "data-words": (title + " " + guard).toLowerCase() }, clean(title)))))));
  },

  initial(rules, index) {
    const { initial } = this.config, go = (to) => this.walk(rules, [(to + initial) % initial], { replace: app.trace.steps.length === 1 });
    return h("p", { class: "initial" }, h("button", { type: "button", "aria-label": t("before"), onclick: () => go(index - 1) }, "‹"), " " + t("initialOf", index + 1, initial) + " ", h("button", { type: "button", id: "next-initial", "aria-label": t("after"), onclick: () => go(index + 1) }, "›"));
  },

  narrow() {
    const wanted = this.wanted.trim().toLowerCase();
    for (const item of this.drawn?.querySelectorAll("[data-words]") ?? []) item.hidden = !item.dataset.words.includes(wanted);
  },

  // The place in the hash: m=mutant&w=guards&p=path&o=loop&x=property
  place(parts) {
    const { rules, path } = app.trace.live;
    if (rules.mutant) parts.set("m", rules.mutant);
    if (rules.waive.length) parts.set("w", rules.waive.join(","));
    parts.set("p", path.join("."));
    if (app.trace.loop !== null) { parts.set("o", app.trace.loop); parts.set("x", app.trace.property); }
  },

  async start(embedded) {
    const { wish, parts } = readHash(), path = parts.get("p");
    if (path === null && embedded) {
      openText(embedded, wish);
      if (app.trace) app.trace.live = { rules: { mutant: this.config.mutant, waive: this.config.waive }, path: this.config.path };
      this.branches = 1;
      app.paint();
      return;
    }
    const rules = path === null ? { mutant: this.config.mutant, waive: this.config.waive } : { mutant: parts.get("m"), waive: (parts.get("w") ?? "").split(",").filter(Boolean) };
    const places = (path ?? String(this.config.first)).split(".").map(Number);
    if (!places.every((place) => Number.isSafeInteger(place) && place >= 0)) return complain(t("ePath", clean(path)));
    const loop = parts.get("o") === null ? undefined : Number(parts.get("o"));
    await this.walk(rules, places, { loop, property: parts.get("x"), wish });
    if (!app.trace) await this.walk({ mutant: null, waive: [] }, [this.config.first]).then(() => complain(t("ePath", clean(path))));
  },
};
