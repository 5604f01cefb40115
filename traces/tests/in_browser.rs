//! The explorer in a real browser.

mod support;

use std::path::PathBuf;
use std::time::Instant;

use quorate_model::coordination::Sound;
use quorate_traces::{Trace, TraceInfo, flow, itf, page};
use serde_json::json;
use support::browser::{Browser, chromium};
use support::{bounds, itf_of, walk, zen};

/// Pages on disk and a browser, for one test.
struct Bench {
    folder: PathBuf,
    browser: Browser,
}

impl Bench {
    fn new(name: &str) -> Option<Self> {
        let program = chromium()?;
        let folder = std::env::temp_dir().join(format!("quorate-pages-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        Some(Bench { folder, browser: Browser::start(&program, name) })
    }

    fn page(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("a temporary file");
        format!("file://{}", path.display())
    }

    fn open(&mut self, trace: &str, hash: &str) {
        let url = self.page("trace.html", &page::embed(trace));
        self.browser.open(&format!("{url}{hash}"));
        self.browser.wait("!document.getElementById('app').hidden || !document.getElementById('alert').hidden");
    }

    #[track_caller]
    fn selected(&mut self) -> i64 {
        let id = self.browser.eval("document.querySelector('[aria-selected=\"true\"]')?.dataset.step ?? '-1'");
        id.as_str().and_then(|id| id.parse().ok()).expect("a step")
    }

    #[track_caller]
    fn no_complaints(&mut self) {
        self.browser.eval("1");
        assert_eq!(self.browser.complaints, Vec::<String>::new());
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn split_brain() -> String {
    itf_of("CM02", bounds(2, 1, 1, 1, 12), "OneMasterPerTerm")
}

#[test]
fn opens_from_a_file_at_the_violation_and_obeys_the_keyboard() {
    let Some(mut bench) = Bench::new("keys") else { return };
    bench.browser.look(1400, 900, "light");
    bench.open(&split_brain(), "");
    bench.browser.screenshot("light");
    assert_eq!(bench.selected(), 8);
    assert!(bench.browser.text("#top").contains("OneMasterPerTerm violated"));
    assert!(bench.browser.text(".witness").contains("n1 published (t1,v1) and n2 published (t1,v1)"));
    assert_eq!(bench.browser.eval("document.querySelectorAll('#steps .row').length"), json!(9));
    for (key, step) in
        [("ArrowLeft", 7), ("k", 6), ("j", 7), ("Home", 0), ("ArrowRight", 1), ("v", 5), ("v", 7), ("v", 8), ("v", 5), ("End", 8)]
    {
        bench.browser.key(key);
        assert_eq!(bench.selected(), step, "after {key}");
    }
    bench.browser.key("ArrowLeft");
    bench.browser.key("m");
    assert_eq!(bench.selected(), 4, "the vote was sent there");
    bench.browser.key("?");
    assert_eq!(bench.browser.eval("document.getElementById('help').open"), json!(true));
    bench.browser.screenshot("help");
    bench.no_complaints();
}

/// A trace as long as asked for: the election of the sample over and over.
fn long(states: usize) -> Trace {
    let mut trace = itf::read(&split_brain()).unwrap();
    let cycle: Vec<_> = trace.states[1..8].to_vec();
    while trace.states.len() < states {
        let missing = states - trace.states.len();
        trace.states.extend(cycle.iter().take(missing).cloned());
    }
    trace
}

#[test]
fn shows_differences_follows_fields_and_filters() {
    let Some(mut bench) = Bench::new("diff") else { return };
    bench.browser.look(1400, 900, "light");
    bench.open(&split_brain(), "#s=5");
    let changed = "[...document.querySelectorAll('td.changed')].map((cell) => cell.textContent)";
    assert_eq!(bench.browser.eval(changed), json!(["false → true", "{+n1}"]));
    assert_eq!(bench.browser.text(".broken-claim b"), "✗ SingleNodeInvariant ");

    // Only what changed, compared with a pinned step.
    bench.browser.key("Home");
    bench.browser.key("b");
    bench.browser.key("End");
    bench.browser.key("c");
    let rows = "document.querySelectorAll('table.nodes tbody tr').length";
    assert_eq!(bench.browser.eval(rows), json!(8));
    let messages = "[...document.querySelectorAll('ul.lines li.plus')].length";
    assert_eq!(bench.browser.eval(messages), json!(5), "four messages and a descent have come since step 0");
    bench.browser.screenshot("diff");
    bench.browser.key("b");
    bench.browser.key("c");

    // Follow a field.
    bench.browser.key("Home");
    let follow = "[...document.querySelectorAll('table.nodes th button')].find((b) => b.title.includes('electionWon')).click()";
    bench.browser.eval(follow);
    for (key, step) in [("n", 5), ("n", 7), ("n", 5), ("p", 7), ("p", 5)] {
        bench.browser.key(key);
        assert_eq!(bench.selected(), step, "after {key}");
    }

    // Filters.
    let shown = "[...document.querySelectorAll('#steps .row')].map((row) => row.dataset.step).join()";
    for (filter, steps) in [
        ("action:HandleJoin", "5,7"),
        ("node:n2 from:4", "4,6,7,8"),
        ("msg:PublishRequest", "6,8"),
        ("changes:electionWon", "5,7"),
        ("-action:Handle", "0,1,3"),
        ("OneElectionWinner", "7,8"),
        ("action:HandleJoin >> action:ClientValue", "5,7"),
        ("nothing-like-it", ""),
        ("", "0,1,2,3,4,5,6,7,8"),
    ] {
        bench.browser.key("/");
        bench.browser.eval("document.activeElement.select()");
        if filter.is_empty() {
            bench.browser.eval("document.activeElement.value = ''; document.activeElement.dispatchEvent(new Event('input'))");
        } else {
            bench.browser.type_text(filter);
        }
        assert_eq!(bench.browser.eval(shown), json!(steps), "{filter}");
        bench.browser.key("Escape");
    }
    bench.no_complaints();
}

#[test]
fn a_link_leads_back_to_the_same_place() {
    let Some(mut bench) = Bench::new("links") else { return };
    bench.open(&split_brain(), "#s=6&d=2&v=electionWon&f=from%3A2&c=1&l=ko");
    assert_eq!(bench.selected(), 6);
    assert_eq!(bench.browser.text("#steps-title"), "단계");
    assert!(bench.browser.text("#right .bar").contains("비교 대상: 2"));
    assert_eq!(bench.browser.eval("document.getElementById('filter').value"), json!("from:2"));
    assert_eq!(bench.browser.eval("document.querySelector('tr.pinned th').textContent"), json!("electionWon"));
    assert_eq!(bench.browser.eval("document.documentElement.lang"), json!("ko"));
    bench.browser.screenshot("korean");
    bench.browser.key("ArrowLeft");
    bench.browser.wait("location.hash.includes('s=5&d=2')");

    // A small trace travels in the link itself, to a page without one.
    bench.browser.eval("navigator.clipboard.writeText = (text) => { window.link = text; return Promise.resolve(); }");
    bench.browser.click("#copy");
    bench.browser.wait("window.link !== undefined");
    let link = bench.browser.eval("window.link");
    let (_, hash) = link.as_str().unwrap().split_once('#').unwrap();
    let empty = bench.page("empty.html", page::empty());
    bench.browser.open(&format!("{empty}#{hash}"));
    bench.browser.wait("!document.getElementById('app').hidden");
    assert_eq!(bench.selected(), 5);
    // Nonsense in a link is ignored.
    bench.open(&split_brain(), "#s=99999999&d=77&i=5&v=%00&f=from:x");
    bench.no_complaints();
}

#[test]
fn a_lasso_goes_round() {
    let Some(mut bench) = Bench::new("lasso") else { return };
    let mut trace = itf::read(&split_brain()).unwrap();
    trace.loop_start = Some(6);
    bench.open(&itf::to_string(&trace), "#s=8");
    assert!(bench.browser.text("#step-6").contains("loop starts"));
    assert!(bench.browser.text("#step-8").contains("back to 6"));
    assert_eq!(bench.browser.eval("document.querySelectorAll('svg .backedge').length"), json!(1));
    assert_eq!(bench.browser.eval("document.querySelectorAll('.row.loop').length"), json!(3));
    bench.browser.key(" ");
    bench.browser.wait("document.querySelector('[aria-selected=\"true\"]').dataset.step === '6'");
    bench.browser.screenshot("lasso");
    bench.browser.key(" ");
    bench.no_complaints();
}

#[test]
fn restarts_duplicates_losses_and_leaders_are_drawn() {
    let Some(mut bench) = Bench::new("walk") else { return };
    let model = zen(Sound, bounds(3, 25, 25, 2, 60_000));
    let info = TraceInfo { kind: "run".to_owned(), ..TraceInfo::default() };
    let trace = Trace::of_path(&model, &walk(&model, 120, 3), &info);
    let flights = flow::flights(&trace);
    bench.browser.look(1400, 4200, "light");
    bench.open(&itf::to_string(&trace), "#s=60");
    bench.browser.screenshot("walk");
    let count =
        |bench: &mut Bench, what: &str| bench.browser.eval(&format!("document.querySelectorAll('#steps svg {what}').length"));
    let restarts = trace.states.iter().filter(|state| state.title.starts_with("RestartNode")).count();
    assert_eq!(count(&mut bench, ".restart"), json!(restarts));
    let again: usize = flights.iter().map(|flight| flight.delivered.len().saturating_sub(1)).sum();
    assert_eq!(count(&mut bench, ".message.again"), json!(again));
    let lost = flights.iter().filter(|flight| flight.delivered.is_empty()).count();
    assert_eq!(count(&mut bench, ".message.lost"), json!(lost));
    assert!(restarts > 0 && again > 0 && lost > 0, "{restarts} {again} {lost}");
    assert!(count(&mut bench, ".band").as_u64() > Some(0), "somebody leads");
    bench.no_complaints();
}

#[test]
fn partitions_and_leaders_are_bands() {
    let Some(mut bench) = Bench::new("bands") else { return };
    // Leaders of two terms, and a partition between them.
    let mut states = Vec::new();
    let steps = ["", "n1 wins", "partition {n1} | {n2,n3}", "n2 wins", "n3 votes", "heal", "n1 steps down"];
    for (index, title) in steps.iter().enumerate() {
        let node = |lane: usize| match (lane, index) {
            (0, 1..=5) => json!({"mode": "Leader", "term": {"#bigint": "1"}}),
            (1, 3..) => json!({"mode": "Leader", "term": {"#bigint": "2"}}),
            _ => json!({"mode": "Follower", "term": {"#bigint": "0"}}),
        };
        let view = json!({"title": title, "lane": null, "delivered": null, "sent": []}).to_string();
        let nodes: Vec<_> = (0..3).map(node).collect();
        states.push(json!({"#meta": {"index": index, "action": title, "view": view}, "nodes": nodes}));
    }
    let meta = json!({"format": "ITF", "quorate": "1", "model": "hand-made", "bounds": "{}", "claims": "[]", "rules": "{}", "lanes": "[\"n1\",\"n2\",\"n3\"]"});
    let trace = json!({"#meta": meta, "vars": ["nodes"], "states": states}).to_string();
    bench.browser.look(1400, 900, "light");
    bench.open(&trace, "#s=4");
    bench.browser.screenshot("bands");
    let bands = "[...document.querySelectorAll('svg .band')].map((band) => band.querySelector('title').textContent)";
    assert_eq!(bench.browser.eval(bands), json!(["leader n1, term 1", "leader n2, term 2"]));
    assert_eq!(
        bench.browser.eval("[...document.querySelectorAll('svg .bandname')].map((name) => name.textContent)"),
        json!(["t1", "t2"])
    );
    let parted = "[...document.querySelectorAll('svg .parted')].map((part) => [part.querySelector('title').textContent, Math.round(part.getAttribute('height') / 30)])";
    assert_eq!(bench.browser.eval(parted), json!([["partition {n1} | {n2,n3}", 3]]));
    // The wall stands between n1 and n2 only.
    assert_eq!(bench.browser.eval("document.querySelectorAll('svg .wall').length"), json!(1));
    assert_eq!(bench.browser.eval("document.querySelectorAll('svg .cut').length"), json!(2));
    bench.no_complaints();
}

#[test]
fn copies_and_the_master_are_columns() {
    let Some(mut bench) = Bench::new("copies") else { return };
    let text = include_str!("../gallery/replication-demoted-primary.itf.json");
    bench.open(text, "#s=5");
    assert_eq!(bench.browser.text("table.nodes thead"), "n1n2n3▶ master");
    let changed = "[...document.querySelectorAll('td.changed')].map((cell) => cell.textContent)";
    let changed = bench.browser.eval(changed).to_string();
    assert!(changed.contains("1 → 2"), "the master's term: {changed}");
    assert!(bench.browser.text(".about").contains("the master obeys a primary"));
    bench.no_complaints();
}

#[test]
fn a_click_on_an_arrow_leads_to_its_other_end_and_the_strip_to_a_step() {
    let Some(mut bench) = Bench::new("clicks") else { return };
    bench.browser.look(1400, 900, "light");
    bench.open(&split_brain(), "#s=0");
    let arrow = "document.querySelector('svg .hit[data-step=\"5\"]').dispatchEvent(new MouseEvent('click', { bubbles: true }))";
    bench.browser.eval(arrow);
    assert_eq!(bench.selected(), 5);
    bench.browser.click("#step-2");
    assert_eq!(bench.selected(), 2);
    assert_eq!(bench.browser.eval("document.querySelectorAll('svg .message.chosen').length"), json!(1));
    bench.browser.click("#strip tr.broken button");
    assert_eq!(bench.selected(), 8);
    // The minimap is there for long traces only, and leads anywhere in them.
    assert_eq!(bench.browser.eval("document.getElementById('map').hidden"), json!(true));
    bench.open(&itf::to_string(&long(400)), "#s=0");
    assert_eq!(bench.browser.eval("document.getElementById('map').hidden"), json!(false));
    bench.browser.click("#map");
    assert!((150..250).contains(&bench.selected()), "the middle of 400");
    bench.no_complaints();
}

#[test]
fn ten_thousand_steps_stay_smooth() {
    let Some(mut bench) = Bench::new("long") else { return };
    let text = itf::to_string(&long(10_000));
    let start = Instant::now();
    bench.open(&text, "#s=9000");
    let opened = start.elapsed();
    assert_eq!(bench.selected(), 9000);
    assert!(opened.as_secs() < 8, "{opened:?} to open {} MB", text.len() / 1_000_000);
    assert!(bench.browser.eval("document.querySelectorAll('#steps .row').length").as_i64() < Some(80), "only what is in view");
    let moves = "(() => { const start = performance.now(); for (let i = 0; i < 50; i++) document.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' })); return (performance.now() - start) / 50; })()";
    let each = bench.browser.eval(moves).as_f64().unwrap();
    assert_eq!(bench.selected(), 9050);
    assert!(each < 100.0, "{each} ms a step");
    let scroll = "(async () => { const list = document.getElementById('steps'); const start = performance.now(); for (let i = 0; i < 60; i++) { list.scrollTop = i * 4700; await new Promise(requestAnimationFrame); } return (performance.now() - start) / 60; })()";
    let frame = bench.browser.eval(scroll).as_f64().unwrap();
    assert!(frame < 150.0, "{frame} ms a frame");
    let filter = "(() => { const start = performance.now(); const box = document.getElementById('filter'); box.value = 'changes:electionWon'; box.dispatchEvent(new Event('input')); return performance.now() - start; })()";
    let filtered = bench.browser.eval(filter).as_f64().unwrap();
    bench.browser.screenshot("long");
    println!(
        "10,000 steps, {} MB: opened in {opened:?}, {each:.1} ms a key, {frame:.1} ms a frame, filter {filtered:.0} ms",
        text.len() / 1_000_000
    );
    assert!(filtered < 5000.0, "{filtered} ms to filter by a changed field");
    bench.no_complaints();
}

#[test]
fn files_are_dropped_pasted_and_compressed() {
    let Some(mut bench) = Bench::new("open") else { return };
    let empty = bench.page("empty.html", page::empty());
    bench.browser.open(&empty);
    bench.browser.wait("!document.getElementById('drop').hidden");
    bench.browser.screenshot("empty");
    let text = json!(split_brain());
    bench.browser.eval(&format!("window.text = {text}"));
    let drop = "(blob) => { const files = new DataTransfer(); files.items.add(new File([blob], 'trace.json')); document.dispatchEvent(new DragEvent('drop', { dataTransfer: files, cancelable: true })); }";
    bench.browser.eval(&format!("({drop})(window.text)"));
    bench.browser.wait("!document.getElementById('app').hidden");
    assert_eq!(bench.selected(), 8);

    bench.browser.open(&empty);
    bench.browser.eval(&format!("window.text = {text}"));
    bench.browser.eval(&format!(
        "new Response(new Blob([window.text]).stream().pipeThrough(new CompressionStream('gzip'))).blob().then({drop})"
    ));
    bench.browser.wait("!document.getElementById('app').hidden");

    bench.browser.open(&empty);
    bench.browser.eval(&format!("window.text = {text}"));
    bench.browser.eval("(() => { const data = new DataTransfer(); data.setData('text', window.text); document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data })); })()");
    bench.browser.wait("!document.getElementById('app').hidden");

    // Several traces in one file, as a list and as lines.
    for separator in ["list", "lines"] {
        bench.browser.open(&empty);
        bench.browser.eval(&format!("window.text = {text}"));
        let text = if separator == "list" {
            "'[' + window.text + ',' + window.text + ']'"
        } else {
            "[1, 2].map(() => JSON.stringify(JSON.parse(window.text))).join('\\n')"
        };
        bench.browser.eval(&format!("({drop})({text})"));
        bench.browser.wait("document.querySelectorAll('#top select').length === 2");
    }
    bench.no_complaints();
}

#[test]
fn traces_of_other_tools_are_shown_with_lanes() {
    let Some(mut bench) = Bench::new("foreign") else { return };
    let apalache = r##"{"vars": ["term", "role"], "states": [
        {"term": {"#map": [["a", {"#bigint": "0"}], ["b", {"#bigint": "0"}]]}, "role": {"#map": [["a", "Follower"], ["b", "Follower"]]}},
        {"term": {"#map": [["a", {"#bigint": "99999999999999999999"}], ["b", {"#bigint": "0"}]]}, "role": {"#map": [["a", "Leader"], ["b", "Follower"]]}}]}"##;
    bench.open(apalache, "#s=1");
    assert!(bench.browser.text(".lanes").contains("ab"));
    let changed = "[...document.querySelectorAll('td.changed')].map((cell) => cell.textContent)";
    assert_eq!(bench.browser.eval(changed), json!(["0 → 99999999999999999999", "Follower → Leader"]));
    assert_eq!(bench.browser.text("table.nodes thead"), "▶ ab");
    assert_eq!(bench.browser.eval("document.querySelectorAll('svg .band').length"), json!(1));

    let tlc = r#"{"counterexample": {"state": [[1, {"x": 0, "s": ["a"]}], [2, {"x": 1, "s": []}]],
        "action": [[[1, {}], {"name": "Next"}, [2, {}]], [[2, {}], {"name": "Back"}, [1, {}]]]}, "vars": ["x", "s"]}"#;
    bench.open(tlc, "#s=1");
    assert!(bench.browser.text("#step-1").contains("Next"));
    assert!(bench.browser.text("#step-1").contains("back to 0"));
    bench.no_complaints();
}

#[test]
fn exports_what_is_shown() {
    let Some(mut bench) = Bench::new("export") else { return };
    bench.open(&split_brain(), "");
    bench.browser.eval("window.saved = []; URL.createObjectURL = (blob) => { blob.text().then((text) => window.saved.push(text)); return '#'; }; HTMLAnchorElement.prototype.click = () => {}");
    for (index, start) in [(1, "{\"#meta\""), (2, "sequenceDiagram"), (3, "<svg "), (4, "n1 {\"n1\":1}")] {
        bench.browser.eval(&format!("window.saved = []; {{ const menu = document.getElementById('export'); menu.selectedIndex = {index}; menu.dispatchEvent(new Event('change')); }}"));
        bench.browser.wait("window.saved.length === 1");
        let saved = bench.browser.eval("window.saved[0]");
        let saved = saved.as_str().unwrap();
        assert!(saved.starts_with(start), "{}", &saved[..80]);
        match index {
            1 => assert_eq!(itf::read(saved).unwrap(), itf::read(&split_brain()).unwrap()),
            2 => assert!(saved.contains("L1->>L1: 7. Join"), "{saved}"),
            3 => assert_eq!(saved.matches("<path class=\"message").count(), 6, "{saved}"),
            _ => assert_eq!(saved, quorate_traces::shiviz::render(&itf::read(&split_brain()).unwrap())),
        }
    }
    bench.no_complaints();
}

#[test]
fn bad_files_are_explained_in_the_page() {
    let Some(mut bench) = Bench::new("bad") else { return };
    let good = split_brain();
    let cut = good[..good.len() / 2].to_owned();
    for (text, complaint) in [
        ("hello", "Not JSON"),
        (cut.as_str(), "Not JSON"),
        ("[]", "Not an ITF trace"),
        ("{\"states\": []}", "'states' is empty"),
        ("{\"vars\": [\"x\"], \"states\": [{\"x\": 1}, {}]}", "State 1 has no value for the variable “x”"),
        ("{\"vars\": [\"x\"], \"states\": [{\"x\": 1}], \"loop\": 7}", "goes back to state 7, but the last state is 0"),
        ("{\"#meta\": {\"quorate\": \"3\"}, \"vars\": [], \"states\": [{}]}", "version 3"),
        (
            "{\"#meta\": {\"quorate\": \"1\", \"bounds\": \"{\"}, \"vars\": [], \"states\": [{}]}",
            "the metadata “bounds” is unreadable",
        ),
    ] {
        bench.open(text, "");
        let said = bench.browser.text("#alert");
        assert!(said.contains(complaint), "expected '{complaint}' in '{said}'");
    }
    let empty = bench.page("empty.html", page::empty());
    bench.browser.open(&empty);
    let huge = "(() => { const files = new DataTransfer(); const file = new File(['x'], 'huge.json'); Object.defineProperty(file, 'size', { value: 5e8 }); const event = new DragEvent('drop', { cancelable: true }); Object.defineProperty(event, 'dataTransfer', { value: { files: [file], getData: () => '' } }); document.dispatchEvent(event); })()";
    bench.browser.eval(huge);
    bench.browser.wait("!document.getElementById('alert').hidden");
    assert!(bench.browser.text("#alert").contains("500 MB"));
    bench.browser.screenshot("bad");
    let damaged = "(() => { const files = new DataTransfer(); files.items.add(new File([new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3])], 'x.gz')); document.dispatchEvent(new DragEvent('drop', { dataTransfer: files, cancelable: true })); })()";
    bench.browser.eval(damaged);
    bench.browser.wait("document.getElementById('alert').textContent.includes('damaged')");
    bench.no_complaints();
}

#[test]
fn nothing_in_a_trace_is_run() {
    let Some(mut bench) = Bench::new("hostile") else { return };
    bench.open(include_str!("golden/hostile.itf.json"), "#s=1");
    let text = bench.browser.text("body");
    assert!(text.contains("<script>alert(1)</script>"), "shown as it is: {text}");
    assert!(text.contains("\\u{1b}[7m"), "control characters are written out");
    for suspicious in
        ["img", "b:not(.talk b):not(.broken-claim b)", "a:not(.skip)", "iframe", "body script:not(#trace):not(#model) ~ script"]
    {
        let count = bench.browser.eval(&format!("document.querySelectorAll({}).length", json!(suspicious)));
        assert_eq!(count, json!(0), "{suspicious}");
    }
    bench.browser.screenshot("hostile");
    bench.no_complaints();
    // Were markup ever made of a text, the policy would still refuse to run it.
    bench.browser.eval("{ const script = document.createElement('script'); script.textContent = 'window.ran = true'; document.body.append(script); }");
    assert_eq!(bench.browser.eval("window.ran ?? null"), json!(null));
}

#[test]
fn is_readable_in_the_dark_and_on_narrow_screens_and_by_assistive_technology() {
    let Some(mut bench) = Bench::new("access") else { return };
    bench.browser.look(1200, 800, "dark");
    bench.open(&split_brain(), "#s=7");
    assert_eq!(bench.browser.eval("document.documentElement.dataset.theme"), json!("dark"));
    bench.browser.screenshot("dark");
    // Contrast of every colour of text with what lies under it: WCAG AA.
    let contrast = "(() => {
        const parse = (colour) => { const pen = document.createElement('canvas').getContext('2d'); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); return [...pen.getImageData(0, 0, 1, 1).data]; };
        const light = (colour) => { const [r, g, b] = parse(colour).map((part) => { part /= 255; return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const bad = [];
        for (const theme of ['light', 'dark']) {
            document.documentElement.dataset.theme = theme;
            const style = getComputedStyle(document.documentElement), get = (name) => style.getPropertyValue('--' + name).trim();
            for (const [text, ground] of [['text', 'ground'], ['text', 'raised'], ['faint', 'ground'], ['faint', 'raised'], ['text', 'accent-ground'], ['faint', 'accent-ground'], ['alarm', 'ground'], ['alarm', 'raised'], ['alarm', 'alarm-ground'], ['alarm', 'accent-ground'], ['good', 'ground'], ['good', 'good-ground'], ['good', 'warn-ground'], ['alarm', 'warn-ground'], ['warn', 'ground'], ['text', 'warn-ground']]) {
                const [one, other] = [light(get(text)), light(get(ground))].sort((a, b) => b - a);
                const ratio = (one + 0.05) / (other + 0.05);
                if (ratio < 4.5) bad.push(theme + ': ' + text + ' on ' + ground + ' ' + ratio.toFixed(2));
            }
        }
        return bad; })()";
    assert_eq!(bench.browser.eval(contrast), json!([]));
    let unnamed = "[...document.querySelectorAll('button, select, input, [role=listbox]')].filter((element) => !(element.textContent.trim() || element.getAttribute('aria-label'))).length";
    assert_eq!(bench.browser.eval(unnamed), json!(0));
    assert_eq!(bench.browser.eval("document.querySelector('#steps').getAttribute('aria-activedescendant')"), json!("step-7"));
    assert_eq!(
        bench
            .browser
            .eval("[...document.querySelectorAll('svg .message')].every((arrow) => arrow.querySelector('title')?.textContent)"),
        json!(true)
    );
    bench.browser.key("ArrowRight");
    assert!(bench.browser.text("#live").starts_with("8. HandleClientValue"));
    bench.browser.look(420, 800, "light");
    assert_eq!(bench.browser.eval("document.documentElement.scrollWidth <= 420"), json!(true));
    bench.browser.wait("document.documentElement.dataset.theme === 'light'");
    bench.browser.screenshot("narrow");
    bench.no_complaints();
}

#[test]
fn the_gallery_is_a_table_of_contents() {
    let Some(mut bench) = Bench::new("gallery") else { return };
    bench.browser.look(1400, 900, "light");
    let index = concat!("file://", env!("CARGO_MANIFEST_DIR"), "/gallery/index.html");
    bench.browser.open(index);
    bench.browser.wait("!document.getElementById('contents').hidden");
    bench.browser.screenshot("gallery");
    let stories = bench.browser.eval("document.querySelectorAll('.story').length").as_u64().unwrap();
    assert!(stories >= 20, "{stories}");
    assert_eq!(bench.browser.eval("[...document.querySelectorAll('.story')].every((s) => s.textContent.includes('Removed') && s.textContent.includes('What happens'))"), json!(true));
    let link = "document.querySelector('.story a').href";
    assert_eq!(bench.browser.eval(link), json!("https://github.com/elastic/elasticsearch/issues/2488"));
    bench.browser.click("[data-story='1']");
    bench.browser.wait("!document.getElementById('app').hidden");
    assert!(bench.browser.text(".about").contains("half of a configuration"));
    bench.browser.wait("location.hash.includes('i=1')");
    bench.browser.screenshot("gallery-story");
    bench.browser.click("#to-contents");
    bench.browser.wait("!document.getElementById('contents').hidden && document.getElementById('app').hidden");
    // Every story opens, also by its link, and each shows its violation.
    for story in 0..stories {
        bench.browser.open(&format!("{index}#i={story}"));
        bench.browser.wait("!document.getElementById('app').hidden");
        assert!(bench.browser.text("#top .badge").contains("violated"), "story {story}");
        if std::env::var_os("QUORATE_SCREENSHOTS").is_some() {
            bench.browser.key("End");
            bench.browser.screenshot(&format!("story-{story}"));
        }
    }
    bench.no_complaints();
}
