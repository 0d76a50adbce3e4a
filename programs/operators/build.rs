//! Finds the operators: each file in `src/exact` except `mod.rs` is one, named after its opcode in
//! snake case. Writes the macros with which `src/exact/mod.rs` declares and dispatches them.

use std::{env, error::Error, fs, path::Path};

const FOLDER: &str = "src/exact";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let mut names = Vec::new();
    for entry in fs::read_dir(FOLDER)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if let (Some("rs"), Some(name)) = (path.extension().and_then(|end| end.to_str()), name) {
            names.push(name.to_owned());
        }
    }
    names.retain(|name| name != "mod");
    // folders are listed in no particular order, and the programs' bytes must not depend on it
    names.sort();
    let output = Path::new(&env::var("OUT_DIR")?).join("exact.rs");
    fs::write(output, macros(&names))?;
    Ok(())
}

/// Returns the text of `modules!` and `dispatch!`.
fn macros(names: &[String]) -> String {
    let modules: String = names.iter().map(|name| format!("mod {name}; ")).collect();
    let arms: String = names
        .iter()
        .map(|name| {
            let opcode = pascal(name);
            format!("Opcode::{opcode} => {{ type $operator = {name}::{opcode}; $body }}\n")
        })
        .collect();
    format!(
        "macro_rules! modules {{ () => {{ {modules} }} }}\n\
         macro_rules! dispatch {{\n\
         ($opcode:expr, $operator:ident => $body:expr) => {{\nmatch $opcode {{\n{arms}}}\n}}\n}}\n"
    )
}

fn pascal(snake: &str) -> String {
    let mut name = String::new();
    for word in snake.split('_') {
        let (first, rest) = word.split_at(word.len().min(1));
        name.push_str(&first.to_uppercase());
        name.push_str(rest);
    }
    name
}
