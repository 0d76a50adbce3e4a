"""The README's Python is run as it stands."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair

import neurolov_client as client
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, deploy_localnet

README = Path(client.__file__).parents[1] / "README.md"


@pytest.fixture
def open_position() -> Callable[[str, Keypair], Awaitable[Any]]:
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(compile(block, str(README), "exec"), namespace)
    found: Callable[[str, Keypair], Awaitable[Any]] = namespace["open_position"]
    return found


def test_the_example_opens_a_position_and_then_names_the_refusal(
    open_position: Callable[[str, Keypair], Awaitable[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    owner = Keypair.from_seed(bytes([3]) * 32)

    async def run() -> None:
        async with Localnet(programs=built_programs(), port=0, ticking=False) as net:
            deploy_localnet(net.bank)
            net.bank.airdrop(owner.pubkey(), 10**9)
            net.bank.advance()
            position = await open_position(net.url, owner)
            assert position.owner == owner.pubkey()
            net.bank.advance()
            with pytest.raises(client.ProgramError, match="AccountAlreadyInUse"):
                await open_position(net.url, owner)

    asyncio.run(run())
    assert "PositionOpened(" in capsys.readouterr().out


def test_every_name_it_mentions_exists() -> None:
    text = README.read_text("utf-8")
    for name in ("WrongOwnerError", "WrongDiscriminatorError", "ShortDataError", "shard_of"):
        assert name in text
        assert name in client.__all__
    assert hasattr(client.job_registry, "job_address")
