"""What a provider computed, fetched from its data server and checked against its commitment."""

import json
from hashlib import sha256

import httpx
from solders.pubkey import Pubkey

from examples.post_job.client import Reader
from examples.post_job.commitments import TENSOR, TRACE
from neurolov_client import job_registry, verdict


class WrongDataError(ValueError):
    """What somebody serves is not what the chain holds the hash of."""


async def endpoint_of(reader: Reader, provider: Pubkey) -> str:
    """Returns the URL of a registered provider's data server."""
    account = await reader.required(job_registry.provider_address(provider))
    return text_of(job_registry.Provider.decode(account).endpoint)


def fetch_output(endpoint: str, stage: verdict.StageCommitted, number: int) -> bytes:
    """Returns the canonical bytes of one output of a committed stage.

    `number` counts within the stage. Raises WrongDataError when the bytes do not hash to what was
    committed, httpx.HTTPError when they cannot be had.
    """
    index = json.loads(_get(f"{endpoint}/jobs/{stage.job}/{stage.root.hex()}"))
    roots = [bytes.fromhex(root) for root in index["tensor_roots"]]
    if TRACE.root(b"".join(roots)) != stage.root:
        raise WrongDataError("the provider lists other outputs than it committed")
    output = fetch_blob(endpoint, index["outputs"][number])
    if TENSOR.root(output) != roots[number]:
        raise WrongDataError("the provider serves another output than it committed")
    return output


def fetch_blob(source: str, digest: str) -> bytes:
    """Returns the bytes with this SHA-256; raises WrongDataError when others are served."""
    data = _get(f"{source}/blobs/{digest}")
    if sha256(data).hexdigest() != digest:
        raise WrongDataError(f"{source} serves other bytes for {digest}")
    return data


def text_of(field: bytes) -> str:
    """Returns a URL as the chain keeps it, without the zeros behind it."""
    return field.rstrip(b"\0").decode("ascii")


def _get(url: str) -> bytes:
    response = httpx.get(url, timeout=30)
    response.raise_for_status()
    return response.content
