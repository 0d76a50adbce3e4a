"""A lie about one product, accepted by every verifier and proven by a stranger."""

import hashlib
from collections.abc import Iterator

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountWithSeedParams, create_account_with_seed

from idl.client import verdict
from keeper.cli.benchmark.bench import Bench, secret
from keeper.cli.benchmark.orders import Orders
from kernels.evidence import Witness
from kernels.graph import Graph, Opcode
from kernels.models.digits import held_out
from kernels.reference import execute

HEADER_BYTES = 112
WRITE_BYTES = 900
TAIL_BYTES = 500
SEED = "evidence"


class Lie:
    """The digits network run honestly but for the first element of its first product."""

    def __init__(self, graph: Graph) -> None:
        inputs = [held_out()[0].reshape(graph.inputs[0].shape)]
        outputs = execute(graph, inputs)
        self.operator = next(
            index for index, each in enumerate(graph.descriptors) if each.opcode is Opcode.MATMUL
        )
        outputs[self.operator].flat[0] += 1
        witness = Witness(graph, inputs, outputs, [(0, len(graph.descriptors))])
        self.root = witness.claim(self.operator, 0).stages[0].root
        self.evidence = witness.stage(self.operator, 0)


class Challenge:
    """One challenger's evidence and ticket against a lie in a job."""

    def __init__(self, bench: Bench, challenger: Keypair, job: Pubkey, lie: Lie) -> None:
        self._bench = bench
        self._key = challenger
        self._owner = challenger.pubkey()
        self._job = job
        self._lie = lie
        self._salt = secret("challenge", job)
        self._buffer = Pubkey.create_with_seed(self._owner, SEED, verdict.ID)
        self._ticket = verdict.ticket_address(job, self._owner)
        self._staged, self._tail = lie.evidence[:-TAIL_BYTES], lie.evidence[-TAIL_BYTES:]

    def prepare(self) -> None:
        """Place the ticket and stage all of the evidence but its tail."""
        place = self._lie.operator.to_bytes(4, "little") + bytes(4)
        ticket = hashlib.sha256(place + bytes(self._owner) + self._salt).digest()
        self._bench.send(
            self._key,
            self._creation(),
            verdict.open_buffer(
                length=len(self._staged),
                challenger=self._owner,
                payer=self._owner,
                job=self._job,
                buffer=self._buffer,
            ),
            verdict.place_ticket(hash=ticket, challenger=self._owner, job=self._job),
        )
        for write in self._writes():
            self._bench.send(self._key, write)

    def prove(self, graph: Pubkey) -> None:
        """Have the referee judge, then take back the rent of what was staged."""
        proof = verdict.prove_fraud(
            operator=self._lie.operator,
            element=0,
            salt=self._salt,
            tail=self._tail,
            challenger=self._owner,
            payer=self._owner,
            job=self._job,
            graph=graph,
            buffer=self._buffer,
            ticket=self._ticket,
        )
        self._bench.send(self._key, proof)
        closing = verdict.close_buffer(
            challenger=self._owner, buffer=self._buffer, payer=self._owner
        )
        ticket = verdict.close_ticket(challenger=self._owner, ticket=self._ticket)
        self._bench.send(self._key, closing, ticket)

    def _creation(self) -> Instruction:
        space = HEADER_BYTES + len(self._staged)
        return create_account_with_seed(
            CreateAccountWithSeedParams(
                from_pubkey=self._owner,
                to_pubkey=self._buffer,
                base=self._owner,
                seed=SEED,
                lamports=self._bench.bank.rent_exempt_minimum(space),
                space=space,
                owner=verdict.ID,
            )
        )

    def _writes(self) -> Iterator[Instruction]:
        for offset in range(0, len(self._staged), WRITE_BYTES):
            yield verdict.write_buffer(
                offset=offset,
                bytes=self._staged[offset : offset + WRITE_BYTES],
                challenger=self._owner,
                buffer=self._buffer,
            )


def open_dispute(orders: Orders, provider: Keypair, lie: Lie) -> tuple[Pubkey, Challenge]:
    """A committed job that lies, and the challenge that is ready to be proven."""
    job, _ = orders.post()
    orders.claim(provider, job)
    orders.commit(provider, job, root=lie.root)
    challenge = Challenge(orders.bench, orders.bench.actor("challenger"), job, lie)
    challenge.prepare()
    return job, challenge
