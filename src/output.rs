//! Writing for people: colours only where they are wanted, lines that fit.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use crate::Failure;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Columns that every table keeps within.
pub const WIDTH: usize = 100;

/// Standard output with or without colours.
#[derive(Clone, Copy)]
pub struct Paint {
    on: bool,
}

impl Paint {
    pub fn new(color: Color) -> Self {
        let auto = || std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Paint { on: color == Color::Always || color == Color::Auto && auto() }
    }

    /// Whether there are colours.
    pub fn is_on(self) -> bool {
        self.on
    }

    fn styled(self, style: Style, text: &str) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub fn good(self, text: &str) -> String {
        self.styled(AnsiColor::Green.on_default(), text)
    }

    pub fn bad(self, text: &str) -> String {
        self.styled(AnsiColor::Red.on_default().bold(), text)
    }

    pub fn unsure(self, text: &str) -> String {
        self.styled(AnsiColor::Yellow.on_default(), text)
    }

    pub fn heading(self, text: &str) -> String {
        self.styled(Style::new().bold(), text)
    }
}

/// Prints a line; a reader that has gone away is no error.
pub fn line(text: &str) {
    _ = writeln!(std::io::stdout(), "{text}");
}

/// Whether this name stands for standard output.
pub fn is_stdout(file: &Path) -> bool {
    file == Path::new("-")
}

/// Writes `text` and a line's end to a file; `-` is standard output.
pub fn write_to(file: &Path, text: &str) -> Result<(), Failure> {
    if is_stdout(file) {
        line(text);
        return Ok(());
    }
    Ok(std::fs::write(file, format!("{text}\n")).map_err(|error| format!("cannot write {}: {error}", file.display()))?)
}

/// `text` in lines of at most [`WIDTH`] columns, each after `indent` spaces.
pub fn wrap(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if !last.is_empty() && indent + last.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    let margin = " ".repeat(indent);
    lines.iter().map(|line| format!("{margin}{line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_lines_fit_and_lose_no_word() {
        let text = "word ".repeat(200);
        let wrapped = wrap(&text, 4);
        assert!(wrapped.lines().all(|line| line.len() <= WIDTH && line.starts_with("    word")));
        assert_eq!(wrapped.split_whitespace().count(), 200);
    }
}
