"""Methods that send and simulate transactions, and what they cost."""

from solders.message import from_bytes_versioned
from solders.signature import Signature
from solders.transaction import SanitizeError, VersionedTransaction

from ..accounts import AccountsAt
from ..costs import fee
from ..execution import PACKET_DATA_SIZE, Simulation
from ..ledger import Json
from .binary import decode_bytes
from .encoding import ACCOUNT_ENCODINGS, AccountView
from .errors import (
    INTERNAL_ERROR,
    SEND_TRANSACTION_PREFLIGHT_FAILURE,
    RpcError,
    invalid_params,
)
from .failures import describe
from .method import Method
from .node import Node
from .params import Config, Params, as_list, as_pubkey
from .transactions import (
    encode_inner_instructions,
    encode_loaded_addresses,
    encode_return_data,
    encode_token_balances,
)

_TYPE = "solana_transaction::versioned::VersionedTransaction"
_MESSAGE_TYPE = "solana_message::non_bpf_modules::versions::VersionedMessage"
_MAX_ENCODED = {"base58": 1683, "base64": 1644}
_ENCODINGS = ("binary", "base64", "base58", "json", "jsonParsed")


def _decode(params: Params, config: Config) -> VersionedTransaction:
    encoding = config.choice("encoding", _ENCODINGS, "base58")
    encoding = "base58" if encoding == "binary" else encoding
    text = params.text(0)
    if encoding not in _MAX_ENCODED:
        raise invalid_params(
            f"unsupported encoding: {encoding}. Supported encodings: base58, base64"
        )
    if len(text) > _MAX_ENCODED[encoding]:
        raise invalid_params(
            f"{encoding} encoded {_TYPE} too large: {len(text)} bytes"
            f" (max: encoded/raw {_MAX_ENCODED[encoding]}/{PACKET_DATA_SIZE})"
        )
    raw = decode_bytes(text, encoding)
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


def _outcome(simulation: Simulation) -> dict[str, Json]:
    return {
        "accounts": None,
        "err": simulation.err,
        "fee": simulation.fee,
        "innerInstructions": None,
        "loadedAccountsDataSize": simulation.loaded_bytes,
        "loadedAddresses": None,
        "logs": simulation.logs,
        "postBalances": None,
        "postTokenBalances": None,
        "preBalances": None,
        "preTokenBalances": None,
        "replacementBlockhash": None,
        "returnData": encode_return_data(simulation.return_data),
        "unitsConsumed": simulation.units,
    }


def _send(node: Node, params: Params) -> Json:
    """Preflight runs on the block of the commitment asked for; what passes lands in the open one.

    As on a cluster, a signature says that the transaction was taken, not that it will land.
    """
    config = params.config(1)
    skip_preflight = config.flag("skipPreflight")
    height = node.height_at(config.commitment("preflightCommitment"))
    config.integer("maxRetries", "usize")
    transaction = _decode(params, config)
    if not skip_preflight:
        simulation = node.bank.simulate(transaction, verify_signatures=True, height=height)
        if simulation.err is not None:
            raise RpcError(
                SEND_TRANSACTION_PREFLIGHT_FAILURE,
                f"Transaction simulation failed: {describe(simulation.err)}",
                _outcome(simulation),
            )
    return str(node.bank.send(transaction).signature)


def _simulate(node: Node, params: Params) -> Json:
    config = params.config(1)
    height = node.height_at(config.commitment())
    verify = config.flag("sigVerify")
    replace = config.flag("replaceRecentBlockhash")
    if verify and replace:
        raise invalid_params("sigVerify may not be used with replaceRecentBlockhash")
    transaction = _decode(params, config)
    simulation = node.bank.simulate(
        transaction, verify_signatures=verify, replace_blockhash=replace, height=height
    )
    outcome = _outcome(simulation)
    outcome["loadedAddresses"] = encode_loaded_addresses(simulation.keys)
    if simulation.pre_balances is not None:
        outcome["preBalances"] = simulation.pre_balances
        outcome["postBalances"] = simulation.post_balances
        outcome["preTokenBalances"] = encode_token_balances(simulation.pre_token_balances)
        outcome["postTokenBalances"] = encode_token_balances(simulation.post_token_balances)
    if config.flag("innerInstructions"):
        outcome["innerInstructions"] = encode_inner_instructions(
            simulation.inner_instructions, simulation.keys.all, parsed=True
        )
    if replace:
        outcome["replacementBlockhash"] = {
            "blockhash": str(simulation.blockhash),
            "lastValidBlockHeight": node.bank.last_valid_block_height(simulation.blockhash),
        }
    wanted = config.section("accounts")
    accounts = node.accounts_at(config.commitment())
    if wanted is not None:
        outcome["accounts"] = _accounts_after(accounts, transaction, simulation, wanted)
    return node.with_context(outcome, accounts.slot)


def _accounts_after(
    accounts: AccountsAt, transaction: VersionedTransaction, simulation: Simulation, wanted: Config
) -> Json:
    limit = len(transaction.message.account_keys)
    keys = [as_pubkey(one) for one in as_list(wanted.get("addresses"), limit)]
    encoding = wanted.choice("encoding", ACCOUNT_ENCODINGS, "base64")
    if encoding in ("binary", "base58"):
        raise invalid_params("base58 encoding not supported")
    view = AccountView(encoding, None)
    if simulation.err is not None:
        return [None] * len(keys)
    encoded: list[Json] = []
    for key in keys:
        left = simulation.accounts[key] if key in simulation.accounts else accounts.get(key)
        shown = left if left is not None and left.lamports else None
        encoded.append(view.encode(key, shown, accounts.get))
    return encoded


def _airdrop(node: Node, params: Params) -> Json:
    config = params.config(2)
    config.commitment()
    record = node.bank.airdrop(params.pubkey(0), params.integer(1))
    if record.err is not None:
        raise RpcError(
            INTERNAL_ERROR, f"Airdrop failed: {describe(record.err)}", {"err": record.err}
        )
    return str(record.signature)


def _fee(node: Node, params: Params) -> Json:
    height = node.height_at(params.config(1).commitment())
    raw = decode_bytes(params.text(0), "base64")
    try:
        message = from_bytes_versioned(raw)
        unsigned = [Signature.default()] * message.header.num_required_signatures
        VersionedTransaction.populate(message, unsigned).sanitize()
    except (ValueError, SanitizeError) as error:
        raise invalid_params(f"failed to deserialize {_MESSAGE_TYPE}: {error}") from error
    known = node.bank.is_blockhash_valid(message.recent_blockhash, height)
    return node.with_context(fee(message) if known else None, node.bank.slot_at(height))


METHODS = {
    "getFeeForMessage": Method(_fee, 1, 1),
    "requestAirdrop": Method(_airdrop, 2, 1),
    "sendTransaction": Method(_send, 1, 1),
    "simulateTransaction": Method(_simulate, 1, 1),
}
