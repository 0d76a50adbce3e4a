//! Prints the IDL of the Anchor program in the given folder, which is a member of the workspace in
//! the current folder.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use anchor_lang_idl::{
    build::IdlBuilder,
    types::{IdlConst, IdlInstructionAccountItem},
};

const ADDRESSES: &str = "../idl/addresses.json";

/// Library crates whose constants a program's IDL also contains. Anchor reads only the program's
/// own crate. `job_registry` is the program that accepts operator descriptors.
const LIBRARIES: &[(&str, &[&str])] = &[("job_registry", &["operators", "protocol"])];

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: idl CRATE_FOLDER");
        return ExitCode::from(2);
    };
    match idl(folder.into()) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn idl(folder: PathBuf) -> Result<String, Box<dyn Error>> {
    let mut idl = IdlBuilder::new()
        .program_path(folder)
        .cargo_args(vec!["--lib".into(), "--locked".into()])
        .build()?;
    for instruction in &mut idl.instructions {
        instruction.accounts = flat(std::mem::take(&mut instruction.accounts));
    }
    for (_, libraries) in LIBRARIES.iter().filter(|(program, _)| *program == idl.metadata.name) {
        for library in *libraries {
            idl.constants.extend(constants(Path::new(library))?);
        }
    }
    idl.constants.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = idl.constants.array_windows().find(|[a, b]| a.name == b.name) {
        return Err(format!("{} is declared twice", pair[0].name).into());
    }
    // Anchor prints the tokens of declare_id!, which are only the path of a constant here.
    let addresses: serde_json::Value = serde_json::from_slice(&fs::read(ADDRESSES)?)?;
    idl.address = addresses["programs"][&idl.metadata.name]["address"]
        .as_str()
        .ok_or_else(|| format!("{ADDRESSES} has no {}", idl.metadata.name))?
        .to_owned();
    Ok(serde_json::to_string_pretty(&idl)?)
}

/// Returns the accounts as a transaction lists them. How a program groups accounts that several
/// instructions take is its own affair; clients name each by itself.
fn flat(accounts: Vec<IdlInstructionAccountItem>) -> Vec<IdlInstructionAccountItem> {
    let each = accounts.into_iter().flat_map(|account| match account {
        IdlInstructionAccountItem::Composite(group) => flat(group.accounts),
        single => vec![single],
    });
    each.collect()
}

/// Returns the IDL constants that the library crate in this folder declares. Anchor's attribute
/// turns each one into a test that prints the constant between two marks.
fn constants(library: &Path) -> Result<Vec<IdlConst>, Box<dyn Error>> {
    let output = Command::new("cargo")
        .args(["test", "__anchor_private_print_idl_const", "--features", "idl-build"])
        .args(["--lib", "--locked", "--", "--show-output", "--quiet"])
        .env("RUSTFLAGS", "-A warnings")
        .current_dir(library)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{} does not print its constants", library.display()).into());
    }
    let printed = String::from_utf8(output.stdout)?;
    let marked = printed.split("--- IDL begin const ---").skip(1);
    let texts = marked.map(|text| text.split("--- IDL end const ---").next().unwrap_or_default());
    Ok(texts.map(serde_json::from_str).collect::<Result<_, _>>()?)
}
