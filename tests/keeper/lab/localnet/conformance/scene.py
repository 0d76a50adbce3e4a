"""What happened on a chain before its node is questioned, brought about through its RPC alone."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from solders.transaction import VersionedTransaction
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.memo.instructions import MemoParams, create_memo
from spl.token.constants import MINT_LEN, TOKEN_PROGRAM_ID
from spl.token.instructions import (
    ApproveParams,
    InitializeMintParams,
    MintToParams,
    TransferCheckedParams,
    approve,
    create_associated_token_account,
    get_associated_token_address,
    initialize_mint,
    mint_to,
    transfer_checked,
)

from .client import Client

SOL = 10**9
DECIMALS = 9
PATIENCE = 600
"""Waits until a transaction is taken for lost: a minute on a validator."""
RESENT_AFTER = 20
"""Waits after which a transaction is sent again: a busy validator drops some."""

Wait = Callable[[], None]


def keypair(number: int) -> Keypair:
    """Returns a keypair that is the same in every run."""
    return Keypair.from_seed(bytes([number]) * 32)


def encoded(transaction: VersionedTransaction) -> str:
    """Returns the transaction in base64."""
    return base64.b64encode(bytes(transaction)).decode()


@dataclass
class Scene:
    """Who and what is there. `wait` lets the chain go on for a moment."""

    client: Client
    wait: Wait
    payer: Keypair = field(default_factory=lambda: keypair(21))
    other: Keypair = field(default_factory=lambda: keypair(22))
    stranger: Keypair = field(default_factory=lambda: keypair(23))
    mint: Keypair = field(default_factory=lambda: keypair(24))
    signatures: dict[str, str] = field(default_factory=dict)
    airdrops: int = 0
    sent: dict[str, VersionedTransaction] = field(default_factory=dict)

    @property
    def tokens(self) -> Pubkey:
        """Returns the payer's token account."""
        return get_associated_token_address(self.payer.pubkey(), self.mint.pubkey())

    @property
    def other_tokens(self) -> Pubkey:
        """Returns the other's token account."""
        return get_associated_token_address(self.other.pubkey(), self.mint.pubkey())

    def slot_of(self, name: str) -> int:
        """Returns the slot in which the transaction `name` landed."""
        status = self.client.result("getSignatureStatuses", [self.signatures[name]])["value"][0]
        slot: int = status["slot"]
        return slot

    def blockhash(self, commitment: str = "finalized") -> Hash:
        """Returns the latest blockhash."""
        found = self.client.result("getLatestBlockhash", {"commitment": commitment})
        return Hash.from_string(found["value"]["blockhash"])

    def transfer(self, lamports: int, *, signer: Keypair | None = None) -> Instruction:
        """Returns a transfer of the signer, the payer by default, to the other."""
        source = self.payer if signer is None else signer
        return transfer(
            TransferParams(
                from_pubkey=source.pubkey(), to_pubkey=self.other.pubkey(), lamports=lamports
            )
        )

    def signed(
        self,
        instructions: Sequence[Instruction],
        *signers: Keypair,
        blockhash: Hash | None = None,
        versioned: bool = False,
    ) -> VersionedTransaction:
        """Returns a transaction that the first signer, the payer by default, pays."""
        keys = signers or (self.payer,)
        recent = self.blockhash() if blockhash is None else blockhash
        message: Message | MessageV0
        if versioned:
            message = MessageV0.try_compile(keys[0].pubkey(), instructions, [], recent)
        else:
            message = Message.new_with_blockhash(instructions, keys[0].pubkey(), recent)
        return VersionedTransaction(message, list(keys))

    def send(self, transaction: VersionedTransaction) -> str:
        """Send the transaction without preflight and return its signature."""
        options = {"encoding": "base64", "skipPreflight": True}
        signature: str = self.client.result("sendTransaction", encoded(transaction), options)
        return signature

    def land(self, name: str, transaction: VersionedTransaction) -> None:
        """Send the transaction and wait until it is confirmed."""
        self.sent[name] = transaction
        self.signatures[name] = self.send(transaction)
        self.reach("confirmed", self.signatures[name], transaction)

    def reach(
        self, commitment: str, signature: str, transaction: VersionedTransaction | None = None
    ) -> None:
        """Wait until the transaction has reached `commitment` or more.

        Raises `AssertionError` when it does not.
        """
        wanted = ("finalized",) if commitment == "finalized" else ("confirmed", "finalized")
        for number in range(1, PATIENCE + 1):
            status = self.client.result("getSignatureStatuses", [signature])["value"][0]
            if status is not None and status["confirmationStatus"] in wanted:
                return
            if transaction is not None and number % RESENT_AFTER == 0:
                self.send(transaction)
            self.wait()
        raise AssertionError(f"{signature} is not {commitment}")

    def set(self) -> "Scene":
        """Bring everything about; returns the scene."""
        owner, mint = self.payer.pubkey(), self.mint.pubkey()
        for address in (owner, self.other.pubkey()):
            self.reach("confirmed", self.client.result("requestAirdrop", str(address), 10 * SOL))
        self._create_mint(owner, mint)
        self._move_tokens(owner, mint)
        self.land("failed", self.signed([self.transfer(10**6 * SOL)]))
        self.land("versioned", self.signed([self.transfer(4)], versioned=True))
        self.reach("finalized", self.signatures["versioned"])
        return self

    def _create_mint(self, owner: Pubkey, mint: Pubkey) -> None:
        rent = self.client.result("getMinimumBalanceForRentExemption", MINT_LEN)
        create = CreateAccountParams(
            from_pubkey=owner,
            to_pubkey=mint,
            lamports=rent,
            space=MINT_LEN,
            owner=TOKEN_PROGRAM_ID,
        )
        start = InitializeMintParams(DECIMALS, TOKEN_PROGRAM_ID, mint, owner, owner)
        instructions = [
            create_account(create),
            initialize_mint(start),
            create_associated_token_account(owner, owner, mint),
            create_associated_token_account(owner, self.other.pubkey(), mint),
            mint_to(MintToParams(TOKEN_PROGRAM_ID, mint, self.tokens, owner, 1_000)),
        ]
        self.land("mint", self.signed(instructions, self.payer, self.mint))

    def _move_tokens(self, owner: Pubkey, mint: Pubkey) -> None:
        move = TransferCheckedParams(
            program_id=TOKEN_PROGRAM_ID,
            source=self.tokens,
            mint=mint,
            dest=self.other_tokens,
            owner=owner,
            amount=10,
            decimals=DECIMALS,
        )
        allow = ApproveParams(TOKEN_PROGRAM_ID, self.tokens, self.other.pubkey(), owner, 5)
        memo = create_memo(MemoParams(MEMO_PROGRAM_ID, owner, b"thanks"))
        self.land("tokens", self.signed([transfer_checked(move), approve(allow), memo]))

    def airdrop(self) -> None:
        """Give the payer a little more; no two airdrops are the same transaction."""
        self.airdrops += 1
        self.client.result("requestAirdrop", str(self.payer.pubkey()), self.airdrops)
