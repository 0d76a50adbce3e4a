"""Error names of Anchor 1.2, the SPL Token program and the system program.

Sources: anchor-lang-error 1.2.1 `ErrorCode`, spl-token-interface `TokenError`,
solana-system-interface `SystemError`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

_RANGES: Final[Mapping[int, str]] = {
    100: """InstructionMissing InstructionFallbackNotFound InstructionDidNotDeserialize
        InstructionDidNotSerialize""",
    1000: "IdlInstructionStub IdlInstructionInvalidProgram IdlAccountNotEmpty",
    1500: "EventInstructionStub",
    2000: """ConstraintMut ConstraintHasOne ConstraintSigner ConstraintRaw ConstraintOwner
        ConstraintRentExempt ConstraintSeeds ConstraintExecutable ConstraintState
        ConstraintAssociated ConstraintAssociatedInit ConstraintClose ConstraintAddress
        ConstraintZero ConstraintTokenMint ConstraintTokenOwner ConstraintMintMintAuthority
        ConstraintMintFreezeAuthority ConstraintMintDecimals ConstraintSpace
        ConstraintAccountIsNone ConstraintTokenTokenProgram ConstraintMintTokenProgram
        ConstraintAssociatedTokenTokenProgram""",
    2040: """ConstraintDuplicateMutableAccount AccountAlreadyMigrated AccountNotMigrated""",
    2500: """RequireViolated RequireEqViolated RequireKeysEqViolated RequireNeqViolated
        RequireKeysNeqViolated RequireGtViolated RequireGteViolated""",
    3000: """AccountDiscriminatorAlreadySet AccountDiscriminatorNotFound
        AccountDiscriminatorMismatch AccountDidNotDeserialize AccountDidNotSerialize
        AccountNotEnoughKeys AccountNotMutable AccountOwnedByWrongProgram InvalidProgramId
        InvalidProgramExecutable AccountNotSigner AccountNotSystemOwned AccountNotInitialized
        AccountNotProgramData AccountNotAssociatedTokenAccount AccountSysvarMismatch
        AccountReallocExceedsLimit AccountDuplicateReallocs""",
    4100: "DeclaredProgramIdMismatch TryingToInitPayerAsProgramAccount InvalidNumericConversion",
    5000: "Deprecated",
}


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _expanded() -> Iterator[tuple[int, str]]:
    for first, text in _RANGES.items():
        yield from enumerate(_names(text), first)


FRAMEWORK_ERRORS: Final[Mapping[int, str]] = dict(_expanded())
TOKEN_ERRORS: Final = _names(
    """NotRentExempt InsufficientFunds InvalidMint MintMismatch OwnerMismatch FixedSupply
    AlreadyInUse InvalidNumberOfProvidedSigners InvalidNumberOfRequiredSigners UninitializedState
    NativeNotSupported NonNativeHasBalance InvalidInstruction InvalidState Overflow
    AuthorityTypeNotSupported MintCannotFreeze AccountFrozen MintDecimalsMismatch
    NonNativeNotSupported"""
)
SYSTEM_ERRORS: Final = _names(
    """AccountAlreadyInUse ResultWithNegativeLamports InvalidProgramId InvalidAccountDataLength
    MaxSeedLengthExceeded AddressWithSeedMismatch NonceNoRecentBlockhashes
    NonceBlockhashNotExpired NonceUnexpectedBlockhashValue"""
)
