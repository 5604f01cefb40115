// What is selected, and everything that changes it: keyboard, links, files.
const app = {
  traces: [], trace: null, rows: [], step: 0, base: null, pinned: null, filter: "", variable: "", only: false, theme: null, playing: null,

  set(changes) {
    const filterBefore = this.filter;
    Object.assign(this, changes);
    if (!this.trace) return;
    const last = this.trace.steps.length - 1;
    this.step = Math.max(0, Math.min(last, this.step));
    if (this.base !== null && (this.base > last || this.base < 0)) this.base = null;
    if (this.filter !== filterBefore) {
      this.rows = makeFilter(this.trace, this.filter);
      Diagram.layout();
    }
    if ("step" in changes || this.filter !== filterBefore) Diagram.reveal();
    if ("step" in changes) byId("live").textContent = this.step + ". " + titleOf(this.trace, this.step);
    Diagram.draw(); Panel.draw(); Strip.draw();
    writeHash();
  },

  // The contents of a file of several traces that have stories to tell.
  contents() {
    this.stop();
    this.trace = null;
    this.paint();
    history.replaceState(null, "", location.href.split("#")[0] + (language === "en" ? "" : "#l=" + language));
  },

  // Shows another trace from its beginning, or from where it goes wrong.
  show(trace, wish = {}) {
    this.stop();
    const violation = trace.steps.findIndex((_, index) => newlyViolated(trace, index).includes(trace.property));
    Object.assign(this, { trace, step: violation < 0 ? 0 : violation, base: null, pinned: null, filter: "", variable: "", only: false }, wish);
    this.step = Math.max(0, Math.min(trace.steps.length - 1, this.step));
    if (this.base !== null && !(this.base >= 0 && this.base < trace.steps.length)) this.base = null;
    this.rows = makeFilter(trace, this.filter);
    this.paint();
    Diagram.steps.focus({ preventScroll: true });
  },

  // Everything anew: another trace, language or theme.
  paint() {
    document.documentElement.lang = language;
    document.documentElement.dataset.theme = this.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
    paintHeader();
    Live.bar();
    byId("app").hidden = !this.trace;
    const telling = !this.trace && this.traces.some((trace) => trace.about.removed);
    byId("contents").hidden = !telling;
    if (telling) paintContents();
    byId("drop").hidden = Boolean(this.trace || telling || Live.config);
    if (!this.trace) return;
    document.title = clean(this.trace.property || this.trace.model || t("trace")) + " – Quorate explorer";
    Diagram.mount(this); Panel.mount(this); Strip.mount(this);
    Diagram.layout(); Strip.layout(); Diagram.reveal(); Diagram.draw(); Panel.draw();
    writeHash();
  },

  // The next row in a direction, among those that the filter shows.
  move(by) {
    const row = rowFinder(this.rows)(this.step), exact = this.rows[row] === this.step;
    const target = row + by - (!exact && by > 0 ? 1 : 0);
    if (this.rows.length) this.set({ step: this.rows[Math.max(0, Math.min(this.rows.length - 1, target))] });
  },

  // The next step, in a direction, that a test accepts; goes round.
  find(test, direction = 1) {
    const count = this.trace.steps.length;
    for (let distance = 1; distance <= count; distance++) {
      const index = (((this.step + direction * distance) % count) + count) % count;
      if (test(index)) return this.set({ step: index });
    }
  },

  play() {
    if (this.playing) return this.stop();
    this.playing = setInterval(() => {
      if (this.step < this.trace.steps.length - 1) this.set({ step: this.step + 1 });
      else if (this.trace.loop !== null) this.set({ step: this.trace.loop });
      else this.stop();
    }, 700);
    this.set({ step: this.step === this.trace.steps.length - 1 && this.trace.loop === null ? 0 : this.step });
  },

  stop() {
    if (this.playing) clearInterval(this.playing);
    this.playing = null;
    if (this.trace) Diagram.draw();
  },
};

function paintHeader() {
  const { trace } = app, button = (text, action, more) => h("button", { type: "button", onclick: action, ...more }, text);
  const parts = [h("h1", {}, "Quorate explorer")];
  if (trace) {
    const rules = trace.rules?.mutant ? t("mutant", clean(trace.rules.mutant)) : trace.rules?.waive?.length ? t("waive", clean(trace.rules.waive.join(", "))) : t("sound");
    if (trace.property) parts.push(h("span", { class: "badge " + (trace.verdict === "violated" ? "violated" : "") }, (trace.verdict === "violated" ? "✗ " : "") + clean(trace.property) + " " + (trace.verdict === "violated" ? t("violated") : clean(trace.verdict))));
    const bounds = Object.entries(trace.bounds ?? {}).map(([name, value]) => clean(name) + " " + clean(value)).join(", ");
    const facts = trace.model ? clean(trace.model) + " · " + t("rules") + ": " + rules : t("foreign") + (trace.tool ? ": " + clean(trace.tool) : "");
    parts.push(h("span", { class: "facts", title: bounds }, (trace.title ? clean(trace.title) + " · " : "") + facts + " · " + t("length", trace.steps.length - 1)));
    if (app.traces.length > 1 && app.traces.some((other) => other.about.removed)) parts.push(button(t("contents"), () => app.contents(), { id: "to-contents" }));
    if (app.traces.length > 1) parts.push(h("select", { "aria-label": t("trace"), onchange: (event) => app.show(app.traces[Number(event.target.value)]) }, app.traces.map((other, index) => h("option", { value: index, ...(other === trace ? { selected: true } : {}) }, index + 1 + ". " + clean(other.title || other.property || other.model || t("trace"))))));
  }
  const formats = [["ITF", () => download("trace.itf.json", "application/json", JSON.stringify(app.trace.json))], ["Mermaid", () => download("trace.mmd", "text/plain", toMermaid(app.trace, app.rows))], ["SVG", () => download("trace.svg", "image/svg+xml", toSvg(app.trace, app.rows))], ["ShiViz", () => download("trace.shiviz.log", "text/plain", toShiviz(app.trace))]];
  parts.push(h("span", { class: "grow" }), h("nav", { "aria-label": t("trace") },
    button(t("open"), openPicker), button(t("paste"), pasteDialog),
    trace && h("select", { id: "export", "aria-label": t("exportAs"), onchange: (event) => { formats[event.target.selectedIndex - 1]?.[1](); event.target.selectedIndex = 0; } }, h("option", {}, t("exportAs")), formats.map(([name]) => h("option", {}, name))),
    trace && button(t("copy"), copyLink, { id: "copy" }), button(t("theme"), () => toggleTheme()), button(t("language"), () => { language = language === "en" ? "ko" : "en"; app.paint(); }, { id: "language", lang: language === "en" ? "ko" : "en" }), button(t("help"), helpDialog)));
  if (trace?.about.removed) parts.push(h("details", { class: "about", ...(app.told ? { open: true } : {}), ontoggle: (event) => { app.told = event.currentTarget.open; } }, h("summary", {}, t("story")), stories(trace)));
  if (trace?.witness) parts.push(h("div", { class: "witness" }, clean(trace.witness)));
  byId("top").replaceChildren(...parts.filter(Boolean));
}

function stories(trace) {
  // Only these: a link made of any text of a trace could lead anywhere.
  const issue = (name) => {
    const [, repository, number] = /^elastic\/(elasticsearch|elasticsearch-formal-models)#(\d{1,9})$/.exec(name) ?? [];
    return number ? [h("a", { href: "https://github.com/elastic/" + repository + "/issues/" + number, rel: "noreferrer", target: "_blank" }, name), " "] : clean(name) + " ";
  };
  const { removed, happens, issue: met } = trace.about;
  return [["removed", removed && clean(removed)], ["happens", happens && clean(happens)], ["met", met && met.split(/\s+/).map(issue)]].filter(([, text]) => text).map(([name, text]) => h("p", {}, h("b", {}, t(name) + ": "), text));
}

function paintContents() {
  byId("contents").replaceChildren(h("h2", {}, t("contents")), h("ol", {}, app.traces.map((trace, index) => h("li", { class: "story" },
    h("h3", {}, h("button", { type: "button", "data-story": index, onclick: () => app.show(trace) }, clean(trace.title || trace.property || t("trace")))), stories(trace),
    h("p", { class: "none" }, clean(trace.model) + " · " + clean(trace.property) + " · " + t("length", trace.steps.length - 1) + (trace.loop === null ? "" : " · ↻"))))));
}

function toggleTheme() {
  app.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  app.paint();
}

function complain(message) {
  byId("alert").textContent = message;
  byId("alert").hidden = message === "";
}

// Opens a text; an error leaves what was open as it is.
function openText(text, wish) {
  try {
    app.traces = parseFile(text);
    complain("");
    if (app.traces.length > 1 && app.traces.every((trace) => trace.about.removed) && !wish?.chosen) app.contents();
    else app.show(app.traces[Math.min(wish?.which ?? 0, app.traces.length - 1)], wish);
  } catch (error) {
    if (!(error instanceof TraceError)) console.error(error);
    complain(error instanceof TraceError ? error.message : t("eNotItf", clean(error.message)));
    app.paint();
  }
}

async function openBlob(blob) {
  try {
    const tooLarge = (size) => new TraceError(t("eTooLarge", Math.round(size / 1e6), LIMIT_MB));
    if (blob.size > LIMIT_MB * 1e6) throw tooLarge(blob.size);
    const start = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
    const packed = start[0] === 0x1f && start[1] === 0x8b;
    const stream = packed ? blob.stream().pipeThrough(new DecompressionStream("gzip")) : blob.stream();
    const chunks = [], reader = stream.getReader();
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read().catch(() => { throw new TraceError(packed ? t("eGzip") : t("eRead", clean(blob.name ?? ""))); });
      if (done) break;
      size += value.length;
      if (size > LIMIT_MB * 1e6) throw tooLarge(size);
      chunks.push(value);
    }
    openText(await new Blob(chunks).text());
  } catch (error) {
    complain(error instanceof TraceError ? error.message : t("eRead", clean(error.message)));
  }
}

function openPicker() {
  const input = h("input", { type: "file", accept: ".json,.itf,.gz,.jsonl,application/json", onchange: () => input.files[0] && openBlob(input.files[0]) });
  input.click();
}

function pasteDialog() {
  const text = h("textarea", { "aria-label": t("pasteTitle"), spellcheck: "false" });
  dialog(t("pasteTitle"), text, h("p", {}, h("button", { type: "button", onclick: () => { byId("help").close(); openText(text.value); } }, t("load"))));
  text.focus();
}

function helpDialog() {
  const list = (pairs) => h("dl", {}, pairs.map(([name, meaning]) => [h("dt", {}, name), h("dd", {}, meaning)]));
  dialog(t("helpTitle"), list(t("keys")), h("hr"), list(t("words")));
}

function dialog(title, ...content) {
  byId("help").replaceChildren(h("h2", { id: "help-title" }, title), h("p"), ...content, h("p"), h("button", { type: "button", onclick: () => byId("help").close() }, t("close")));
  byId("help").showModal();
}

// The place in the hash: #s=step&d=base&v=field&f=filter&q=variable&c=1&l=ko
function place() {
  const parts = new URLSearchParams();
  parts.set("s", app.step);
  if (app.base !== null) parts.set("d", app.base);
  if (app.pinned) parts.set("v", app.pinned);
  if (app.filter) parts.set("f", app.filter);
  if (app.variable) parts.set("q", app.variable);
  if (app.only) parts.set("c", "1");
  if (language !== "en") parts.set("l", language);
  const which = app.traces.indexOf(app.trace);
  if (app.trace.live) Live.place(parts); else if (app.traces.length > 1) parts.set("i", which);
  return parts.toString();
}

function writeHash() {
  // Browsers refuse more than a few changes a second.
  clearTimeout(writeHash.timer);
  writeHash.timer = setTimeout(() => location.hash.slice(1) !== place() && history.replaceState(null, "", "#" + place()), 120);
}

function readHash() {
  const parts = new URLSearchParams(location.hash.slice(1)), number = (key) => (/^\d{1,9}$/.test(parts.get(key) ?? "") ? Number(parts.get(key)) : null);
  if (parts.get("l") === "ko") language = "ko";
  const wish = { base: number("d"), pinned: parts.get("v"), filter: parts.get("f") ?? "", variable: parts.get("q") ?? "", only: parts.get("c") === "1", which: number("i") ?? 0, chosen: number("i") !== null };
  if (number("s") !== null) wish.step = number("s");
  return { wish, packed: parts.get("t"), parts };
}

async function copyLink() {
  let link = location.href.split("#")[0] + "#" + place();
  const stream = new Blob([app.trace.live ? "" : JSON.stringify(app.trace.json)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (app.trace.live) byId("live").textContent = t("copied");
  else if (bytes.length < 24000) link += "&t=" + btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  else byId("live").textContent = t("tooLongForLink");
  try { await navigator.clipboard.writeText(link); byId("copy").textContent = "✓ " + t("copied"); } catch { dialog(t("copy"), h("textarea", { readonly: true, "aria-label": t("copy") }, link)); }
}

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
    if (event.key === "Escape") { event.target.blur(); Diagram.steps?.focus(); }
    return;
  }
  if (event.key === " " && event.target.tagName === "BUTTON") return;
  const { trace } = app;
  const follows = (index) => (app.pinned ? changedFields(trace, index).includes(app.pinned) : changedFields(trace, index).length > 0);
  const otherEnd = () => {
    const step = trace.steps[app.step];
    const target = step.flight?.sent ?? step.flights.find((flight) => flight.delivered.length)?.delivered[0];
    if (target !== undefined && target !== null) app.set({ step: target });
  };
  const actions = {
    ArrowRight: () => app.move(1), ArrowDown: () => app.move(1), j: () => app.move(1), ArrowLeft: () => app.move(-1), ArrowUp: () => app.move(-1), k: () => app.move(-1),
    PageDown: () => app.move(10), PageUp: () => app.move(-10), Home: () => app.move(-Infinity), End: () => app.move(Infinity),
    v: () => app.find((index) => newlyViolated(trace, index).length > 0), n: () => app.find(follows), p: () => app.find(follows, -1),
    b: () => app.set({ base: app.base === null ? app.step : null }), c: () => app.set({ only: !app.only }), m: otherEnd, " ": () => app.play(),
    "/": () => Diagram.search.focus(), "?": helpDialog, o: openPicker, t: toggleTheme,
    ...(trace?.live ? { Backspace: () => Live.undo(), x: () => Live.jump() } : {}),
  };
  if (trace?.live && /^[1-9]$/.test(event.key) && Live.now?.[event.key - 1] !== undefined) {
    event.preventDefault();
    return Live.choose(Live.now[event.key - 1]);
  }
  const always = ["?", "o", "t"].includes(event.key);
  if (!actions[event.key] || (!trace && !always)) return;
  event.preventDefault();
  actions[event.key]();
});

document.addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dragging"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dragging"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  const file = event.dataTransfer.files[0], text = event.dataTransfer.getData("text");
  if (file) openBlob(file); else if (text) openText(text);
});
document.addEventListener("paste", (event) => {
  if (/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
  const file = event.clipboardData.files[0], text = event.clipboardData.getData("text");
  if (file) openBlob(file); else if (text.trim()) openText(text);
});
window.addEventListener("hashchange", () => {
  const { wish, packed, parts } = readHash();
  if (packed || (app.trace?.live && parts.get("p") !== app.trace.live.path.join("."))) return void start();
  if (app.trace) { app.show(app.traces[Math.min(wish.which, app.traces.length - 1)], wish); }
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => app.theme === null && app.paint());

async function start() {
  const { wish, packed } = readHash(), embedded = byId("trace").textContent.trim();
  const source = new URLSearchParams(location.search).get("src");
  app.paint();
  try {
    if (packed) openText(await unpack(packed), wish);
    else if (Live.init()) await Live.start(embedded);
    else if (embedded) openText(embedded, wish);
    else if (source) {
      const answer = await fetch(source);
      if (!answer.ok) throw new Error(answer.status + " " + source);
      openBlob(await answer.blob());
    }
  } catch (error) {
    complain(t("eRead", clean(error.message)));
  }
}
start();
