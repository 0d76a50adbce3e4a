"""What others need of this node: a registration that is true, and data at its URL."""

from collections.abc import AsyncIterator

from keeper.amounts import nlov
from keeper.cli.doctor.checks import Check, DoctorRole, Stage, Subject, examines
from keeper.cli.doctor.stake import owners
from keeper.data import DataError, check_source, open_client
from keeper.node.accounts import url_text

LOOKUP_SECONDS = 10.0


@examines(Stage.PROGRAMS, DoctorRole.PROVIDER)
async def provider(subject: Subject) -> AsyncIterator[Check]:
    """Checks the provider's registration, and whether others can fetch from its URL."""
    found = subject.chain.provider
    if found is None:
        yield _unregistered(subject, DoctorRole.PROVIDER)
        return
    url = url_text(found.endpoint)
    detail = f"asks {nlov(found.ask)} NLOV per 2^30 multiply-adds, at {url}"
    if found.draining:
        detail += ", draining: it takes no new work"
    run = f"neurolov provider run --public-url {subject.options.public_url or url}"
    as_served = subject.options.public_url in (None, url)
    yield Check("provider", as_served and not found.draining, detail, f"start it again: {run}")
    async for check in _reached(subject, url, run):
        yield check


@examines(Stage.PROGRAMS, DoctorRole.VERIFIER)
async def verifier(subject: Subject) -> AsyncIterator[Check]:
    """Checks the verifier's registration, and whether others can fetch from its URL."""
    found = subject.chain.verifier
    if found is None:
        yield _unregistered(subject, DoctorRole.VERIFIER)
        return
    url = url_text(found.endpoint)
    seat = subject.chain.holding.seat
    served = subject.options.public_url or url
    run = f"neurolov verifier run --public-url {served}"
    matches = found.seat == seat and served == url
    step = owners(subject, f"neurolov verifier register --public-url {served}")
    yield Check("verifier", matches, f"registered for seat {found.seat}, at {url}", step)
    async for check in _reached(subject, url, run):
        yield check


def _unregistered(subject: Subject, role: DoctorRole) -> Check:
    """The role registers itself when it runs with the owner's key."""
    if not subject.by_operator:
        detail = f"not registered yet; neurolov {role} run does it"
        return Check(str(role), True, detail)
    step = f"neurolov {role} register --public-url URL --keypair OWNER_KEY"
    return Check(str(role), False, "not registered", owners(subject, step))


async def _reached(subject: Subject, url: str, run: str) -> AsyncIterator[Check]:
    private = subject.options.settings.allow_private
    address = await endpoint_check(url, allow_private=private)
    yield address
    if address.ok:
        yield await answer_check(url, run, allow_private=private)


async def endpoint_check(url: str, *, allow_private: bool) -> Check:
    """Checks whether others may fetch from the URL that the key has registered."""
    advice = "register the address under which others reach this node with --public-url"
    try:
        await check_source(url, allow_private=allow_private, seconds=LOOKUP_SECONDS)
    except DataError as error:
        return Check("endpoint", False, str(error), advice)
    return Check("endpoint", True, url)


async def answer_check(url: str, run: str, *, allow_private: bool) -> Check:
    """Checks whether a data server answers at a URL now."""
    advice = f"start it, and let its port through the firewall: {run}"
    try:
        async with open_client(allow_private=allow_private) as client:
            await client.probe(url)
    except DataError as error:
        return Check("answers", False, f"not now: {error}", advice)
    return Check("answers", True, f"{url} answers now")
