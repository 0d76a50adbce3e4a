"""What a provider computed, fetched from its data server and checked against its commitment."""

import httpx
from solders.pubkey import Pubkey

from examples.post_job.client import Reader
from neurolov_client import job_registry, results, url_of, verdict


async def endpoint_of(reader: Reader, provider: Pubkey) -> str:
    """Returns the URL of a registered provider's data server."""
    account = await reader.required(job_registry.provider_address(provider))
    return url_of(job_registry.Provider.decode(account).endpoint)


def fetch_output(endpoint: str, stage: verdict.StageCommitted, number: int) -> bytes:
    """Returns the canonical bytes of one output of a committed stage.

    `number` counts within the stage. Raises results.WrongDataError when the bytes do not hash to
    what was committed, httpx.HTTPError when they cannot be had.
    """
    output = results.outputs(stage, _get(endpoint + results.index_path(stage)))[number]
    return output.checked(fetch_blob(endpoint, output.digest))


def fetch_blob(source: str, digest: str) -> bytes:
    """Returns the bytes with this SHA-256; raises results.WrongDataError for others."""
    return results.checked_blob(digest, _get(source + results.blob_path(digest)))


def _get(url: str) -> bytes:
    response = httpx.get(url, timeout=30)
    response.raise_for_status()
    return response.content
