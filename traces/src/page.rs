//! The explorer: one self-contained page, with a trace in it or without.
//!
//! The page is built from `traces/explorer/src` and kept in the repository; a
//! test compares the two. It loads nothing, sends nothing, and shows what a
//! trace contains as text only; its content security policy names the one
//! script by its hash, so that the browser runs no other.

const PAGE: &str = include_str!("../explorer/dist/explorer.html");
const SLOT: &str = r#"<script type="application/json" id="trace">"#;

/// The page without a trace: it asks for one.
pub fn empty() -> &'static str {
    PAGE
}

/// The page with this trace file in it: ITF text, also of several traces.
pub fn embed(trace_json: &str) -> String {
    let (before, after) = PAGE.split_once(SLOT).unwrap_or((PAGE, ""));
    let mut page = String::with_capacity(PAGE.len() + trace_json.len() + trace_json.len() / 16);
    page.push_str(before);
    page.push_str(SLOT);
    // In JSON `<` occurs inside texts only, where an escape means the same; so
    // nothing in the trace can end the element.
    for (position, part) in trace_json.split('<').enumerate() {
        page.push_str(if position == 0 { "" } else { "\\u003c" });
        page.push_str(part);
    }
    page.push_str(after);
    page
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
        assert_eq!(embed(""), PAGE);
    }
}
