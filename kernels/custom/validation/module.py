"""Parses the declarations of a WGSL source, as far as the limits depend on them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kernels.custom.errors import PackageError, Reason
from kernels.custom.validation.tokens import Kind, Token, malformed

# Language extensions that only admit more of the same: packed dot products, and pointers into
# composites. Every other directive is refused.
LANGUAGE_EXTENSIONS = frozenset({"packed_4x8_integer_dot_product", "pointer_composite_access"})
RESERVED_PREFIX = "neurolov_"

Tokens = Sequence[Token]
Attributes = Mapping[str, Tokens]

# The rules and the inserted text rely on these names, so they must keep their WGSL meaning.
_PREDECLARED = re.compile(
    r"bool|[iu]32|f(16|32)|array|atomic|ptr|vec[234][iufh]?|mat[234]x[234][fh]?"
    r"|atomicStore|workgroupBarrier"
)
_OPENS = frozenset("([{")
_CLOSES = frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Variable:
    """A module-scope variable; space and access are empty where the source leaves them out."""

    name: str
    space: str
    access: str
    type: Tokens
    attributes: Attributes
    line: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function; text holds its parameters, result and body.

    opens and body are the numbers of the tokens that open the parameters and the body.
    """

    name: str
    attributes: Attributes
    text: Tokens
    parameters: Tokens
    opens: int
    body: int
    line: int


@dataclass(slots=True)
class Module:
    """All module-scope declarations, by name."""

    variables: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    structs: dict[str, Tokens] = field(default_factory=dict)
    aliases: dict[str, Tokens] = field(default_factory=dict)
    constants: dict[str, Tokens] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def take(self, name: str, line: int) -> None:
        """Reserves a name; raises PackageError when it is declared already or is WGSL's own."""
        if name in self._names:
            raise malformed(f"{name} is declared twice", line)
        self._names.add(name)
        if _PREDECLARED.fullmatch(name) is not None:
            raise malformed(f"{name} is WGSL's own", line)


def parse_module(tokens: Tokens) -> Module:
    """Returns the declarations of tokens whose brackets match.

    Raises PackageError where a declaration is malformed or not allowed.
    """
    for token in tokens:
        if token.text.startswith(RESERVED_PREFIX):
            raise malformed(f"names that begin with {RESERVED_PREFIX} are reserved", token.line)
    module, at = Module(), 0
    while at < len(tokens):
        at = _declaration(module, tokens, at)
    return module


def split(tokens: Tokens, separator: str) -> list[Tokens]:
    """Returns the parts between separators that lie outside every bracket and template list."""
    parts: list[Tokens] = []
    start = depth = 0
    for at, token in enumerate(tokens):
        if token.text in _OPENS or token.text == "<":
            depth += 1
        elif token.text in _CLOSES or token.text == ">":
            depth -= 1
        elif token.text == separator and depth == 0:
            parts.append(tokens[start:at])
            start = at + 1
    return [*parts, tokens[start:]]


def attributes_of(tokens: Tokens, at: int) -> tuple[dict[str, Tokens], int]:
    """Returns the attributes that begin at a position, and the position after them."""
    found: dict[str, Tokens] = {}
    while at < len(tokens) and tokens[at].text == "@":
        name = _word(tokens, at + 1)
        end, arguments = at + 2, tokens[0:0]
        if end < len(tokens) and tokens[end].text == "(":
            end = _closing(tokens, at + 2) + 1
            arguments = tokens[at + 3 : end - 1]
        if name == "diagnostic":
            raise _forbidden("diagnostic filters", tokens[at])
        if name in found:
            raise malformed(f"@{name} twice", tokens[at].line)
        found[name] = arguments
        at = end
    return found, at


def _declaration(module: Module, tokens: Tokens, at: int) -> int:
    attributes, at = attributes_of(tokens, at)
    if at == len(tokens):
        raise malformed("attributes without a declaration", tokens[-1].line)
    token = tokens[at]
    if token.text == ";":
        return at + 1
    match token.text:
        case "fn":
            return _function(module, tokens, at, attributes)
        case "struct":
            name, end = _word(tokens, at + 1), _closing(tokens, at + 2)
            module.take(name, token.line)
            module.structs[name] = tokens[at + 3 : end]
            return end + 1
    end = _semicolon(tokens, at)
    statement = tokens[at:end]
    match token.text:
        case "var":
            _variable(module, statement, attributes)
        case "const":
            name, value = _assigned(statement)
            module.take(name, token.line)
            module.constants[name] = value
        case "alias":
            name, value = _assigned(statement)
            module.take(name, token.line)
            module.aliases[name] = value
        case "const_assert":
            pass
        case "requires":
            unknown = {
                each.text for each in statement[1:] if each.text != ","
            } - LANGUAGE_EXTENSIONS
            if unknown:
                raise _forbidden(f"requires {', '.join(sorted(unknown))}", token)
        case "enable" | "diagnostic" | "override":
            raise _forbidden(token.text, token)
        case _:
            raise malformed(f"{token.text!r} does not begin a declaration", token.line)
    return end + 1


def _function(module: Module, tokens: Tokens, at: int, attributes: Attributes) -> int:
    name, opens = _word(tokens, at + 1), at + 2
    body = closes = _closing(tokens, opens)
    while body < len(tokens) and tokens[body].text != "{":
        body += 1
    if body == len(tokens):
        raise malformed(f"{name} has no body", tokens[at].line)
    end = _closing(tokens, body)
    module.take(name, tokens[at].line)
    if attributes.keys() & {"vertex", "fragment"}:
        raise _forbidden(f"{name}: entry points other than compute", tokens[at])
    module.functions[name] = Function(
        name=name,
        attributes=attributes,
        text=tokens[opens : end + 1],
        parameters=tokens[opens + 1 : closes],
        opens=opens,
        body=body,
        line=tokens[at].line,
    )
    return end + 1


def _variable(module: Module, statement: Tokens, attributes: Attributes) -> None:
    at, line = 1, statement[0].line
    qualifiers: list[str] = []
    if len(statement) > 1 and statement[1].text == "<":
        end = next((i for i, token in enumerate(statement) if token.text == ">"), len(statement))
        qualifiers = [token.text for token in statement[2:end] if token.text != ","]
        at = end + 1
    name = _word(statement, at)
    space, access = ([*qualifiers, "", ""])[:2]
    if space not in ("private", "workgroup", "storage"):
        raise _forbidden(f"{name}: variables in the space {space or 'handle'!r}", statement[0])
    declared = split(statement[at + 1 :], "=")[0]
    if not declared or declared[0].text != ":":
        raise malformed(f"{name}: the type of a module-scope variable must be stated", line)
    module.take(name, line)
    module.variables[name] = Variable(name, space, access, declared[1:], attributes, line)


def _assigned(statement: Tokens) -> tuple[str, Tokens]:
    name = _word(statement, 1)
    for at, token in enumerate(statement):
        if token.text == "=":
            return name, statement[at + 1 :]
    raise malformed(f"{name} has no value", statement[0].line)


def _word(tokens: Tokens, at: int) -> str:
    if at >= len(tokens) or tokens[at].kind is not Kind.WORD:
        raise malformed("a name is missing", tokens[min(at, len(tokens) - 1)].line)
    return tokens[at].text


def _semicolon(tokens: Tokens, at: int) -> int:
    for end in range(at, len(tokens)):
        if tokens[end].text in ("{", "}"):
            break
        if tokens[end].text == ";":
            return end
    raise malformed("a semicolon is missing", tokens[at].line)


def _closing(tokens: Tokens, at: int) -> int:
    if at >= len(tokens) or tokens[at].text not in _OPENS:
        raise malformed("a bracket is missing", tokens[min(at, len(tokens) - 1)].line)
    depth = 0
    for end in range(at, len(tokens)):
        if tokens[end].text in _OPENS:
            depth += 1
        elif tokens[end].text in _CLOSES:
            depth -= 1
            if depth == 0:
                return end
    raise malformed("a bracket is not closed", tokens[at].line)


def _forbidden(what: str, token: Token) -> PackageError:
    return PackageError(Reason.FORBIDDEN_FEATURE, f"line {token.line}: not allowed: {what}")
