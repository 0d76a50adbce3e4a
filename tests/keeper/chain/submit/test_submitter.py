"""Attacks 22, 23, 24, 29, 32 and expiry, on the real localnet. Slots pass where others sleep."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from solders.keypair import Keypair
from solders.signature import Signature
from solders.system_program import TransferParams, transfer

from keeper.chain.errors import (
    ExpiredError,
    InsufficientFundsError,
    PermanentError,
    ProgramError,
    TransientError,
)
from keeper.chain.gateway import Backoff, Gateway
from keeper.chain.submit import Submitter
from keeper.journal import Journal, Operation, State
from tests.keeper.chain.cluster import Cluster, on_cluster
from tests.keeper.chain.gateway.faulty import FaultyNode, body, faulty_node, status, swallowed

Result = TypeVar("Result")
QUIET = Backoff(attempts=1)


class Crash(BaseException):
    """The process dies: nothing may catch it."""


def submitter(served: Cluster, gateway: Gateway, journal: Journal, **options: Any) -> Submitter:
    return Submitter(gateway, journal, served.staker, sleep=served.tick, **options)


def on_node(
    tmp_path: Path, act: Callable[[Cluster, Submitter, Journal, FaultyNode], Awaitable[Result]]
) -> Result:
    """Run `act` with a submitter whose node may be told to misbehave; the position is open."""

    async def run(served: Cluster) -> Result:
        async with (
            faulty_node(served.net.url) as node,
            Gateway(node.url, backoff=QUIET) as gateway,
        ):
            with Journal(tmp_path / "journal.sqlite") as journal:
                submit = submitter(served, gateway, journal)
                await submit.submit("open", [served.open_position()])
                return await act(served, submit, journal, node)

    return on_cluster(run)


def test_an_operation_is_done_once(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        first = await submit.submit("stake", [served.stake(10)])
        again = await submit.submit("stake", [served.stake(10)])
        assert again == first
        assert served.staked() == 10
        await submit.submit("stake more", [served.stake(10)])
        assert served.staked() == 20

    on_node(tmp_path, act)


def test_equal_instructions_of_two_operations_are_two_effects(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        height = served.net.bank.slot
        await submit.submit("a", [served.stake(10)])
        await submit.submit("b", [served.stake(10)])
        assert served.net.bank.slot == height, "both within one slot, on one blockhash"
        assert served.staked() == 20

    on_node(tmp_path, act)


@pytest.mark.parametrize("fault", [swallowed, status(429), status(503), body("garbage")])
def test_a_send_that_times_out_lands_once(tmp_path: Path, fault: Any) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        node.script = [("sendTransaction", fault)]
        await submit.submit("stake", [served.stake(10)])
        assert served.staked() == 10
        operation = journal.operation("stake")
        assert operation is not None
        assert (operation.state, operation.signings) == (State.LANDED, 1)

    on_node(tmp_path, act)


def test_a_node_that_says_nothing_for_long_is_waited_for(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        node.script = [("getSignatureStatuses", status(503))] * 20
        await submit.submit("stake", [served.stake(10)])
        assert served.staked() == 10

    on_node(tmp_path, act)


def test_a_processed_transaction_that_a_fork_drops_is_driven_again(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        processed = (
            '{"jsonrpc":"2.0","id":0,"result":{"context":{"slot":9},"value":[{"slot":9,'
            '"confirmations":0,"err":null,"status":{"Ok":null},"confirmationStatus":"processed"}]}}'
        )
        node.script = [
            ("sendTransaction", status(504)),
            ("getSignatureStatuses", body(processed)),
            ("getSignatureStatuses", body(processed)),
        ]
        await submit.submit("stake", [served.stake(10)])
        assert served.staked() == 10
        assert node.methods.count("sendTransaction") == 3, "open, dropped, sent again"
        operation = journal.operation("stake")
        assert operation is not None
        assert (operation.signings, operation.sends) == (1, 2)

    on_node(tmp_path, act)


def test_only_expired_bytes_are_signed_anew(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        submit._sleep = served.leap
        # Every send is lost until the first blockhash is too old.
        node.script = [("sendTransaction", status(504))] * 5
        await submit.submit("stake", [served.stake(10)])
        operation = journal.operation("stake")
        assert operation is not None
        assert (operation.state, operation.signings) == (State.LANDED, 2)
        assert served.staked() == 10

    on_node(tmp_path, act)


def test_a_cluster_that_takes_nothing_ends_in_expiry(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        submit._signings, submit._sleep = 2, served.leap
        node.script = [("sendTransaction", status(504))] * 40
        with pytest.raises(ExpiredError, match="stake: 2 transactions expired"):
            await submit.submit("stake", [served.stake(10)])
        node.script = []
        await submit.submit("stake", [served.stake(10)])
        assert served.staked() == 10

    on_node(tmp_path, act)


def test_a_program_error_is_not_tried_again(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        sends = node.methods.count("sendTransaction")
        for _ in range(3):
            with pytest.raises(ProgramError) as caught:
                await submit.submit("open again", [served.open_position()])
            assert (caught.value.program, caught.value.name) == ("system", "AccountAlreadyInUse")
        assert node.methods.count("sendTransaction") == sends + 1
        assert served.staked() == 0

    on_node(tmp_path, act)


def test_a_refused_operation_may_be_tried_again_on_request(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        nothing = served.stake(0)
        with pytest.raises(ProgramError, match="ZeroAmount"):
            await submit.submit("stake", [nothing])
        with pytest.raises(ProgramError, match="ZeroAmount"):
            await submit.submit("stake", [served.stake(10)])
        await submit.submit("stake", [served.stake(10)], again=True)
        assert served.staked() == 10

    on_node(tmp_path, act)


def test_a_refusal_on_chain_is_named(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        # The send is lost, so the next goes without preflight and fails on chain.
        node.script = [("sendTransaction", status(504))]
        with pytest.raises(ProgramError) as caught:
            await submit.submit("open again", [served.open_position()])
        assert (caught.value.program, caught.value.name) == ("system", "AccountAlreadyInUse")
        operation = journal.operation("open again")
        assert operation is not None
        assert operation.state is State.REFUSED

    on_node(tmp_path, act)


def test_missing_funds_are_told_and_may_be_mended(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        with pytest.raises(InsufficientFundsError, match="fund the account"):
            await submit.submit("stake", [served.stake(1_000_001)])
        assert served.staked() == 0
        served.deployment.mint.mint_to(served.net.bank, served.staker.pubkey(), 1)
        await submit.submit("stake", [served.stake(1_000_001)])
        assert served.staked() == 1_000_001

    on_node(tmp_path, act)


@pytest.mark.parametrize(
    ("held", "wanted", "missing"),
    [
        # A transfer of more than there is: the system program says by how much.
        (10**9, 3 * 10**9, "has 1 SOL, .* send it 2.000005 SOL or more"),
        # No account at all: what a transaction with one signature takes.
        (0, 1, r"has 0 SOL, .* send it 0.00089588 SOL or more"),
    ],
)
def test_a_payer_without_sol_is_named_with_what_it_lacks(
    tmp_path: Path, held: int, wanted: int, missing: str
) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        pauper = Keypair.from_seed(bytes([9]) * 32)
        served.net.bank.airdrop(pauper.pubkey(), held)
        served.net.bank.advance()
        async with Gateway(served.net.url) as gateway:
            poor = Submitter(gateway, journal, pauper, sleep=served.tick)
            spent = transfer(
                TransferParams(
                    from_pubkey=pauper.pubkey(), to_pubkey=served.staker.pubkey(), lamports=wanted
                )
            )
            with pytest.raises(InsufficientFundsError, match=f"{pauper.pubkey()} {missing}"):
                await poor.submit("spend", [spent])
        assert served.net.bank.balance(pauper.pubkey()) == held

    on_node(tmp_path, act)


def test_a_transaction_that_cannot_be_is_refused_before_it_is_journaled(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        with pytest.raises(PermanentError, match="1232 at most; split it"):
            await submit.submit("big", [served.stake(1)] * 200)
        stranger = Keypair.from_seed(bytes([9]) * 32)
        submit._payer = stranger
        with pytest.raises(PermanentError, match=f"nobody signs for {served.staker.pubkey()}"):
            await submit.submit("theirs", [served.stake(1)])
        assert journal.operation("big") is None
        assert journal.operation("theirs") is None

    on_node(tmp_path, act)


def landed_before(journal: Journal, last_valid_block_height: int) -> None:
    """The journal says that "stake" has landed, by a transaction that the chain does not know."""
    journal.sign(
        "stake",
        wire=b"lost",
        signature=Signature(bytes([7]) * 64),
        last_valid_block_height=last_valid_block_height,
    )
    journal.landed("stake", 1)


def test_what_the_chain_has_lost_is_done_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        served.net.bank.advance(3)
        landed_before(journal, 0)
        await submit.submit("stake", [served.stake(10)])
        assert served.staked() == 0, "nobody has said that the effect is missing"
        await submit.submit("stake", [served.stake(10)], missing=True)
        assert served.staked() == 10
        await submit.submit("stake", [served.stake(10)], missing=True)
        assert served.staked() == 10, "its transaction is known to the chain"
        assert "stake landed in slot 1, and the cluster has lost it" in caplog.text

    on_node(tmp_path, act)


def test_what_may_land_once_more_is_not_done_again(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        landed_before(journal, 10**6)
        with pytest.raises(TransientError, match="or this node is behind; try again"):
            await submit.submit("stake", [served.stake(10)], missing=True)
        known = journal.operation("stake")
        assert known is not None
        assert (known.state, served.staked()) == (State.LANDED, 0)

    on_node(tmp_path, act)


def test_two_keepers_with_one_key_have_one_effect(tmp_path: Path) -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url, backoff=QUIET) as gateway:
            with Journal(tmp_path / "a") as first, Journal(tmp_path / "b") as second:
                one, two = (submitter(served, gateway, journal) for journal in (first, second))
                landed = await one.submit("open", [served.open_position()])
                served.net.bank.advance()
                with pytest.raises(ProgramError, match="AccountAlreadyInUse"):
                    await two.submit("open", [served.open_position()])
                assert served.net.bank.slot > landed.slot

    on_cluster(act)


class CrashingJournal(Journal):
    """Dies before or after one of its steps."""

    step = ""
    after = False

    def _crash(self, name: str, act: Callable[[], Operation]) -> Operation:
        if self.step == name and not self.after:
            raise Crash
        done = act()
        if self.step == name:
            raise Crash
        return done

    def sign(self, operation: str, **fields: Any) -> Operation:
        return self._crash("sign", lambda: super(CrashingJournal, self).sign(operation, **fields))

    def count_send(self, operation: str) -> Operation:
        return self._crash("count_send", lambda: super(CrashingJournal, self).count_send(operation))

    def landed(self, operation: str, slot: int) -> Operation:
        return self._crash("landed", lambda: super(CrashingJournal, self).landed(operation, slot))


class CrashingGateway(Gateway):
    """Dies before or after it has sent."""

    step = ""
    after = False

    async def send(self, transaction: bytes, *, preflight: bool = True) -> Signature:
        if self.step == "send" and not self.after:
            raise Crash
        signature = await super().send(transaction, preflight=preflight)
        if self.step == "send":
            raise Crash
        return signature


@pytest.mark.parametrize("resumed", [True, False])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", ["sign", "count_send", "send", "landed"])
def test_a_kill_at_each_journal_step_has_one_effect(
    tmp_path: Path, step: str, after: bool, resumed: bool
) -> None:
    async def act(served: Cluster) -> None:
        path = tmp_path / "journal.sqlite"
        async with CrashingGateway(served.net.url, backoff=QUIET) as gateway:
            with CrashingJournal(path) as journal:
                submit = submitter(served, gateway, journal)
                await submit.submit("open", [served.open_position()])
                for each in (journal, gateway):
                    each.step, each.after = step, after
                with pytest.raises(Crash):
                    await submit.submit("stake", [served.stake(10)])
        served.net.bank.advance(3)
        async with Gateway(served.net.url, backoff=QUIET) as gateway:
            with Journal(path) as reopened:
                submit = submitter(served, gateway, reopened)
                if resumed:
                    ended = await submit.resume()
                    assert {each.state for each in ended} <= {State.LANDED}
                    assert reopened.unfinished() == []
                await submit.submit("stake", [served.stake(10)])
        assert served.staked() == 10

    on_cluster(act)


def test_what_expired_while_the_keeper_was_down_is_left_to_its_caller(tmp_path: Path) -> None:
    async def act(served: Cluster) -> None:
        path = tmp_path / "journal.sqlite"
        async with CrashingGateway(served.net.url, backoff=QUIET) as gateway:
            gateway.step = "send"
            with Journal(path) as journal, pytest.raises(Crash):
                await submitter(served, gateway, journal).submit("open", [served.open_position()])
        served.net.bank.advance(200)
        async with Gateway(served.net.url, backoff=QUIET) as gateway:
            with Journal(path) as journal:
                (ended,) = await submitter(served, gateway, journal).resume()
                assert ended.state is State.EXPIRED
        assert served.staked() == 0

    on_cluster(act)


def test_a_lost_cluster_leaves_the_operation_under_way(tmp_path: Path) -> None:
    async def act(served: Cluster, submit: Submitter, journal: Journal, node: FaultyNode) -> None:
        node.script = [("getLatestBlockhash", status(503))]
        with pytest.raises(TransientError, match="latest blockhash"):
            await submit.submit("stake", [served.stake(10)])
        assert journal.operation("stake") is None

    on_node(tmp_path, act)
