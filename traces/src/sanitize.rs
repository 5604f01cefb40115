//! Text of unknown origin on its way to a terminal, a picture or a page.

use std::borrow::Cow;

/// `text` without anything that a terminal would obey or that would reorder
/// what a reader sees: control characters (escape sequences begin with one),
/// and the invisible and directional ones of Unicode, are written out as
/// `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hostile(character) {
            clean.extend(character.escape_unicode());
        } else {
            clean.push(character);
        }
    }
    Cow::Owned(clean)
}

fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `text` for the content or an attribute of XML; what XML cannot hold is written out.
pub fn xml(text: &str) -> String {
    let mut clean = String::with_capacity(text.len() + 16);
    for character in printable(text).chars() {
        match character {
            '<' => clean.push_str("&lt;"),
            '>' => clean.push_str("&gt;"),
            '&' => clean.push_str("&amp;"),
            '"' => clean.push_str("&quot;"),
            '\'' => clean.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => clean.push('\u{fffd}'),
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_survives() {
        assert_eq!(printable("plain n1 한국어 ↦"), "plain n1 한국어 ↦");
        assert_eq!(printable("a\u{1b}[2Jb\r\n\u{9b}c\u{7}"), "a\\u{1b}[2Jb\\u{d}\\u{a}\\u{9b}c\\u{7}");
        assert_eq!(printable("\u{202e}gnp\u{2069}\u{feff}"), "\\u{202e}gnp\\u{2069}\\u{feff}");
        assert_eq!(xml("<a href='x'>&\u{0}\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;\\u{0}&quot;&lt;/a&gt;");
    }
}
