import json
import logging
from pathlib import Path

import pytest
from solders.keypair import Keypair

from keeper.chain.gateway import Gateway
from keeper.configuration import KeyFileError, NodeSettings, create_keypair, load_keypair
from keeper.errors import BadInputError
from keeper.telemetry import RedactingFilter


def test_a_new_key_is_private_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "id.json"
    made = create_keypair(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_keypair(path).pubkey() == made.pubkey()


def test_an_existing_key_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "id.json"
    first = create_keypair(path)
    with pytest.raises(KeyFileError, match="exists"):
        create_keypair(path)
    assert load_keypair(path).pubkey() == first.pubkey()


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "id.json"
    create_keypair(path)
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(KeyFileError, match="chmod 600"):
            load_keypair(path)


def test_a_missing_key_tells_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="neurolov key new"):
        load_keypair(tmp_path / "id.json")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[1, 2]",
        "[" + "1," * 63 + "300]",
        "[" + '"a",' * 63 + '"b"]',
        json.dumps([7] * 64),
    ],
)
def test_anything_else_is_refused_without_quoting_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "id.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError) as refusal:
        load_keypair(path)
    assert str(refusal.value).startswith(f"{path} is not a key file")
    assert not content or content not in str(refusal.value)


def test_a_loaded_key_never_reaches_a_log(tmp_path: Path) -> None:
    path = tmp_path / "id.json"
    create_keypair(path)
    keypair = load_keypair(path)
    secrets = [str(keypair), path.read_text()]
    for secret in secrets:
        record = logging.LogRecord("x", logging.INFO, "", 0, "key %s!", (secret,), None)
        assert RedactingFilter().filter(record)
        assert record.getMessage() == "key [redacted]!"
    try:
        raise ValueError(secrets[0])
    except ValueError as error:
        failure = (type(error), error, error.__traceback__)
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), failure)
    RedactingFilter().filter(record)
    assert secrets[0] not in (record.exc_text or "")
    assert "[redacted]" in (record.exc_text or "")


def test_what_is_no_secret_stays() -> None:
    address = str(Keypair().pubkey())
    record = logging.LogRecord("x", logging.INFO, "", 0, "from %s", (address,), None)
    RedactingFilter().filter(record)
    assert record.getMessage() == f"from {address}"


def test_a_malformed_genesis_hash_is_bad_input() -> None:
    with pytest.raises(BadInputError, match="not a genesis hash"):
        Gateway.of(NodeSettings(genesis_hash="nonsense"))
