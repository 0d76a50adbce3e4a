"""Checks a stranger's source before a compiler sees it, and adds bounds on what it can do."""

from kernels.custom.errors import PackageError, Reason
from kernels.custom.package import KernelPackage
from kernels.custom.validation.loops import MAX_TURNS
from kernels.custom.validation.rules import MAX_COMPILED_TOKENS, MAX_INVOCATIONS, Source

__all__ = ["MAX_COMPILED_TOKENS", "MAX_INVOCATIONS", "MAX_TURNS", "bounded_sources", "validate"]


def validate(package: KernelPackage) -> None:
    """Raises PackageError unless every source and stage keeps the rules of this folder."""
    _validated(package)


def bounded_sources(package: KernelPackage) -> list[str]:
    """Returns the sources to compile: without comments, each loop bounded. Raises as `validate`."""
    return [source.bounded for source in _validated(package)]


def _validated(package: KernelPackage) -> list[Source]:
    sources = [_source(number, text) for number, text in enumerate(package.sources)]
    invocations, compiled = 0, 0
    pipelines: set[tuple[int, str]] = set()
    for number, stage in enumerate(package.stages):
        try:
            invocations += sources[stage.source].check_stage(stage, package)
        except PackageError as error:
            raise _placed(f"stage {number}", error) from None
        pipeline = (stage.source, stage.entry_point)
        if pipeline not in pipelines:
            pipelines.add(pipeline)
            compiled += sources[stage.source].compiled_tokens(stage.entry_point)
    if compiled > MAX_COMPILED_TOKENS:
        raise PackageError(
            Reason.SOURCE_LIMIT,
            f"{len(pipelines)} entry points have {compiled} tokens with all calls inlined, at most "
            f"{MAX_COMPILED_TOKENS}",
        )
    if invocations > MAX_INVOCATIONS:
        raise PackageError(
            Reason.DISPATCH_LIMIT, f"{invocations} invocations, at most {MAX_INVOCATIONS}"
        )
    return sources


def _source(number: int, text: str) -> Source:
    try:
        return Source(text)
    except PackageError as error:
        raise _placed(f"source {number}", error) from None


def _placed(where: str, error: PackageError) -> PackageError:
    return PackageError(error.reason, f"{where}: {error.message}")
