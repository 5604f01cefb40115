//! `quorate explore`: the server, as a browser and as nobody's browser sees it.

#[path = "../traces/tests/support/browser.rs"]
mod browser;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use browser::{Browser, chromium};
use serde_json::{Value, json};

/// A running `quorate explore`.
struct Running {
    process: Child,
    url: String,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_quorate"))
            .args(["explore", "--no-open"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let url = lines
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("open ")?.split(' ').next()?.to_owned()))
            .expect("it says where");
        Running { process, url }
    }

    fn host(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    /// Status and body of a request with these headers.
    fn request(&self, head: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.host()).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        // The server may have answered and closed before it has read everything.
        _ = stream.write_all(format!("{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len()).as_bytes());
        _ = stream.write_all(body);
        let mut answer = Vec::new();
        _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).expect("text");
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, answer.split_once("\r\n\r\n").map_or_else(String::new, |(_, body)| body.to_owned()))
    }

    fn post(&self, what: &str, question: &str) -> (u16, String) {
        let head = format!("POST /api/{what} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json", self.host());
        self.request(&head, question.as_bytes())
    }

    #[track_caller]
    fn ask(&self, what: &str, question: Value) -> Value {
        let (status, body) = self.post(what, &question.to_string());
        assert_eq!(status, 200, "{question}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    #[track_caller]
    fn refuses(&self, what: &str, question: &str, status: u16, words: &str) {
        let (actual, body) = self.post(what, question);
        assert!(actual == status && body.contains(words), "{question}: {actual} {body}");
        assert_eq!(self.request(&format!("GET / HTTP/1.1\r\nHost: {}", self.host()), b"").0, 200, "it still runs");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn title(entry: &Value) -> &str {
    entry["title"].as_str().expect("a title")
}

#[test]
fn every_model_is_walked_from_each_choice_to_the_next() {
    for model in ["zen-with-terms", "coordinator", "replication", "replication-liveness", "storage", "replica-engine"] {
        let running = Running::start(&[model]);
        let (_, page) = running.request(&format!("GET / HTTP/1.1\r\nHost: {}", running.host()), b"");
        let slot = page.split_once(r#"id="model">"#).and_then(|(_, rest)| rest.split_once("</script>")).expect("the slot").0;
        let config: Value = serde_json::from_str(slot).expect("JSON");
        assert_eq!(config["model"], model);
        let mut path = vec![config["first"].clone()];
        for _ in 0..6 {
            let choices = running.ask("choices", json!({"path": path}));
            let enabled = choices["enabled"].as_array().expect("a list");
            // The last that changes something: the first ones are often alike.
            let Some(chosen) = enabled.iter().rfind(|choice| choice["same"] == false) else { break };
            path.push(chosen["index"].clone());
            let walked = running.ask("walk", json!({"path": path}));
            assert_eq!(walked["path"], json!(path), "{model}");
            let states = walked["trace"]["states"].as_array().expect("states");
            assert_eq!(states.len(), path.len());
            assert_eq!(states.last().unwrap()["#meta"]["action"], chosen["title"], "{model}");
            // The same by the action instead of its position.
            let mut by_action: Vec<Value> = path.clone();
            *by_action.last_mut().unwrap() = json!({"action": chosen["action"]});
            assert_eq!(running.ask("walk", json!({"path": by_action}))["path"], json!(path), "{model}");
        }
        assert!(path.len() > 3, "{model} ends after {path:?}");
    }
}

#[test]
fn refused_actions_name_their_guard_and_go_ahead_without_it() {
    let running = Running::start(&["zen-with-terms"]);
    let choices = running.ask("choices", json!({"path": [0]}));
    let refused = choices["refused"].as_array().expect("a list");
    let client = refused.iter().find(|entry| title(entry).starts_with("HandleClientValue(n1")).expect("a client's request");
    assert_eq!(client["guard"], "PublishElectionNotWon");
    let path = json!([0, {"action": client["action"]}]);
    running.refuses("walk", &json!({"path": path}).to_string(), 409, "the guard PublishElectionNotWon refuses it");
    let choices = running.ask("choices", json!({"path": [0], "waive": ["PublishElectionNotWon"]}));
    let guards: Vec<&Value> = choices["refused"].as_array().unwrap().iter().map(|entry| &entry["guard"]).collect();
    assert!(!guards.contains(&&json!("PublishElectionNotWon")), "{guards:?}");
}

#[test]
fn a_counterexample_is_entered_and_left() {
    let running = Running::start(&["zen-with-terms"]);
    let found = running.ask("counterexample", json!({"mutant": "CM02"}));
    let states = found["trace"]["states"].as_array().unwrap().len();
    assert_eq!((found["trace"]["#meta"]["property"].as_str(), states), (Some("OneMasterPerTerm"), 9));
    // Its path leads there again, and says what is violated without being asked.
    let again = running.ask("walk", json!({"mutant": "CM02", "path": found["path"]}));
    assert_eq!(again["trace"]["states"], found["trace"]["states"]);
    assert_eq!(again["trace"]["#meta"]["verdict"], "violated");
    // One step before the end there are other ways on.
    let mut path = found["path"].as_array().unwrap().clone();
    path.pop();
    let choices = running.ask("choices", json!({"mutant": "CM02", "path": path}));
    let enabled = choices["enabled"].as_array().unwrap();
    assert!(enabled.iter().any(|choice| choice["violates"] == json!(["OneMasterPerTerm"])), "{enabled:?}");
    assert!(enabled.iter().any(|choice| choice["violates"] == json!([]) && choice["same"] == false));
    running.refuses("counterexample", r#"{"mutant": "CM02", "property": "LogMatching"}"#, 404, "LogMatching is not violated");
}

#[test]
fn strange_requests_are_answered_and_change_nothing() {
    let running = Running::start(&["zen-with-terms", "--nodes", "1"]);
    for (question, status, words) in [
        ("", 400, "JSON"),
        ("{", 400, "JSON"),
        ("[]", 400, "the path is empty"),
        ("7", 422, "expected"),
        (r#"{"path": "0"}"#, 422, "path"),
        (r#"{"path": [0], "extra": 1}"#, 422, "extra"),
        (r#"{"path": []}"#, 400, "the path is empty"),
        (r#"{"path": [-1]}"#, 422, "path"),
        (r#"{"path": [99999]}"#, 404, "no initial state 99999; there are"),
        (r#"{"path": [0, 12345]}"#, 409, "step 1: there is no choice 12345"),
        (r#"{"path": [0, {"action": {"action": "Frobnicate"}}]}"#, 409, "Frobnicate"),
        (r#"{"path": [0, {"action": {"action": "RestartNode", "node": "n7"}}]}"#, 409, "step 1"),
        (r#"{"path": [0], "loop": 5}"#, 409, "no step leads from the last state back to state 5"),
        (r#"{"path": [0], "mutant": "CM99"}"#, 404, "no mutant 'CM99'; its mutants: CM01"),
        (r#"{"path": [0], "waive": ["Gate"]}"#, 404, "no guard 'Gate'"),
    ] {
        running.refuses("walk", question, status, words);
    }
    let long = json!({"path": vec![0; 20_000]}).to_string();
    running.refuses("walk", &long, 400, "at most 10000");
    running.refuses("choices", &" ".repeat(3 << 20), 413, "");
    running.refuses("nothing", "{}", 404, "the page is at /");
    let host = running.host();
    let answers = [
        (format!("POST /api/walk HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain"), 415),
        (format!("GET /api/walk HTTP/1.1\r\nHost: {host}"), 405),
        (String::from("GET / HTTP/1.1\r\nHost: rebound.example"), 403),
        (format!("GET / HTTP/1.1\r\nHost: rebound.example:{}", host.split(':').nth(1).unwrap()), 403),
        (String::from("GET / HTTP/1.1\r\nX-Nothing: 1"), 403),
        (
            format!(
                "POST /api/walk HTTP/1.1\r\nHost: {host}\r\nOrigin: http://rebound.example\r\nContent-Type: application/json"
            ),
            403,
        ),
        (format!("GET / HTTP/1.1\r\nHost: {host}"), 200),
        (format!("GET / HTTP/1.1\r\nHost: localhost:{}", host.split(':').nth(1).unwrap()), 200),
    ];
    for (head, status) in answers {
        assert_eq!(running.request(&head, b"{}").0, status, "{head}");
    }
}

/// What the program prints on standard error when it refuses to start.
fn refused(args: &[&str]) -> String {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(["explore", "--no-open"])
        .args(args)
        .timeout(Duration::from_secs(60))
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn bad_usage_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().unwrap().port().to_string();
    let (text, cut) = (file("hello.json", b"hello"), file("cut.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1]));
    let newer = file("newer.json", br##"{"#meta": {"quorate": "7"}, "vars": [], "states": [{}]}"##);
    for (args, words) in [
        (vec!["zen"], "there is no model 'zen'; models: zen-with-terms"),
        (vec!["zen"], "there is no file of this name"),
        (vec!["zen-with-terms", "--nodes", "99"], "nodes must be"),
        (vec!["replication", "--max-term", "2"], "has no bound --max-term"),
        (vec!["zen-with-terms", "--mutant", "CM99"], "no mutant 'CM99'"),
        (vec!["zen-with-terms", "--waive", "Gate"], "no guard 'Gate'"),
        (vec!["--mutant", "CM02"], "need a model"),
        (vec!["zen-with-terms", "--port", &port], "Address already in use"),
        (vec!["zen-with-terms", "--port", "0"], "0"),
        (vec![&text], "not JSON: line 1, column 1"),
        (vec![&cut], "cut.gz: "),
        (vec![&newer], "written in version 7"),
        (vec![&newer, "--nodes", "2"], "is a file"),
        (vec![folder.path().to_str().unwrap()], "there is no recording"),
    ] {
        let said = refused(&args);
        assert!(said.contains(words), "{args:?}: expected '{words}' in '{said}'");
    }
}

/// A running explorer and a browser at its page.
struct Visit {
    running: Running,
    browser: Browser,
}

impl Visit {
    fn to(program: &Path, name: &str, args: &[&str], hash: &str) -> Self {
        let running = Running::start(args);
        let mut browser = Browser::start(program, name);
        browser.look(1400, 900, "light");
        browser.open(&format!("{}{hash}", running.url));
        let mut visit = Visit { running, browser };
        visit.settle();
        visit
    }

    /// Waits until the page has its answers.
    #[track_caller]
    fn settle(&mut self) {
        self.browser.wait("!document.getElementById('app').hidden && document.querySelector('#live-bar .count')?.textContent === '' && document.querySelector('.choices') !== null && document.querySelector('.choices[aria-busy]') === null");
    }

    #[track_caller]
    fn take(&mut self, words: &str) {
        let found = format!(
            "(() => {{ const found = [...document.querySelectorAll('.choice')].find((b) => b.textContent.includes({})); found?.click(); return found !== undefined; }})()",
            json!(words)
        );
        assert_eq!(self.browser.eval(&found), json!(true), "{words} is possible");
        self.settle();
    }

    fn steps(&mut self) -> Vec<String> {
        let rows = self.browser.eval("[...document.querySelectorAll('#steps .row .title')].map((title) => title.textContent)");
        serde_json::from_value(rows).expect("titles")
    }

    #[track_caller]
    fn no_complaints(&mut self) {
        self.browser.eval("1");
        assert_eq!(self.browser.complaints, Vec::<String>::new());
    }
}

#[test]
fn a_model_is_explored_in_the_browser() {
    let Some(program) = chromium() else { return };
    let mut visit = Visit::to(&program, "live", &["zen-with-terms"], "");
    visit.take("HandleStartJoin(n1, for n1, term 1)");
    visit.take("SetInitialState(n1");
    assert_eq!(visit.steps().len(), 3);
    visit.browser.screenshot("live");

    // Back by key, and another way by number.
    visit.browser.key("Backspace");
    visit.settle();
    assert_eq!(visit.steps().len(), 2);
    visit.browser.key("1");
    visit.settle();
    assert_eq!(visit.steps().len(), 3);

    // From the middle another branch begins, and the first is kept.
    visit.browser.key("ArrowLeft");
    visit.settle();
    visit.take("HandleStartJoin(n2, for n2, term 2)");
    let branches = "[...document.querySelectorAll('#top select option')].filter((o) => o.textContent.includes('Branch')).length";
    assert_eq!(visit.browser.eval(branches), json!(2));

    // What is refused names its guard; without the guard the same steps go on.
    let guard = "document.querySelector('.refused button[data-guard=PublishElectionNotWon]')";
    assert_eq!(visit.browser.eval(&format!("{guard} !== null")), json!(true));
    visit.browser.eval("document.querySelector('.refused').open = true");
    visit.browser.screenshot("live-refused");
    let steps = visit.steps();
    visit.browser.eval(&format!("{guard}.click()"));
    visit.browser.wait("document.querySelector('.waived') !== null");
    visit.settle();
    assert_eq!(visit.steps(), steps);
    assert_eq!(visit.browser.eval(&format!("{guard} === null")), json!(true));
    visit.browser.wait("location.hash.includes('w=PublishElectionNotWon') && location.hash.includes('p=')");
    let before = visit.browser.eval("location.hash");
    visit.take("HandleStartJoin(n1, for n2, term 2)");

    // The place is a link; another visit by it comes to the same place.
    visit.browser.wait(&format!("location.hash !== {before}"));
    let (steps, hash) = (visit.steps(), visit.browser.eval("location.hash"));
    visit.browser.open(&format!("{}{}", visit.running.url, hash.as_str().unwrap()));
    visit.settle();
    assert_eq!(visit.steps(), steps);
    visit.no_complaints();
}

#[test]
fn the_counterexample_of_a_mutant_is_entered_and_left_in_the_browser() {
    let Some(program) = chromium() else { return };
    let mut visit = Visit::to(&program, "mutant", &["zen-with-terms"], "");
    visit.browser.eval(
        "{ const rules = document.getElementById('rules'); rules.value = 'CM02'; rules.dispatchEvent(new Event('change')); }",
    );
    visit.browser.wait("document.getElementById('jump') !== null");
    visit.settle();
    visit.browser.key("x");
    visit.browser.wait("document.querySelector('#top .violated') !== null");
    visit.settle();
    assert_eq!(visit.steps().len(), 9);
    assert!(visit.browser.text("#strip tr.broken").contains("OneMasterPerTerm"));
    visit.browser.screenshot("live-mutant");
    // Leave it before the end: the other leader's term begins instead.
    visit.browser.key("ArrowLeft");
    visit.settle();
    assert!(visit.browser.text(".choices").contains("✗ OneMasterPerTerm"), "the choice that violates is marked");
    visit.take("RestartNode(n1)");
    assert_eq!(visit.steps().last().unwrap(), "RestartNode(n1)");
    visit.browser.screenshot("live-left");
    visit.no_complaints();

    // A link to nowhere is explained, and so is a server that has gone.
    visit.browser.open(&format!("{}#m=CM02&p=0.77.3", visit.running.url));
    visit.settle();
    assert!(visit.browser.text("#alert").contains("leads nowhere"), "{}", visit.browser.text("#alert"));
    visit.browser.complaints.clear();
    _ = visit.running.process.kill();
    _ = visit.running.process.wait();
    visit.browser.key("1");
    visit.browser.wait("document.getElementById('alert').textContent.includes('no longer runs')");
}

#[test]
fn a_saved_trace_is_opened_with_its_model_behind_it() {
    let Some(program) = chromium() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join("found.itf.json");
    let running = Running::start(&["zen-with-terms"]);
    let found = running.ask("counterexample", json!({"mutant": "CM12"}));
    std::fs::write(&path, found["trace"].to_string()).expect("a file");
    let mut visit = Visit::to(&program, "saved", &[path.to_str().unwrap()], "#s=2");
    assert_eq!(visit.steps().len(), found["path"].as_array().unwrap().len());
    assert!(visit.browser.text("#top").contains("CM12"));
    visit.take("RestartNode(n2)");
    assert_eq!(visit.steps().len(), 4);
    visit.no_complaints();
}

#[test]
fn a_page_without_a_model_asks_for_a_file_or_fetches_one() {
    let Some(program) = chromium() else { return };
    let running = Running::start(&[]);
    running.refuses("walk", r#"{"path": [0]}"#, 404, "no model behind this page");
    let mut browser = Browser::start(&program, "empty");
    browser.open(&running.url);
    browser.wait("!document.getElementById('drop').hidden");
    browser.open(&format!("{}?src=/missing.itf.json", running.url));
    browser.wait("!document.getElementById('alert').hidden");
    assert!(browser.text("#alert").contains("404 /missing.itf.json"), "{}", browser.text("#alert"));
}
