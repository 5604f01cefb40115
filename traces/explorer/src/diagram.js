// The space-time diagram with the step list beside it. Time runs down, one row
// a step; only the rows in view are in the document.
const ROW = 30, GUTTER = 46;
let laneWidth = 110;
const laneX = (lane) => GUTTER + laneWidth * (lane + 0.5);
const HUES = [212, 145, 32, 280, 345, 180, 60, 250];

// Draws rows `start` to `end` of `rows` (indices of steps); y counts from row 0.
function drawDiagram(trace, rows, start, end, { step: chosen }, flights = trace.flights) {
  const lanes = Math.max(trace.lanes.length, 1), width = GUTTER + laneWidth * lanes;
  const root = g("g"), top = start * ROW, bottom = end * ROW;
  const rowOf = rowFinder(rows);
  const y = (step) => rowOf(step) * ROW + ROW / 2;
  for (const band of trace.leaders) {
    const [from, to] = [rowOf(band.from), rowOf(band.to)];
    if (to < start || from >= end || from >= rows.length) continue;
    const hue = HUES[Number(band.term) % HUES.length] ?? HUES[0], x = laneX(band.lane) - 15;
    root.append(g("rect", { class: "band", x, y: from * ROW + 2, width: 30, height: (Math.min(to, rows.length - 1) - from + 1) * ROW - 4, rx: 6, fill: "hsl(" + hue + " 70% 50%)" }, g("title", {}, t("leader") + " " + laneName(trace, band.lane) + ", term " + band.term)));
    root.append(g("text", { class: "bandname", x: x + 15, y: Math.max(from * ROW, top) + 10, "text-anchor": "middle" }, "t" + band.term));
  }
  for (const parted of trace.partitions) {
    const [from, to] = [rowOf(parted.from), Math.min(rowOf(parted.to), rows.length - 1)];
    if (to < start || from >= end || from >= rows.length) continue;
    const span = { y: from * ROW + ROW / 2, height: Math.max(ROW / 2, (to - from) * ROW) };
    root.append(g("rect", { class: "parted", x: GUTTER, width: width - GUTTER, ...span }, g("title", {}, clean(parted.title))));
    for (let lane = 1; parted.sides && lane < lanes; lane++) {
      if (parted.sides[lane] !== parted.sides[lane - 1]) root.append(g("line", { class: "wall", x1: laneX(lane) - laneWidth / 2, x2: laneX(lane) - laneWidth / 2, y1: span.y, y2: span.y + span.height }));
    }
  }
  for (let lane = 0; lane < lanes; lane++) root.append(g("line", { class: "lane", x1: laneX(lane), x2: laneX(lane), y1: top, y2: bottom }));
  for (const flight of flights) drawFlight(trace, root, flight, { rows, rowOf, y, start, end, chosen });
  for (let row = start; row < end; row++) {
    const index = rows[row], step = trace.steps[index], at = row * ROW + ROW / 2;
    if (isCut(step.title) || isHeal(step.title)) root.append(g("line", { class: "cut", x1: GUTTER, x2: width, y1: at, y2: at }));
    if (step.lane === null || step.lane >= lanes) continue;
    const x = laneX(step.lane);
    if (isRestart(step.title)) root.append(g("path", { class: "restart", d: "M" + (x - 8) + " " + at + "l8 -8l8 8l-8 8z" }, g("title", {}, t("restart"))));
    else root.append(g("circle", { class: "dot", cx: x, cy: at, r: index === chosen ? 7 : 5 }));
  }
  if (trace.loop !== null && rows.length) {
    const [from, to] = [y(trace.steps.length - 1), y(trace.loop)];
    if (rowOf(trace.loop) < end) root.append(g("path", { class: "backedge", d: "M16 " + from + "C2 " + from + " 2 " + to + " 14 " + to + "M10 " + (to - 4) + "l5 4l-5 4" }, g("title", {}, t("back", trace.loop))));
  }
  return { root, width };
}

// The row of a step, or of the next visible one where it is filtered out.
function rowFinder(rows) {
  return (step) => {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle] < step) low = middle + 1; else high = middle;
    }
    return low;
  };
}

function drawFlight(trace, root, flight, { rows, rowOf, y, start, end, chosen }) {
  const { message, sent, delivered } = flight, lanes = trace.lanes.length;
  if (message.source >= lanes || message.dest >= lanes || message.source < 0 || message.dest < 0) return;
  const visible = (step) => rows[rowOf(step)] === step;
  const words = t("message", clean(message.kind), laneName(trace, message.source), laneName(trace, message.dest), clean(message.text), sent ?? "?", delivered.join(", ") || t("lost"));
  const [x1, x2] = [laneX(message.source), laneX(message.dest)];
  const add = (path, step, extra, other) => {
    const here = step === chosen || sent === chosen ? " chosen" : "";
    root.append(g("path", { class: "message" + extra + here, d: path }, g("title", {}, words)));
    root.append(g("path", { class: "hit", d: path, "data-step": other }, g("title", {}, words)));
  };
  if (sent !== null && visible(sent) && delivered.length === 0) {
    const row = rowOf(sent);
    if (row >= start && row < end) {
      const side = x2 < x1 ? -1 : 1, stop = x1 + side * Math.min(30, laneWidth * 0.35), at = y(sent);
      add("M" + x1 + " " + at + "L" + stop + " " + (at + 9) + "M" + (stop - 4) + " " + (at + 5) + "l8 8m0 -8l-8 8", sent, " lost", sent);
    }
    return;
  }
  delivered.forEach((step, position) => {
    const from = sent ?? step;
    if (rowOf(step) < start || rowOf(from) >= end || !visible(step)) return;
    // A send that the filter hides, or that the trace does not show, is a short stub.
    const stub = sent === null || !visible(sent);
    const [y1, y2] = [stub ? y(step) - ROW * 0.7 : y(sent), y(step)];
    const bend = Math.min(46, laneWidth * 0.42);
    const path = x1 === x2 ? "M" + x1 + " " + y1 + "C" + (x1 + bend) + " " + y1 + " " + (x1 + bend) + " " + y2 + " " + x2 + " " + y2 : "M" + x1 + " " + y1 + "L" + x2 + " " + y2;
    add(path, step, position > 0 || stub ? " again" : "", step === chosen ? from : step);
    // The arrow's head, short of the dot.
    const angle = x1 === x2 ? Math.PI : Math.atan2(y2 - y1, x2 - x1);
    const tip = [x2 - Math.cos(angle) * 6, y2 - Math.sin(angle) * 6];
    const side = (turn) => tip[0] - Math.cos(angle + turn) * 8 + " " + (tip[1] - Math.sin(angle + turn) * 8);
    root.append(g("path", { class: "head", d: "M" + tip.join(" ") + "L" + side(0.45) + "L" + side(-0.45) + "z" }));
  });
}

// The flights that touch each block of rows, so that drawing a view looks at
// few of them however long the trace is.
const BLOCK = 64;
function blocksOf(trace, rows) {
  const rowOf = rowFinder(rows), blocks = Array.from({ length: Math.ceil(rows.length / BLOCK) + 1 }, () => []);
  for (const flight of trace.flights) {
    const ends = [...(flight.sent === null ? [] : [flight.sent]), ...flight.delivered.slice(0, 1), ...flight.delivered.slice(-1)];
    const [from, to] = [rowOf(Math.min(...ends)), rowOf(Math.max(...ends))];
    for (let block = Math.floor(from / BLOCK); block <= Math.floor(to / BLOCK); block++) blocks[block]?.push(flight);
  }
  return blocks;
}

const Diagram = {
  mount(app) {
    this.app = app;
    this.count = h("span", { class: "count" });
    this.search = h("input", { type: "search", id: "filter", placeholder: t("filter"), "aria-label": t("filter"), value: app.filter, oninput: () => app.set({ filter: this.search.value }) });
    this.play = h("button", { type: "button", onclick: () => app.play() }, t("play"));
    this.space = h("div", { class: "space" });
    this.steps = h("div", { id: "steps", role: "listbox", tabindex: 0, "aria-label": t("steps"), onscroll: () => this.draw() }, this.space);
    this.map = h("canvas", { id: "map", "aria-hidden": "true", onpointerdown: (event) => this.jump(event), onpointermove: (event) => event.buttons && this.jump(event) });
    this.head = h("div", { class: "lanes", "aria-hidden": "true" });
    byId("left").replaceChildren(
      h("div", { class: "bar" }, h("h2", { id: "steps-title" }, t("steps")), this.search, this.count, this.play),
      this.head, h("div", { class: "scroller" }, this.steps, this.map));
    this.space.addEventListener("click", (event) => {
      const target = event.target.closest("[data-step]");
      if (target) app.set({ step: Number(target.dataset.step) });
    });
    new ResizeObserver(() => { this.layout(); this.draw(); }).observe(this.steps);
  },

  // After a change of trace, filter or language.
  layout() {
    const { trace, rows } = this.app;
    if (!trace) return;
    laneWidth = Math.max(44, Math.min(120, Math.floor(Math.min(420, this.steps.clientWidth * 0.5) / Math.max(trace.lanes.length, 1))));
    this.space.style.height = rows.length * ROW + 8 + "px";
    this.head.replaceChildren(h("span", { style: "width:" + GUTTER + "px" }), ...trace.lanes.map((_, lane) => h("span", { style: "width:" + laneWidth + "px" }, laneName(trace, lane))), h("span", { class: "rest" }, ""));
    this.blocks = blocksOf(trace, rows);
    this.drawn = null;
    this.count.textContent = rows.length === trace.steps.length ? "" : t("shown", rows.length, trace.steps.length);
  },

  // Brings the selected step into view.
  reveal() {
    const { rows, step } = this.app, row = rowFinder(rows)(step), view = this.steps.clientHeight;
    const [top, bottom] = [row * ROW, (row + 1) * ROW];
    if (top < this.steps.scrollTop + ROW) this.steps.scrollTop = Math.max(0, top - 2 * ROW);
    else if (bottom > this.steps.scrollTop + view - ROW) this.steps.scrollTop = bottom - view + 2 * ROW;
  },

  draw() {
    const { app } = this, { trace, rows } = app;
    if (!trace) return;
    const start = Math.max(0, Math.floor(this.steps.scrollTop / ROW) - 6);
    const end = Math.min(rows.length, Math.ceil((this.steps.scrollTop + this.steps.clientHeight) / ROW) + 6);
    const near = new Set(this.blocks.slice(Math.floor(start / BLOCK), Math.floor(end / BLOCK) + 1).flat());
    const { root, width } = drawDiagram(trace, rows, start, end, app, near);
    root.setAttribute("transform", "translate(0 " + -start * ROW + ")");
    const svg = g("svg", { width, height: Math.max(0, end - start) * ROW, style: "top:" + start * ROW + "px", role: "presentation" }, root);
    const list = [];
    for (let row = start; row < end; row++) {
      const index = rows[row], news = newlyViolated(trace, index);
      const last = index === trace.steps.length - 1 && trace.loop !== null;
      list.push(h("div", {
        class: "row" + (index === app.base ? " base" : "") + (trace.loop !== null && index >= trace.loop ? " loop" : ""), role: "option", id: "step-" + index, "data-step": index,
        "aria-selected": String(index === app.step), "aria-setsize": rows.length, "aria-posinset": row + 1, style: "top:" + row * ROW + "px",
      }, h("span", { class: "index" }, index), h("span", { style: "flex:none;width:" + (width - GUTTER) + "px" }),
      h("span", { class: "title", title: titleOf(trace, index) }, titleOf(trace, index)),
      trace.loop === index && h("span", { class: "back" }, "↻ " + t("loopStart")), last && h("span", { class: "back" }, t("back", trace.loop)),
      news.length > 0 && h("span", { class: "flag", title: news.map(clean).join(", ") }, "✗ " + clean(news.includes(trace.property) ? trace.property : news[0]) + (news.length > 1 ? " +" + (news.length - 1) : ""))));
    }
    this.space.replaceChildren(...list, svg);
    this.steps.setAttribute("aria-activedescendant", "step-" + app.step);
    this.play.textContent = app.playing ? t("stop") : t("play");
    this.play.setAttribute("aria-pressed", String(Boolean(app.playing)));
    this.drawMap();
  },

  // The whole trace in a narrow strip: violations, leaders, restarts (drawn
  // once), and what is in view.
  drawMap() {
    const { trace, rows, step } = this.app, scale = window.devicePixelRatio || 1;
    // Where everything is in view there is nothing to find one's way in.
    this.map.hidden = rows.length * ROW <= this.steps.clientHeight;
    const [width, height] = [26, this.map.clientHeight];
    if (height === 0 || rows.length === 0) return;
    const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue("--" + name);
    const at = (row) => (row / rows.length) * height, rowOf = rowFinder(rows);
    if (this.drawn?.height !== height * scale) {
      this.drawn = h("canvas", { width: width * scale, height: height * scale });
      const pen = this.drawn.getContext("2d");
      pen.scale(scale, scale);
      pen.fillStyle = colour("accent");
      for (const band of trace.leaders) pen.fillRect(3, at(rowOf(band.from)), 5, Math.max(2, at(rowOf(band.to) + 1) - at(rowOf(band.from))));
      for (let row = 0; row < rows.length; row++) {
        if (isRestart(trace.steps[rows[row]].title)) { pen.fillStyle = colour("warn"); pen.fillRect(10, at(row), 5, 2); }
        if (newlyViolated(trace, rows[row]).length) { pen.fillStyle = colour("alarm"); pen.fillRect(17, at(row) - 1, 7, 3); }
      }
    }
    this.map.width = width * scale;
    this.map.height = height * scale;
    const pen = this.map.getContext("2d");
    pen.drawImage(this.drawn, 0, 0);
    pen.scale(scale, scale);
    pen.strokeStyle = colour("faint");
    pen.strokeRect(0.5, at(this.steps.scrollTop / ROW) + 0.5, width - 1, Math.min(height - 1, Math.max(6, at(this.steps.clientHeight / ROW))));
    pen.fillStyle = colour("text");
    pen.fillRect(0, at(rowOf(step)), width, 1.5);
  },

  jump(event) {
    const { rows } = this.app;
    const row = Math.floor((event.offsetY / this.map.clientHeight) * rows.length);
    this.app.set({ step: rows[Math.max(0, Math.min(rows.length - 1, row))] ?? 0 });
  },
};
