//! Prints the IDL of the Anchor program in the folder given.

use std::{env, path::PathBuf, process::ExitCode};

use anchor_lang_idl::build::IdlBuilder;

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: idl CRATE_FOLDER");
        return ExitCode::from(2);
    };
    let idl = IdlBuilder::new()
        .program_path(PathBuf::from(folder))
        .cargo_args(vec!["--lib".into(), "--locked".into()])
        .build()
        .and_then(|idl| Ok(serde_json::to_string_pretty(&idl)?));
    match idl {
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
