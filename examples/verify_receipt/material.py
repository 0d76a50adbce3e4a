"""A job's graph and inputs, fetched from its buyer."""

import json
from dataclasses import dataclass

from examples.post_job.result import fetch_blob
from kernels.graph import Graph
from kernels.graph.file import load
from kernels.trace import unpack
from kernels.trace.layout import Array
from neurolov_client import job_registry, url_of


@dataclass(frozen=True, slots=True)
class Material:
    """What a job runs on."""

    graph: Graph
    inputs: list[Array]


def fetch_material(job: job_registry.Job) -> Material:
    """Returns the material that the job's manifest names.

    Raises WrongDataError when the buyer serves something else, kernels.graph.GraphError when it
    posted a malformed graph.
    """
    source = url_of(job.source)
    manifest = json.loads(fetch_blob(source, job.manifest.hex()))
    graph = load(fetch_blob(source, manifest["graph"]))
    inputs = [
        unpack(fetch_blob(source, digest), spec.shape, spec.dtype)
        for digest, spec in zip(manifest["inputs"], graph.inputs, strict=True)
    ]
    return Material(graph, inputs)
