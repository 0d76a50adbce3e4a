"""Jobs and tasks of a model with two inputs and three outputs, one of integers."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.configuration import create_keypair, load_keypair
from keeper.lab.localnet import Localnet
from keeper.node.supervision import background
from keeper.tolerant.roles.runs import output_root
from kernels.custom import KernelPackage, run_package
from kernels.trace.layout import Array
from tests.keeper.cli.cluster import Served
from tests.keeper.cli.job_market import JobBuyer, JobMarket, unfolded
from tests.keeper.cli.networks import Files, classifier
from tests.keeper.tolerant.roles.rig import PROVIDERS, TaskRig, needs_adapter, opened

NAMES = ["scores", "class", "hidden/relu"]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobMarket]:
    with JobMarket(tmp_path_factory.mktemp("market")) as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.written(tmp_path)


def reference(files: Files) -> dict[str, Array]:
    session = onnxruntime.InferenceSession(classifier().SerializeToString())
    return dict(zip(NAMES, session.run(NAMES, files.feeds), strict=True))


def loaded(path: Path) -> dict[str, Array]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return unfolded(err)


def quantised(files: Files, capsys: pytest.CaptureFixture[str]) -> Path:
    graph = files.root / "model.graph"
    samples = str(files.root / "samples.npz")
    arguments = ["model", "quantise", str(files.root / "model.onnx"), "--calibration", samples]
    assert run([*arguments, "-o", str(graph), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [port["name"] for port in document["outputs"]] == NAMES
    assert document["unused_inputs"] == ["mask"]
    return graph


def test_a_job_gives_each_output_by_its_name(
    market: JobMarket, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    graph, buyer = quantised(files, capsys), JobBuyer(market, files.root)
    offer = ["--price", "20", "--yes", "--port", "0", "--verifiers", "1", *buyer.chain]
    submit = ["job", "submit", "--graph", str(graph), *offer]
    before = market.transactions(buyer.owner)
    wrong = [*submit, *files.inputs, "--output", str(files.root / "y.npy")]
    told = refused(wrong, capsys)
    assert "the result has 3 outputs; name an .npz file, or a folder that exists" in told
    extra = [*submit, *files.inputs, "--input", f"c={files.root / 'a.npy'}"]
    assert "the model has no input c; it has a, b" in refused(extra, capsys)
    assert "no value for the inputs b" in refused(
        [*submit, "--input", f"a={files.root / 'a.npy'}"], capsys
    )
    own = [*submit, "--input", str(files.root / "a.npy"), "--input", str(files.root / "b.npy")]
    told = refused(own, capsys)
    assert "is not input 0: its elements are float32, not int" in told
    assert "for the model's own tensors: --input a=FILE --input b=FILE" in told
    mixed = [*submit, *files.inputs, "--input", str(files.root / "a.npy")]
    assert "name each --input or none" in refused(mixed, capsys)
    assert market.transactions(buyer.owner) == before

    archive = files.root / "y.npz"
    given = [*submit, *files.inputs, "--input", f"mask={files.root / 'mask.npy'}"]
    assert run([*given, "--output", str(archive), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    found, expected = loaded(archive), reference(files)
    assert list(found) == NAMES
    assert {name: found[name].dtype for name in NAMES} == {
        name: expected[name].dtype for name in NAMES
    }
    np.testing.assert_allclose(found["scores"], expected["scores"], atol=0.5)
    np.testing.assert_allclose(found["hidden/relu"], expected["hidden/relu"], atol=0.1)
    np.testing.assert_array_equal(found["class"], found["scores"].argmax(1))

    # The same submission again: its files are those that it would write.
    assert run([*given, "--output", str(archive)]) == 0
    assert "is settled already" in unfolded(capsys.readouterr().err)
    folder = files.root / "outputs"
    folder.mkdir()
    result = ["job", "result", record["job"], "--output", str(folder), *buyer.chain]
    assert run([*result, "--graph", str(graph)]) == 0
    assert sorted(each.name for each in folder.iterdir()) == [
        "class.npy",
        "hidden%2Frelu.npy",
        "scores.npy",
    ]
    np.testing.assert_array_equal(np.load(folder / "class.npy"), found["class"])
    raw = files.root / "raw.npz"
    assert run([*result[:4], str(raw), *buyer.chain]) == 0
    kept = loaded(raw)
    assert all(kept[name].dtype in (np.int8, np.int32) for name in NAMES)
    assert all(kept[name].size == found[name].size for name in NAMES)


def test_a_description_of_another_graph_is_refused(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = quantised(files, capsys)
    beside = graph.with_name("model.graph.json")
    document = json.loads(beside.read_bytes())
    document["outputs"][0]["operator"] = 200
    beside.write_text(json.dumps(document))
    create_keypair(files.root / "id.json")
    key = ["--keypair", str(files.root / "id.json"), "--yes"]
    submit = ["job", "submit", "--graph", str(graph), *files.inputs, *key]
    assert "describes another graph" in refused(submit, capsys)
    beside.write_text("{}")
    assert "does not describe a model's tensors" in refused(submit, capsys)


@cache
def executed(package: KernelPackage, inputs: tuple[bytes, ...]) -> bytes:
    """What the kernel gives on this machine's adapter, run in its child once a test run."""
    return run_package(package, inputs)


def shifted(package: KernelPackage, inputs: Sequence[bytes], *, output: str, step: int) -> bytes:
    """What the kernel gives, with the first word of an output so many steps further."""
    data = bytearray(executed(package, tuple(inputs)))
    start = 0
    for each in package.outputs:
        if each.name == output:
            word = int.from_bytes(data[start : start + 4], "little", signed=True)
            data[start : start + 4] = (word + step).to_bytes(4, "little", signed=True)
        start += each.bytes
    return bytes(data)


class TaskMarket(Served):
    """Two honest providers, the second a little off in a float, and one off in an integer."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.rig: TaskRig

    @property
    def net(self) -> Localnet:
        return self.rig.net

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with opened(self._folder, ticking=True) as rig:
            self.rig = rig
            runs = (
                partial(shifted, output="scores", step=0),
                partial(shifted, output="scores", step=3),
                partial(shifted, output="class", step=1),
            )
            roles = [rig.provider(number, run) for number, run in enumerate(runs)]
            loops = [rig.mirror.run(), rig.crank().run(), *(role.run() for role in roles)]
            async with background(*loops):
                yield


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TaskMarket]:
    with TaskMarket(tmp_path_factory.mktemp("tasks")) as running:
        yield running


@needs_adapter
def test_a_task_compares_each_output_by_its_own_tolerance(
    tasks: TaskMarket, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    package, key = files.root / "model.pkg", files.root / "id.json"
    imported = ["model", "import", str(files.root / "model.onnx"), "--class", "tolerant"]
    assert run([*imported, "-o", str(package), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["outputs"], document["unused_inputs"]) == (NAMES, ["mask"])
    create_keypair(key)
    tasks.fund(load_keypair(key).pubkey(), 100 * NLOV)
    reached = ["--url", tasks.rig.net.url, "--allow-private"]
    chain = [*reached, "--folder", str(files.root / "node"), "--keypair", str(key)]
    submit = ["task", "submit", "--package", str(package), "--price", "5", "--yes", "--port", "0"]
    told = refused([*submit, *files.inputs, "--output", str(files.root / "y"), *chain], capsys)
    assert "the result has 3 outputs" in told

    archive = files.root / "y.npz"
    status = run([*submit, *files.inputs, "--output", str(archive), "--json", *chain])
    out, err = capsys.readouterr()
    assert status == 0, err
    record = json.loads(out)
    names = {str(tasks.rig.owner(name)): name for name in PROVIDERS}
    by_name = {names[each["provider"]]: each for each in record["runs"]}
    # A float may differ within its tolerance; an integer may not differ at all.
    assert [by_name[name]["paid"] for name in PROVIDERS[:3]] == [True, True, False]
    assert [len(by_name[name]["agrees"]) for name in PROVIDERS[:3]] == [1, 1, 0]
    found, expected = loaded(archive), reference(files)
    assert list(found) == NAMES
    for name in NAMES:
        assert found[name].dtype == expected[name].dtype
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-5)

    raw = files.root / "raw.npz"
    assert run(["task", "result", record["task"], "--output", str(raw), *chain]) == 0
    kept = loaded(raw)
    assert [kept[name].dtype.name for name in NAMES] == ["float32", "int32", "float32"]
    data = b"".join(kept[name].tobytes() for name in NAMES)
    assert output_root(data).hex() in [by_name[name]["root"] for name in PROVIDERS[:2]]


@needs_adapter
def test_an_imported_model_runs_by_its_names(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    graph, expected = quantised(files, capsys), reference(files)
    package, output = files.root / "model.pkg", files.root / "y.npz"
    imported = ["model", "import", str(files.root / "model.onnx"), "--class", "tolerant"]
    assert run([*imported, "-o", str(package)]) == 0
    assert "input 'mask' has no effect and is left out" in capsys.readouterr().out
    assert run(["model", "run", str(graph), *files.inputs, "-o", str(output)]) == 0
    found = loaded(output)
    assert list(found) == NAMES
    for name in ("scores", "hidden/relu"):
        np.testing.assert_allclose(found[name], expected[name], atol=0.5)
    assert found["class"].dtype == np.int64
    onnx_file, inputs = str(files.root / "model.onnx"), ["--input", f"mask={files.root}/mask.npy"]
    compare = ["model", "compare", onnx_file, "--with", str(package), *files.inputs, *inputs]
    capsys.readouterr()
    assert run([*compare, "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)["outputs"]
    assert [each["name"] for each in compared] == NAMES
    assert max(each["largest_difference"] for each in compared) < 1e-4


def test_a_comparison_tells_which_outputs_are_missing(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    content, package = classifier(), files.root / "cut.onnx"
    del content.graph.output[1:]
    onnx.save(content, package)
    compare = ["model", "compare", str(files.root / "model.onnx"), "--with", str(package)]
    arguments = [*compare, *files.inputs, "--input", f"mask={files.root}/mask.npy", "--json"]
    assert run([*arguments, "--limit", "1"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in document["outputs"]] == NAMES[:1]
    assert document["missing"] == NAMES[1:]
    assert run(arguments) == 0
