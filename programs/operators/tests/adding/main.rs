//! Adds an operator to a copy of the workspace as README.md describes, with one file and one
//! opcode, and runs `judged.rs` there: the new operator is decoded, validated and judged.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Members that the copy leaves out: build products, and this test.
const LEFT_OUT: [&str; 3] = ["target", "built", "adding"];

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            if LEFT_OUT.iter().all(|name| entry.file_name() != *name) {
                copy(&source, &target)?;
            }
        } else {
            fs::copy(source, target)?;
        }
    }
    Ok(())
}

/// Returns the enum's source with one more opcode, whose code follows the last one.
fn with_opcode(source: &str, name: &str) -> String {
    let code = |line: &str| line.trim().strip_suffix(',')?.split_once(" = ")?.1.parse().ok();
    let lines: Vec<_> = source.lines().collect();
    let last = lines.iter().rposition(|line| code(line).is_some()).unwrap();
    let next: u8 = code(lines[last]).and_then(|code: u8| code.checked_add(1)).unwrap();
    let (before, after) = lines.split_at(last.checked_add(1).unwrap());
    format!("{}\n{name} = {next},\n{}\n", before.join("\n"), after.join("\n"))
}

#[test]
fn a_file_and_an_opcode_add_an_operator() -> io::Result<()> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = package.join("tests/adding");
    let workspace = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("adding");
    if workspace.exists() {
        fs::remove_dir_all(&workspace)?;
    }
    copy(package.parent().unwrap(), &workspace)?;
    // The copy has another version, so that its builds share dependencies with those of the
    // workspace and replace nothing of the workspace's own.
    let manifest = workspace.join("Cargo.toml");
    let version = concat!("version = \"", env!("CARGO_PKG_VERSION"));
    let renamed = fs::read_to_string(&manifest)?.replace(version, &format!("{version}+adding"));
    fs::write(&manifest, renamed)?;

    let operators = workspace.join("operators/src");
    fs::copy(here.join("negate.rs"), operators.join("exact/negate.rs"))?;
    let opcodes = operators.join("descriptor/opcode.rs");
    fs::write(&opcodes, with_opcode(&fs::read_to_string(&opcodes)?, "Negate"))?;
    fs::create_dir_all(workspace.join("referee/tests"))?;
    fs::copy(here.join("judged.rs"), workspace.join("referee/tests/judged.rs"))?;

    // this builds the whole workspace, so that dependencies have the features with which they are
    // already built
    let run = Command::new(env!("CARGO"))
        .args(["test", "--workspace", "--test", "judged", "--offline", "--target-dir"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap())
        .current_dir(&workspace)
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(run.status.success(), "{}{}", text(&run.stdout), text(&run.stderr));
    assert!(text(&run.stdout).contains("test result: ok. 3 passed"), "{}", text(&run.stdout));
    Ok(())
}
