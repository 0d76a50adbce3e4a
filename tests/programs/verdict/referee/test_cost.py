"""The cost of a proof: compute units, and transactions as they are really sent."""

import numpy as np
import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair

from keeper.lab.market.challenge import Challenge
from kernels.evidence import Place, Witness, element_at
from kernels.graph import GraphBuilder, Narrowing, Opcode
from kernels.trace import DType, pack
from neurolov_client.bindings.verdict import TICKET_AGE, Outcome
from tests.kernels.graphs import int8, int32
from tests.programs.verdict.disputing import Disputing
from tests.world import World

PACKET_BYTES = 1_232
OPENING_BYTES = 740
"""The bytes that fit beside creating and opening the buffer and placing the ticket."""
WRITE_BYTES = 1_010
TAIL_BYTES = 740
"""The bytes that fit beside the proof."""


def product(inner: int, rows: int, columns: int, *, bias: bool = False) -> Witness:
    """Returns a matrix product whose trace is all zeros."""
    build = GraphBuilder()
    a = build.input((rows, inner))
    extra = [int32(columns)] if bias else []
    build.matmul(a, int8(columns, inner), *extra)
    graph = build.build()
    left = np.full((1, 1, rows, inner), 3, np.int8)
    zeros = pack(np.zeros((1, 1, rows, columns), np.int32)).tobytes()
    return Witness(graph, [left], [zeros], [(0, 1)])


@pytest.mark.parametrize(
    ("inner", "size", "bias", "most"),
    [
        (1_024, 128, True, 60_000),
        (1_024, 2_048, True, 60_000),
        (4_096, 128, False, 120_000),
        (4_096, 2_048, False, 120_000),
    ],
)
def test_a_product_is_judged_within_its_budget(
    world: World, inner: int, size: int, bias: bool, most: int
) -> None:
    disputing = Disputing(world, product(inner, size, size, bias=bias))
    disputing.committed()
    challenge = disputing.challenge(0, size * size - 1).prepare(world)
    sent = world.send(challenge.prove(), signers=[challenge.challenger])
    assert disputing.receipt.committed == 0 != disputing.receipt.expected
    assert sent.units <= most


TO_INT8 = Narrowing(np.arange(1, 257) << 20, np.full(256, 40), 3)


def convolved(kind: str, to: Narrowing | None) -> Witness:
    """Returns a sum of products with 256 outputs per position whose trace is all ones."""
    build = GraphBuilder()
    x = build.input((1, 32, 32, 256))
    match kind:
        case "convolution":
            build.convolution(x, int8(256, 3, 3, 256), int32(256), to=to, padding=(1, 1, 1, 1))
        case "depthwise":
            build.depthwise(x, int8(256, 3, 3, 1), int32(256), to=to, padding=(1, 1, 1, 1))
        case _:
            build.matmul(x, int8(256, 256), int32(256), to=to)
    graph = build.build()
    ones = np.ones(graph.outputs[0].shape, graph.outputs[0].dtype.numpy)
    return Witness(graph, [int8(1, 32, 32, 256)], [pack(ones).tobytes()], [(0, 1)])


def units_of(world: World, witness: Witness, element: int) -> int:
    disputing = Disputing(world, witness)
    disputing.committed()
    challenge = disputing.challenge(0, element).prepare(world)
    units = world.send(challenge.prove(), signers=[challenge.challenger]).units
    assert disputing.receipt.committed == 1 != disputing.receipt.expected
    return int(units)


@pytest.mark.parametrize("kind", ["matmul", "convolution", "depthwise"])
def test_a_narrow_product_costs_a_fifth_more_at_most(kind: str) -> None:
    """What the same product costs whose sum is committed, with its bias, is the measure."""
    element = 500 * 256 + 77
    plain = units_of(World.fresh(), convolved(kind, None), element)
    narrow = units_of(World.fresh(), convolved(kind, TO_INT8), element)
    assert narrow <= 1.2 * plain


def row(opcode: Opcode, columns: int, dtype: DType) -> Witness:
    """Returns an operator over a whole row whose trace is all zeros."""
    build = GraphBuilder()
    x = build.input((16, columns), dtype)
    match opcode:
        case Opcode.SOFTMAX:
            build.softmax(x, 1 << 30, 20)
        case Opcode.LAYER_NORM:
            build.layer_norm(x, np.full(columns, 1 << 20), np.ones(columns, np.int32), 20)
        case _:
            build.reduce_sum(x)
    graph = build.build()
    values = np.full((1, 1, 16, columns), 3, dtype.numpy)
    values[..., -1] = 4
    output = graph.outputs[0]
    return Witness(graph, [values], [bytes(output.stored_bytes)], [(0, 1)])


@pytest.mark.parametrize(
    ("opcode", "columns", "dtype", "most"),
    [
        (Opcode.SOFTMAX, 512, DType.INT32, 60_000),
        (Opcode.SOFTMAX, 2_048, DType.INT32, 150_000),
        (Opcode.SOFTMAX, 8_192, DType.INT8, 450_000),
        (Opcode.LAYER_NORM, 512, DType.INT32, 70_000),
        (Opcode.LAYER_NORM, 1_984, DType.INT32, 180_000),
        (Opcode.REDUCE_SUM, 8_192, DType.INT8, 120_000),
    ],
)
def test_a_row_is_judged_within_its_budget(
    world: World, opcode: Opcode, columns: int, dtype: DType, most: int
) -> None:
    disputing = Disputing(world, row(opcode, columns, dtype))
    disputing.committed()
    output = disputing.witness.graph.outputs[0]
    element = element_at(output, Place(output.rows - 1, output.shape[3] - 1))
    challenge = disputing.challenge(0, element).prepare(world)
    sent = world.send(challenge.prove(), signers=[challenge.challenger])
    assert disputing.receipt.committed == 0 != disputing.receipt.expected
    assert sent.units <= most


class Sender:
    """Sends as a challenger that pays its own fees, and counts transactions."""

    def __init__(self, world: World, signer: Keypair) -> None:
        self.world = world
        self.signer = signer
        self.sizes: list[int] = []

    def send(self, *instructions: Instruction) -> None:
        """Sends one transaction, which must succeed."""
        record = self.world.bank.execute(list(instructions), [self.signer])
        assert record.ok, record.err
        self.sizes.append(len(bytes(record.transaction)))


@pytest.mark.parametrize("size", [128, 2_048])
def test_a_dispute_takes_at_most_twelve_transactions(world: World, size: int) -> None:
    """The dispute runs from nothing to the provider's slashed stake, with K = 4,096."""
    disputing = Disputing(world, product(4_096, size, size))
    disputing.committed()
    drafted = disputing.challenge(0, size * size - 1)
    challenge = Challenge(
        drafted.challenger, drafted.job, 0, drafted.element, drafted.evidence, TAIL_BYTES
    )
    sender = Sender(world, challenge.challenger.keypair)
    sender.send(
        challenge.create(world),
        challenge.open(),
        challenge.place(),
        challenge.write(0, challenge.staged[:OPENING_BYTES]),
    )
    for write in challenge.writes(OPENING_BYTES, WRITE_BYTES):
        sender.send(write)
    world.warp(TICKET_AGE)
    sender.send(challenge.prove())
    sender.send(disputing.slash())
    assert disputing.account.outcome == Outcome.FRAUD
    assert disputing.account.fraud.slashed == 1
    assert len(sender.sizes) <= 12
    assert max(sender.sizes) <= PACKET_BYTES
