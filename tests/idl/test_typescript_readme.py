"""The README's TypeScript in an empty npm project: strict tsc, then a job on localnet."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from kernels.graph.file import dump
from kernels.trace import pack
from neurolov_client import job_registry, workload
from tests.examples.network import ROOT, Network, example, finished, succeeded
from tests.idl.jobs import GRAPH, INPUT

IDL = ROOT / "idl"
QUIET = "npm install --prefer-offline --no-audit --no-fund --loglevel error"
FAST_SLOT_MS = 20
STRICT = {
    "target": "es2022",
    "module": "nodenext",
    "moduleResolution": "nodenext",
    "types": ["node"],
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "noUnusedLocals": True,
    "noUnusedParameters": True,
    "skipLibCheck": True,
}


@pytest.fixture(scope="module")
def readme() -> str:
    return (IDL / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, readme: str) -> Path:
    """An npm project made by the README's commands, and its program compiled."""
    folder = tmp_path_factory.mktemp("project")
    document = {"name": "buyer", "private": True, "type": "module"}
    (folder / "package.json").write_text(json.dumps(document))
    (commands,) = re.findall(r"```sh\n(echo install-links.*?)```", readme, re.DOTALL)
    typed = commands.replace("/path/to/neurolov", str(ROOT)).replace("npm install", QUIET)
    succeeded(finished("bash", "-ec", f"cd '{folder}'\n{typed}"))
    (program,) = re.findall(r"```ts\n(.*?)```", readme, re.DOTALL)
    (folder / "buy.ts").write_text(program)
    (folder / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": STRICT, "include": ["buy.ts"]})
    )
    succeeded(finished(folder / "node_modules/.bin/tsc", "--project", folder))
    return folder


def bought(project: Path, network: Network, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The ended program of the README."""
    named = {
        "ANCHOR_PROVIDER_URL": network.url,
        "ANCHOR_WALLET": str(network.keypair("buyer")),
    }
    return subprocess.run(
        ["node", "buy.js", *map(str, arguments)],
        cwd=project,
        env=os.environ | named,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_buys_a_job_and_follows_it_to_its_end(project: Path, tmp_path: Path) -> None:
    succeeded(example("build_graph", tmp_path))
    order = tmp_path / "layer.graph", tmp_path / "input.bin"
    with Network(tmp_path, slot_ms=FAST_SLOT_MS) as network:
        network.open_crank()
        ended = bought(project, network, *order, "http://127.0.0.1:7000/")
        assert (ended.returncode, ended.stderr) == (0, "")
        event, *states = ended.stdout.splitlines()
        name, job, price = event.split()
        assert (name, price) == ("jobPosted", "1000000000")
        assert Pubkey.from_string(job)
        # The crank ends what nobody claims, and closes its account soon after.
        assert states in (["POSTED"], ["POSTED", job_registry.JobState.EXPIRED.name])
        refused = bought(project, network, order[1], order[1], "http://127.0.0.1:7000/")
        assert refused.returncode == 1
        assert "TypeError: this is not a graph file" in refused.stderr


def test_anchors_own_conversion_agrees_with_the_types(project: Path) -> None:
    """The IDLs that the package ships are what Anchor's client makes of the committed ones."""
    script = """
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const { convertIdlToCamelCase } = createRequire(import.meta.url)(
  "./node_modules/@coral-xyz/anchor/dist/cjs/idl.js");
const bare = (value) => Array.isArray(value) ? value.map(bare)
  : value === null || typeof value !== "object" ? value
  : Object.fromEntries(Object.entries(value).filter(([key]) => key !== "docs")
      .map(([key, each]) => [key, bare(each)]));
const shipped = await import("neurolov-client");
const found = {};
for (const [name, { IDL }] of Object.entries(shipped).filter(([, each]) => each.IDL)) {
  const committed = JSON.parse(readFileSync(`${process.argv[2]}/${IDL.metadata.name
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}.json`, "utf-8"));
  found[name] = JSON.stringify(bare(convertIdlToCamelCase(committed))) === JSON.stringify(IDL);
}
console.log(JSON.stringify(found));
"""
    (project / "conversion.mjs").write_text(script)
    told = succeeded(finished("node", project / "conversion.mjs", IDL))
    assert json.loads(told) == dict.fromkeys(
        ("escrow", "jobRegistry", "redundancy", "staking", "verdict"), True
    )


def test_a_workload_names_its_outputs_as_in_python(project: Path, tmp_path: Path) -> None:
    graph, tensor, last = dump(GRAPH), pack(INPUT).tobytes(), len(GRAPH.descriptors) - 1
    (tmp_path / "graph").write_bytes(graph)
    (tmp_path / "input").write_bytes(tensor)
    named = [{"scores": last, "Klasse ä 😀": 0}, {}]
    refused = [{"y": 0, "z": 0}, {"y": last + 1}, {"y": 0.5}, {"": 0}, {"a\u00a0b": 0}, {"a\nb": 0}]
    script = """
import { readFileSync } from "node:fs";
import { workload } from "neurolov-client";
const [graph, input, named, refused] = process.argv.slice(2);
const made = (outputs) => workload(
  readFileSync(graph), [readFileSync(input)], new Map(Object.entries(outputs)));
const told = (outputs) => {
  try { return made(outputs) && null; } catch (error) { return error.name; }
};
console.log(JSON.stringify([
  JSON.parse(named).map((each) => Buffer.from(made(each).manifest).toString("hex")),
  JSON.parse(refused).map(told)]));
"""
    (project / "outputs.mjs").write_text(script)
    paths = tmp_path / "graph", tmp_path / "input"
    arguments = *paths, json.dumps(named), json.dumps(refused)
    told = succeeded(finished("node", project / "outputs.mjs", *arguments))
    assert json.loads(told) == [
        [workload(graph, [tensor], outputs).manifest.hex() for outputs in named],
        ["RangeError"] * len(refused),
    ]
