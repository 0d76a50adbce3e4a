"""Writes the WGSL of a group of operations."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kernels.onnx.tolerant.fusion import Group
from kernels.onnx.tolerant.operation import Operation, Read, rewritten, written
from kernels.onnx.tolerant.wgsl import WORKGROUP, used_functions

MAX_GROUPS = 65_535
MAX_BINDINGS = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a buffer's elements are: in a device's buffer, from word `offset` on.

    `lane` is the elements' type; other types may be in other parts of the same buffer.
    """

    buffer: int
    lane: str
    read_only: bool
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """One dispatch; the last buffer is written, the others are read.

    offsets: the word from which on each buffer is bound.
    """

    source: str
    buffers: tuple[int, ...]
    offsets: tuple[int, ...]
    workgroups: tuple[int, int, int]


def stage(group: Group, places: Mapping[int, Place]) -> Stage:
    """Returns the stage that computes a group.

    Parts of one buffer are bound one by one, or else once and whole where a kernel would bind too
    many buffers.
    """
    reads = group.reads
    read = {each.buffer for each in reads}
    vectors = frozenset(each.buffer for each in reads if each.vector)
    shared = len({places[at].buffer for at in read}) < len(read)
    apart = len(read) < MAX_BINDINGS or not shared or bool(vectors)
    return _Writer(group, places, vectors, apart).stage()


@dataclass(slots=True)
class _Writer:
    group: Group
    places: Mapping[int, Place]
    # The buffers that are read as vectors, wherever they are read.
    vectors: frozenset[int]
    apart: bool
    # By buffer and first word: the name.
    bindings: dict[tuple[int, int], str] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    called: dict[int, str] = field(default_factory=dict)

    def stage(self) -> Stage:
        group, root = self.group, self.group.root
        head = group.head
        if head is not None and head.invocations is not None:
            body = self._tiled(head)
            count = head.invocations
        else:
            count = root.size
            body = (
                f"if (i >= {count}u) {{ return; }}\n    {self._chain(group)}\n"
                f"    out[i] = {root.element.store};"
            )
        groups = -(-count // WORKGROUP)
        across = min(groups, MAX_GROUPS)
        down = -(-groups // across)
        index = "id.x" if down == 1 else f"id.y * {across * WORKGROUP}u + id.x"
        lane = root.element.lane
        body = "\n".join(
            [
                *self.functions,
                f"@compute @workgroup_size({WORKGROUP})",
                "fn main(@builtin(global_invocation_id) id: vec3u) {",
                f"    let i = {index};",
                f"    {body}",
                "}",
            ]
        )
        out = (
            f"@group(0) @binding({len(self.bindings)}) var<storage, read_write> out: array<{lane}>;"
        )
        source = "\n".join([*self.declared, out, used_functions(body), body])
        buffers = [buffer for buffer, _ in self.bindings]
        offsets = [offset for _, offset in self.bindings]
        target = self.places[root.target].buffer
        return Stage(source, (*buffers, target), (*offsets, 0), (across, down, 1))

    def _tiled(self, head: Operation) -> str:
        """Returns the code of a head that writes its elements itself, through the rest."""
        rest = self.group.chain[1:]
        lane = head.element.lane
        finish = ""
        if rest:
            inner = self._chain(Group(rest, None, self.group.called), {head.target: "head"})
            root = self.group.root.element
            self.functions.append(
                f"fn finish(i: u32, head: {lane}) -> {root.lane} {{\n    {inner}\n"
                f"    return {root.store};\n}}"
            )
            finish = "finish"

        def stored(place: str, value: str) -> str:
            if not finish:
                return f"out[{place}] = {value};"
            return f"{{ let place = {place}; out[place] = finish(place, {value}); }}"

        return written(self._code(head, {}), stored)

    def _chain(self, group: Group, known: Mapping[int, str] | None = None) -> str:
        """Returns code that computes lane `r` of the last of a chain for element i."""
        names = dict(known or {})
        parts = []
        for number, operation in enumerate(group.chain[:-1]):
            name = f"held{number}"
            names[operation.target] = name
            code = self._code(operation, names)
            parts.append(
                f"var {name}: {operation.element.lane}; "
                f"{{ {code} {name} = {operation.element.store}; }}"
            )
        return "\n    ".join([*parts, self._code(group.root, names)])

    def _code(self, operation: Operation, names: Mapping[int, str]) -> str:
        def replaced(read: Read) -> str:
            if read.buffer in names:
                return names[read.buffer]
            if (callee := self._callee(read.buffer)) is not None:
                return f"{self._function(read.buffer, callee)}(u32({read.index}))"
            return self._stored(read)

        return rewritten(operation.code, operation.buffers, replaced)

    def _callee(self, buffer: int) -> Group | None:
        pending = [self.group]
        while pending:
            group = pending.pop()
            if buffer in group.called:
                return group.called[buffer]
            pending += group.called.values()
        return None

    def _function(self, buffer: int, group: Group) -> str:
        if buffer not in self.called:
            body = self._chain(group)
            name = self.called[buffer] = f"part{len(self.called)}"
            root = group.root.element
            self.functions.append(
                f"fn {name}(i: u32) -> {root.lane} {{\n    {body}\n    return {root.store};\n}}"
            )
        return self.called[buffer]

    def _stored(self, read: Read) -> str:
        place, vector = self.places[read.buffer], read.buffer in self.vectors
        # A buffer of constants that is bound whole has elements of all types.
        whole = not self.apart and place.read_only
        key = place.buffer, 0 if whole else place.offset
        kind = "u32" if whole else place.lane
        if key not in self.bindings:
            name = self.bindings[key] = f"a{len(self.bindings)}"
            access = "read" if place.read_only else "read_write"
            self.declared.append(
                f"@group(0) @binding({len(self.declared)}) var<storage, {access}> {name}: "
                f"array<{f'vec4<{kind}>' if vector else kind}>;"
            )
        name = self.bindings[key]
        if whole:
            return f"bitcast<{place.lane}>({name}[{place.offset}u + {read.index}])"
        if vector and not read.vector:
            return f"{name}[u32({read.index}) / 4u][u32({read.index}) % 4u]"
        return f"{name}[{read.index}]"
