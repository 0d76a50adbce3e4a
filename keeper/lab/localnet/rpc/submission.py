"""Methods that send and simulate transactions, and what they cost."""

from solders.message import from_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import SanitizeError, VersionedTransaction

from ..execution import PACKET_DATA_SIZE, Simulation
from ..ledger import Json
from .encoding import AccountView, decode_bytes
from .errors import (
    INTERNAL_ERROR,
    SEND_TRANSACTION_PREFLIGHT_FAILURE,
    TRANSACTION_SIGNATURE_VERIFICATION_FAILURE,
    RpcError,
    invalid_params,
)
from .failures import describe
from .method import Method
from .node import Node
from .params import Config, Params, as_list, as_pubkey
from .transactions import encode_inner_instructions, encode_return_data

_LAMPORTS_PER_SIGNATURE = 5_000

# Instructions whose first byte counts signatures, each charged like the transaction's own
# (solana-sdk `get_fee_details`).
_SIGNATURE_PROGRAMS = frozenset(
    Pubkey.from_string(address)
    for address in (
        "Ed25519SigVerify111111111111111111111111111",
        "KeccakSecp256k11111111111111111111111111111",
        "Secp256r1SigVerify1111111111111111111111111",
    )
)

_TYPE = "solana_transaction::versioned::VersionedTransaction"
_MAX_ENCODED = {"base58": 1683, "base64": 1644}


def _decode(params: Params, config: Config) -> VersionedTransaction:
    encoding = config.choice("encoding", ("base58", "base64"), "base58")
    text = params.text(0, "transaction")
    if len(text) > _MAX_ENCODED[encoding]:
        raise invalid_params(
            f"{encoding} encoded {_TYPE} too large: {len(text)} bytes"
            f" (max: encoded/raw {_MAX_ENCODED[encoding]}/{PACKET_DATA_SIZE})"
        )
    raw = decode_bytes(text, encoding, "transaction")
    if len(raw) > PACKET_DATA_SIZE:
        raise invalid_params(
            f"decoded {_TYPE} too large: {len(raw)} bytes (max: {PACKET_DATA_SIZE} bytes)"
        )
    try:
        transaction = VersionedTransaction.from_bytes(raw)
    except ValueError as error:
        raise invalid_params(f"failed to deserialize {_TYPE}: {error}") from error
    try:
        transaction.sanitize()
    except SanitizeError as error:
        raise invalid_params(f"invalid transaction: {describe('SanitizeFailure')}") from error
    return transaction


def _require_signatures(transaction: VersionedTransaction) -> None:
    if not all(transaction.verify_with_results()):
        raise RpcError(
            TRANSACTION_SIGNATURE_VERIFICATION_FAILURE, "Transaction signature verification failure"
        )


def _outcome(simulation: Simulation) -> dict[str, Json]:
    return {
        "accounts": None,
        "err": simulation.err,
        "innerInstructions": None,
        "logs": simulation.logs,
        "replacementBlockhash": None,
        "returnData": encode_return_data(simulation.return_data),
        "unitsConsumed": simulation.units,
    }


def _send(node: Node, params: Params) -> Json:
    config = params.config(1)
    skip_preflight = config.flag("skipPreflight")
    config.integer("maxRetries")
    transaction = _decode(params, config)
    if not skip_preflight:
        _require_signatures(transaction)
        simulation = node.bank.simulate(transaction)
        if simulation.err is not None:
            raise RpcError(
                SEND_TRANSACTION_PREFLIGHT_FAILURE,
                f"Transaction simulation failed: {describe(simulation.err)}",
                _outcome(simulation),
            )
    return str(node.bank.send(transaction).signature)


def _simulate(node: Node, params: Params) -> Json:
    config = params.config(1)
    config.commitment()
    verify = config.flag("sigVerify")
    replace = config.flag("replaceRecentBlockhash")
    if verify and replace:
        raise invalid_params("sigVerify may not be used with replaceRecentBlockhash")
    transaction = _decode(params, config)
    if verify:
        _require_signatures(transaction)
    simulation = node.bank.simulate(transaction, replace_blockhash=replace)
    outcome = _outcome(simulation)
    if config.flag("innerInstructions"):
        outcome["innerInstructions"] = encode_inner_instructions(
            simulation.inner_instructions, transaction.message.account_keys, parsed=False
        )
    if replace:
        outcome["replacementBlockhash"] = {
            "blockhash": str(simulation.blockhash),
            "lastValidBlockHeight": node.bank.last_valid_block_height(simulation.blockhash),
        }
    wanted = config.section("accounts")
    if wanted is not None:
        outcome["accounts"] = _accounts_after(node, transaction, simulation, wanted)
    return node.with_context(outcome)


def _accounts_after(
    node: Node, transaction: VersionedTransaction, simulation: Simulation, wanted: Config
) -> Json:
    limit = len(transaction.message.account_keys)
    keys = [
        as_pubkey(one, "address")
        for one in as_list(wanted.get("addresses"), "accounts.addresses", limit)
    ]
    view = AccountView(wanted.choice("encoding", ("base64", "jsonParsed"), "base64"), None)
    if simulation.err is not None:
        return [None] * len(keys)
    read = node.bank.account
    encoded: list[Json] = []
    for key in keys:
        account = simulation.accounts[key] if key in simulation.accounts else read(key)
        encoded.append(view.encode(account if account and account.lamports else None, read))
    return encoded


def _airdrop(node: Node, params: Params) -> Json:
    params.config(2).commitment()
    record = node.bank.airdrop(params.pubkey(0), params.integer(1, "lamports"))
    if record.err is not None:
        raise RpcError(
            INTERNAL_ERROR, f"Airdrop failed: {describe(record.err)}", {"err": record.err}
        )
    return str(record.signature)


def _fee(node: Node, params: Params) -> Json:
    params.config(1).commitment()
    raw = decode_bytes(params.text(0, "message"), "base64", "message")
    try:
        message = from_bytes_versioned(raw)
        unsigned = [Signature.default()] * message.header.num_required_signatures
        VersionedTransaction.populate(message, unsigned).sanitize()
    except (ValueError, SanitizeError) as error:
        raise invalid_params(
            f"failed to deserialize solana_message::versions::VersionedMessage: {error}"
        ) from error
    if not node.bank.is_blockhash_valid(message.recent_blockhash):
        return node.with_context(None)
    signatures = message.header.num_required_signatures + sum(
        instruction.data[0]
        for instruction in message.instructions
        if message.account_keys[instruction.program_id_index] in _SIGNATURE_PROGRAMS
        and instruction.data
    )
    return node.with_context(signatures * _LAMPORTS_PER_SIGNATURE)


METHODS = {
    "getFeeForMessage": Method(_fee, 1, 1),
    "requestAirdrop": Method(_airdrop, 2, 1),
    "sendTransaction": Method(_send, 1, 1),
    "simulateTransaction": Method(_simulate, 1, 1),
}
