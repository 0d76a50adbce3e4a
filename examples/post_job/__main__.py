"""Posts a job, serves its data, follows it to its end and writes the result.

python -m examples.post_job --keypair KEY.json --graph layer.graph --input input.bin
"""

import argparse
import asyncio
import secrets
import sys
from contextlib import suppress
from pathlib import Path

from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from examples.post_job import buying
from examples.post_job.client import Client
from examples.post_job.order import read_order, served
from examples.post_job.result import endpoint_of, fetch_output
from neurolov_client import ProgramError, escrow, job_registry, verdict

POLL_SECONDS = 0.4


async def run(options: argparse.Namespace) -> int:
    """Does what the module says, and prints each step.

    Returns the exit status: 1 when the job ended without a result.
    """
    order = read_order(options.graph, options.input)
    key = Keypair.from_json(options.keypair.read_text())
    async with AsyncClient(options.url, Confirmed) as rpc:
        client = Client(rpc, key)
        graph = await buying.register_graph(client, order)
        print(f"graph {graph}")
        # Losing the salt costs a sure verification, so a program that restarts keeps it on disk.
        salt = secrets.token_bytes(32)
        with served(order.blobs) as source:
            job = await buying.post(
                client, order, graph, source=source, salt=salt, verifiers=options.verifiers
            )
            print(f"job {job}")
            posted = job_registry.Job.decode(await client.required(job))
            print(f"price {posted.price}, claim by slot {posted.claim_deadline}")
            stage = await follow(client, job, salt)
            if stage is not None:
                endpoint = await endpoint_of(client, stage.provider)
                result = fetch_output(endpoint, stage, stage.last - stage.first - 1)
                options.output.write_bytes(result)
                print(f"result {len(result)} bytes in {options.output}")
        await buying.take_back(client, job)
    if stage is None:
        print("the job ended without a result, and what was locked came back")
        return 1
    return 0


async def follow(client: Client, job: Pubkey, salt: bytes) -> verdict.StageCommitted | None:
    """Prints the job's events until it ends, and has verifiers drawn on the way.

    Returns the commitment of the last stage, None when no provider was paid.
    """
    last = None
    committed: verdict.StageCommitted | None = None
    drawn = False
    while True:
        events, last = await client.events(job, last)
        for event in events:
            print(type(event).__name__)
            match event:
                case verdict.StageCommitted():
                    committed = event
                case verdict.VerdictSettled():
                    return committed
                case verdict.VerdictVoided() | escrow.Refunded():
                    return None
        if committed is not None and not drawn:
            # Refused until the hash that decides is known, 32 slots after the commitment.
            with suppress(ProgramError):
                await buying.draw(client, job, salt)
                drawn = True
        await asyncio.sleep(POLL_SECONDS)


def main() -> int:
    """Reads the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m examples.post_job")
    parser.add_argument("--url", default="http://127.0.0.1:8899", help="JSON-RPC of the cluster")
    parser.add_argument("--keypair", type=Path, required=True)
    parser.add_argument("--graph", type=Path, required=True)
    parser.add_argument("--input", type=Path, required=True, help="the input's canonical bytes")
    parser.add_argument("--verifiers", type=int, choices=(1, 3, 5), default=3)
    parser.add_argument("--output", type=Path, default=Path("result.bin"))
    return asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
