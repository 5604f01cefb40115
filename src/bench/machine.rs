//! On what machine something was measured.

use serde_json::{Value, json};

use crate::units::show_size;

/// Cores, processor, memory, system: what the system tells.
pub fn facts() -> Value {
    json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "processor": line_of("/proc/cpuinfo", "model name"),
        "memory_bytes": memory_bytes(),
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "load": std::fs::read_to_string("/proc/loadavg").ok().and_then(|text| text.split(' ').next().map(str::to_owned)),
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// The same as a line. The load tells whether something else was running.
pub fn describe() -> String {
    let facts = facts();
    let text = |name: &str| facts[name].as_str().map_or_else(|| String::from("unknown"), str::to_owned);
    format!(
        "{} cores, {}, {}, {}, load {}",
        facts["cores"],
        text("processor"),
        memory_bytes().map_or_else(|| String::from("memory unknown"), show_size),
        text("system"),
        text("load")
    )
}

fn memory_bytes() -> Option<u64> {
    let kibibytes: u64 = line_of("/proc/meminfo", "MemTotal")?.split(' ').next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn line_of(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
