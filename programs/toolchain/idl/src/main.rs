//! Prints the IDL of the Anchor program in the folder given, which is a member of the workspace
//! in the current folder.

use std::{env, error::Error, ffi::OsString, fs, path::PathBuf, process::ExitCode};

use anchor_lang_idl::build::IdlBuilder;

const ADDRESSES: &str = "../idl/addresses.json";

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: idl CRATE_FOLDER");
        return ExitCode::from(2);
    };
    match idl(folder) {
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

fn idl(folder: OsString) -> Result<String, Box<dyn Error>> {
    let mut idl = IdlBuilder::new()
        .program_path(PathBuf::from(folder))
        .cargo_args(vec!["--lib".into(), "--locked".into()])
        .build()?;
    // Anchor prints the tokens of declare_id!, which are the path of a constant here.
    let addresses: serde_json::Value = serde_json::from_slice(&fs::read(ADDRESSES)?)?;
    idl.address = addresses["programs"][&idl.metadata.name]["address"]
        .as_str()
        .ok_or_else(|| format!("{ADDRESSES} has no {}", idl.metadata.name))?
        .to_owned();
    Ok(serde_json::to_string_pretty(&idl)?)
}
