"""What each commitment shows while blocks pass: one block later confirmed, four later final."""

import base64
import json
from typing import Any

import pytest
from solders.account import Account
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.sysvar import CLOCK, SLOT_HASHES
from solders.transaction import VersionedTransaction

from keeper.lab.localnet import Bank, Localnet, TokenMint
from keeper.lab.localnet.pubsub import Hub
from keeper.lab.localnet.rpc import Node, call_method
from keeper.lab.localnet.rpc.errors import RpcError

from .conftest import SOL, keypair

OWNER = keypair(9).pubkey()
OTHER = keypair(10).pubkey()
PROGRAM = Pubkey.from_bytes(bytes([7]) * 32)
LEVELS = ("processed", "confirmed", "finalized")


class Chain:
    """A node whose blocks are confirmed after one and final after four."""

    def __init__(self) -> None:
        self.bank = Bank(remembered_blocks=4)
        self.mint = TokenMint(keypair(2), keypair(3))
        assert self.mint.create(self.bank).ok
        self.payer = keypair(1)
        assert self.bank.airdrop(self.payer.pubkey(), 10 * SOL).ok
        self.bank.advance(4)
        self.node = Node(self.bank, self.mint, confirmation_lag=1, finality_lag=4)

    def call(self, method: str, *params: Any) -> Any:
        return call_method(self.node, method, list(params))

    def by_level(self, method: str, *params: Any, **config: Any) -> list[Any]:
        """Answers at each commitment, without their contexts."""
        answers = [self.call(method, *params, {"commitment": level, **config}) for level in LEVELS]
        return [one["value"] if isinstance(one, dict) else one for one in answers]

    def payment(self, lamports: int, blockhash: Hash, payer: Keypair | None = None) -> str:
        signer = self.payer if payer is None else payer
        paid = transfer(
            TransferParams(from_pubkey=signer.pubkey(), to_pubkey=OWNER, lamports=lamports)
        )
        message = MessageV0.try_compile(signer.pubkey(), [paid], [], blockhash)
        return base64.b64encode(bytes(VersionedTransaction(message, [signer]))).decode()


@pytest.fixture
def chain() -> Chain:
    return Chain()


def test_slots_heights_and_contexts(chain: Chain) -> None:
    assert chain.by_level("getSlot") == [5, 4, 1]
    assert chain.by_level("getBlockHeight") == [5, 4, 1]
    chain.bank.warp(100)
    assert chain.by_level("getSlot") == [100, 5, 2]
    assert chain.by_level("getBlockHeight") == [6, 5, 2]
    contexts = [chain.call("getBalance", str(OWNER), {"commitment": one}) for one in LEVELS]
    assert [one["context"]["slot"] for one in contexts] == [100, 5, 2]


def test_balance_reaches_each_commitment_in_its_time(chain: Chain) -> None:
    chain.bank.airdrop(OWNER, SOL)
    assert chain.by_level("getBalance", str(OWNER)) == [SOL, 0, 0]
    chain.bank.advance()
    chain.bank.airdrop(OWNER, SOL)
    assert chain.by_level("getBalance", str(OWNER)) == [2 * SOL, SOL, 0]
    chain.bank.advance(3)
    assert chain.by_level("getBalance", str(OWNER)) == [2 * SOL, 2 * SOL, SOL]
    chain.bank.advance()
    assert chain.by_level("getBalance", str(OWNER)) == [2 * SOL] * 3


def test_two_writes_in_a_slot_are_one_version(chain: Chain) -> None:
    chain.bank.airdrop(OWNER, SOL)
    chain.bank.airdrop(OWNER, SOL)
    assert chain.by_level("getBalance", str(OWNER)) == [2 * SOL, 0, 0]


def test_closed_account_lives_on_until_its_end_is_final(chain: Chain) -> None:
    chain.bank.set_account(OTHER, Account(SOL, b"abc", PROGRAM))
    chain.bank.advance(4)
    chain.bank.set_account(OTHER, Account(0, b"", PROGRAM))

    def shown() -> list[bool]:
        return [one is not None for one in chain.by_level("getAccountInfo", str(OTHER))]

    def listed() -> list[int]:
        return [len(one) for one in chain.by_level("getProgramAccounts", str(PROGRAM))]

    assert (shown(), listed()) == ([False, True, True], [0, 1, 1])
    chain.bank.advance()
    assert (shown(), listed()) == ([False, False, True], [0, 0, 1])
    chain.bank.advance(3)
    assert (shown(), listed()) == ([False] * 3, [0] * 3)


def test_account_that_changes_hands_is_listed_by_its_owner_of_the_time(chain: Chain) -> None:
    chain.bank.set_account(OTHER, Account(SOL, b"abc", PROGRAM))
    chain.bank.advance(4)
    chain.bank.set_account(OTHER, Account(SOL, b"abc", OWNER))
    assert [len(one) for one in chain.by_level("getProgramAccounts", str(PROGRAM))] == [0, 1, 1]
    assert [len(one) for one in chain.by_level("getProgramAccounts", str(OWNER))] == [1, 0, 0]


def test_tokens_and_supply(chain: Chain) -> None:
    chain.mint.mint_to(chain.bank, OWNER, 5)
    account, mint = str(chain.mint.token_account(OWNER)), str(chain.mint.address)
    supplies = chain.by_level("getTokenSupply", mint)
    assert [one["amount"] for one in supplies] == ["5", "0", "0"]
    owned = chain.by_level("getTokenAccountsByOwner", str(OWNER), {"mint": mint}, encoding="base64")
    assert [len(one) for one in owned] == [1, 0, 0]
    with pytest.raises(RpcError, match="could not find account"):
        chain.call("getTokenAccountBalance", account)
    chain.bank.advance(4)
    assert chain.call("getTokenAccountBalance", account)["value"]["amount"] == "5"


def test_sysvars_are_those_of_the_block(chain: Chain) -> None:
    clocks = chain.by_level("getAccountInfo", str(CLOCK), encoding="jsonParsed")
    assert [one["data"]["parsed"]["info"]["slot"] for one in clocks] == [5, 4, 1]
    hashes = chain.by_level("getAccountInfo", str(SLOT_HASHES), encoding="jsonParsed")
    assert [one["data"]["parsed"]["info"][0]["slot"] for one in hashes] == [4, 3, 0]


def test_blockhash_is_valid_from_its_block_on(chain: Chain) -> None:
    newest = chain.call("getLatestBlockhash", {"commitment": "processed"})["value"]["blockhash"]
    assert chain.by_level("isBlockhashValid", newest) == [True, True, False]
    final = chain.call("getLatestBlockhash")["value"]
    assert chain.by_level("isBlockhashValid", final["blockhash"]) == [True] * 3
    assert final["lastValidBlockHeight"] == 1 + 150
    chain.bank.advance(147)
    assert chain.by_level("isBlockhashValid", final["blockhash"]) == [False, True, True]


def test_status_rises_and_history_follows(chain: Chain) -> None:
    signature = str(chain.bank.airdrop(OWNER, SOL).signature)
    counts = chain.call("getTransactionCount", {"commitment": "processed"})

    def told() -> tuple[str, int | None, int]:
        status = chain.call("getSignatureStatuses", [signature])["value"][0]
        listed = chain.call("getSignaturesForAddress", str(OWNER), {"commitment": "confirmed"})
        return status["confirmationStatus"], status["confirmations"], len(listed)

    config = {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}
    assert told() == ("processed", 0, 0)
    assert chain.call("getTransaction", signature, config) is None
    chain.bank.advance()
    assert told() == ("confirmed", 1, 1)
    assert chain.call("getTransaction", signature, config)["slot"] == 5
    assert chain.call("getTransaction", signature) is None
    assert chain.by_level("getTransactionCount") == [counts, counts, counts - 1]
    chain.bank.advance(3)
    assert told() == ("finalized", None, 1)
    assert chain.by_level("getTransactionCount") == [counts] * 3


def test_default_preflight_knows_final_blockhashes_alone(chain: Chain) -> None:
    recent = chain.payment(SOL, chain.bank.latest_blockhash)
    with pytest.raises(RpcError, match="Blockhash not found"):
        chain.call("sendTransaction", recent, {"encoding": "base64"})
    assert chain.bank.balance(OWNER) == 0
    config = {"encoding": "base64", "preflightCommitment": "confirmed"}
    assert chain.call("sendTransaction", recent, config)
    assert chain.bank.balance(OWNER) == SOL


def test_preflight_sees_the_accounts_of_its_block(chain: Chain) -> None:
    newcomer = keypair(40)
    chain.bank.airdrop(newcomer.pubkey(), 2 * SOL)
    final = Hash.from_string(chain.call("getLatestBlockhash")["value"]["blockhash"])
    sent = chain.payment(SOL, final, newcomer)
    with pytest.raises(RpcError, match="found no record of a prior credit"):
        chain.call("sendTransaction", sent, {"encoding": "base64"})
    now = {"encoding": "base64", "commitment": "processed"}
    assert chain.call("simulateTransaction", sent, now)["value"]["err"] is None
    # What the simulation of the past put in place is gone.
    assert chain.bank.balance(newcomer.pubkey()) == 2 * SOL
    assert chain.bank.clock.slot == 5
    chain.bank.advance(4)
    assert chain.call("sendTransaction", sent, {"encoding": "base64"})
    assert chain.bank.balance(OWNER) == SOL


def test_transaction_sent_again_gets_its_signature_until_it_is_final(chain: Chain) -> None:
    final = Hash.from_string(chain.call("getLatestBlockhash")["value"]["blockhash"])
    sent = chain.payment(SOL, final)
    signature = chain.call("sendTransaction", sent, {"encoding": "base64"})
    assert chain.call("sendTransaction", sent, {"encoding": "base64"}) == signature
    chain.bank.advance(4)
    with pytest.raises(RpcError, match="This transaction has already been processed"):
        chain.call("sendTransaction", sent, {"encoding": "base64"})
    skipped = {"encoding": "base64", "skipPreflight": True}
    assert chain.call("sendTransaction", sent, skipped) == signature
    assert chain.bank.balance(OWNER) == SOL


def test_minimum_context_is_that_of_the_commitment(chain: Chain) -> None:
    config = {"commitment": "confirmed", "minContextSlot": 4}
    assert chain.call("getSlot", config) == 4
    with pytest.raises(RpcError) as refused:
        chain.call("getSlot", {**config, "minContextSlot": 5})
    assert refused.value.data == {"contextSlot": 4}


def test_checkpoint_goes_back_to_the_versions_of_its_time(chain: Chain) -> None:
    chain.bank.airdrop(OWNER, SOL)
    checkpoint = chain.bank.checkpoint()
    chain.bank.advance(6)
    chain.bank.airdrop(OWNER, SOL)
    chain.bank.restore(checkpoint)
    assert chain.by_level("getBalance", str(OWNER)) == [SOL, 0, 0]
    chain.bank.advance()
    assert chain.by_level("getBalance", str(OWNER)) == [SOL, SOL, 0]


def test_memory_is_bounded_by_the_blocks_to_finality(chain: Chain) -> None:
    for _ in range(50):
        chain.bank.airdrop(OWNER, 1)
        chain.bank.advance()
    remembered = chain.bank.accounts_at(0).store.versions.written_since(0)
    # The faucet, the receiver, the clock and the slot hashes.
    assert len(list(remembered)) == 4


def test_notifications_come_at_their_commitment(chain: Chain) -> None:
    hub = Hub(chain.node)
    inbox: list[Any] = []
    session = hub.open_session(lambda text: inbox.append(json.loads(text)))
    for number, level in enumerate(LEVELS):
        params = [str(OWNER), {"commitment": level, "encoding": "base64"}]
        request = {"jsonrpc": "2.0", "id": number, "method": "accountSubscribe", "params": params}
        session.receive(json.dumps(request))
    ids = {one["result"]: level for one, level in zip(inbox, LEVELS, strict=True)}
    inbox.clear()

    def told() -> list[str]:
        levels = [ids[one["params"]["subscription"]] for one in inbox]
        inbox.clear()
        return levels

    chain.bank.airdrop(OWNER, SOL)
    assert told() == ["processed"]
    chain.bank.advance()
    assert told() == ["confirmed"]
    chain.bank.advance(2)
    assert told() == []
    chain.bank.advance()
    assert told() == ["finalized"]


@pytest.mark.anyio
async def test_what_a_served_localnet_starts_with_is_final() -> None:
    mint = TokenMint(keypair(2), keypair(3))
    net = Localnet(
        port=0, mint=mint, ticking=False, confirmation_lag=1, finality_lag=32, seed=bytes(32)
    )
    net.bank.airdrop(OWNER, SOL)
    async with net:
        node = Node(net.bank, confirmation_lag=1, finality_lag=32)
        answer = call_method(node, "getBalance", [str(OWNER)])
        assert isinstance(answer, dict)
        assert answer["value"] == SOL
