//! The explorer: one self-contained page, with a trace in it or without.
//!
//! The page is built from `traces/explorer/src` and kept in the repository; a
//! test compares the two. It loads nothing, sends nothing, and shows what a
//! trace contains as text only; its content security policy names the one
//! script by its hash, so that the browser runs no other.

const PAGE: &str = include_str!("../explorer/dist/explorer.html");
const SLOT: &str = r#"<script type="application/json" id="trace">"#;
const LIVE_SLOT: &str = r#"<script type="application/json" id="model">"#;

/// The page without a trace: it asks for one.
pub fn empty() -> &'static str {
    PAGE
}

/// The page with this trace file in it: ITF text, also of several traces.
pub fn embed(trace_json: &str) -> String {
    fill(PAGE, SLOT, trace_json)
}

/// The page as a server with a model behind it hands it out: what it says of
/// the model, and the trace to begin with, which may be empty.
pub fn live(model_json: &str, trace_json: &str) -> String {
    fill(&embed(trace_json), LIVE_SLOT, model_json)
}

fn fill(page: &str, slot: &str, json: &str) -> String {
    let (before, after) = page.split_once(slot).unwrap_or((page, ""));
    let mut filled = String::with_capacity(page.len() + json.len() + json.len() / 16);
    filled.push_str(before);
    filled.push_str(slot);
    // In JSON `<` occurs inside texts only, where an escape means the same; so
    // nothing in it can end the element.
    for (position, part) in json.split('<').enumerate() {
        filled.push_str(if position == 0 { "" } else { "\\u003c" });
        filled.push_str(part);
    }
    filled.push_str(after);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_cannot_leave_its_element() {
        let page = embed(r#"{"x": "</script><script>alert(1)</script><!--"}"#);
        assert_eq!(page.matches("</script").count(), PAGE.matches("</script").count());
        assert_eq!(page.matches("<!--").count(), PAGE.matches("<!--").count());
        assert!(page.contains(r#"{"x": "\u003c/script>\u003cscript>alert(1)\u003c/script>\u003c!--"}"#));
        assert_eq!((embed(""), live("", "")), (PAGE.to_owned(), PAGE.to_owned()));
        let page = live(r#"{"model": "</script>"}"#, r#"{"x": 1}"#);
        assert!(page.contains(r#"id="model">{"model": "\u003c/script>"}"#) && page.contains(r#"id="trace">{"x": 1}"#));
    }
}
