"""Makes the evidence of a receipt again from the job's data, and judges it off chain.

    python -m examples.verify_receipt RECEIPT

Reads the chain, asks buyer and provider for the data, and trusts neither: every byte is checked
against a hash on the chain. Works while the job's accounts are open; `neurolov replay --data`
judges from the files of a challenger long after.
"""

import argparse
import asyncio
import sys
from hashlib import sha256

from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed
from solders.pubkey import Pubkey

from examples.post_job.client import Reader
from examples.post_job.result import endpoint_of, fetch_output
from examples.verify_receipt.material import fetch_material
from kernels.evidence import Claim, Stage, Witness, judge
from neurolov_client import job_registry, verdict


async def verify(reader: Reader, address: Pubkey) -> bool:
    """Prints what the receipt says and what the data say; returns whether they agree."""
    receipt = verdict.Receipt.decode(await reader.required(address))
    job = job_registry.Job.decode(await reader.required(receipt.job))
    stages = await stages_in_force(reader, receipt.job)
    material = fetch_material(job)
    outputs = [
        fetch_output(await endpoint_of(reader, stage.provider), stage, number)
        for stage in stages
        for number in range(stage.last - stage.first)
    ]
    witness = Witness(
        material.graph, material.inputs, outputs, [(stage.first, stage.last) for stage in stages]
    )
    evidence = witness.stage(receipt.operator, receipt.element)
    # The roots are the chain's, so that data which were not committed are refused.
    claim = Claim(
        spec_root=job.spec_root,
        operators=job.operators,
        inputs_root=job.input_root,
        inputs=len(material.inputs),
        stages=tuple(Stage(stage.first, stage.last, stage.root) for stage in stages),
        operator=receipt.operator,
        element=receipt.element,
    )
    found = judge(claim, evidence)
    print(f"operator {receipt.operator}, element {receipt.element}, by {receipt.provider}")
    print(f"evidence  {sha256(evidence).hexdigest()}, receipt {receipt.evidence.hex()}")
    print(f"expected  {found.expected}, receipt {receipt.expected}")
    print(f"committed {found.committed}, receipt {receipt.committed}")
    print(f"slashed   {receipt.slashed}, of which {receipt.burned} burned")
    return (sha256(evidence).digest(), found.expected, found.committed, found.stage) == (
        receipt.evidence,
        receipt.expected,
        receipt.committed,
        receipt.stage,
    )


async def stages_in_force(reader: Reader, job: Pubkey) -> list[verdict.StageCommitted]:
    """Returns what stands of the committed stages: one at operator 0 drops all before it."""
    events, _ = await reader.events(job, None)
    stages: list[verdict.StageCommitted] = []
    for event in events:
        if isinstance(event, verdict.StageCommitted):
            stages = [event] if event.first == 0 else [*stages, event]
    return stages


async def run(options: argparse.Namespace) -> int:
    """Returns the exit status: 1 when the receipt is not what the data say."""
    async with AsyncClient(options.url, Confirmed) as rpc:
        agrees = await verify(Reader(rpc), options.receipt)
    print("the receipt is right" if agrees else "the receipt is wrong")
    return 0 if agrees else 1


def main() -> int:
    """Reads the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m examples.verify_receipt")
    parser.add_argument("receipt", type=Pubkey.from_string, metavar="RECEIPT")
    parser.add_argument("--url", default="http://127.0.0.1:8899", help="JSON-RPC of the cluster")
    return asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
