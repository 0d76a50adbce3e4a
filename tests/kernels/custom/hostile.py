"""Hostile WGSL sources of twenty families, generated from a seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kernels.custom import KernelPackage
from tests.kernels.custom.examples import OUTPUT, single

FAMILY_SIZE = 10
OUTPUT_BYTES = 256
START = "@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) at: u32)"

Random = random.Random
Make = Callable[[Random], str]


@dataclass(frozen=True, slots=True)
class Hostile:
    """A source of one family; `refused` means that it must not reach a compiler."""

    family: str
    source: str
    refused: bool

    @property
    def package(self) -> KernelPackage:
        """Returns a package with one stage and an output of 256 bytes; raises PackageError."""
        return single(self.source, OUTPUT_BYTES)


def hostile_sources(seed: int) -> Iterator[Hostile]:
    """Yields FAMILY_SIZE sources per family; equal seeds give equal sources."""
    for family, (make, refused) in FAMILIES.items():
        rng = Random(f"{seed}/{family}")
        for _ in range(FAMILY_SIZE):
            yield Hostile(family, make(rng), refused)


def _kernel(body: str, before: str = "") -> str:
    return f"{OUTPUT}{before}\n{START} {{ {body} }}"


def _endless(rng: Random) -> str:
    step = rng.choice(["y[at] += 1u;", "y[at % 7u] ^= at;", "y[0] = y[at] * 3u;", ";"])
    form = rng.choice(
        [
            "loop {{ {s} }}",
            "while y[63] != 1u {{ {s} }}",
            "for (;;) {{ {s} }}",
            "for (var i = 0u; true; i -= 1u) {{ {s} }}",
            "for (var i = 1u; i > 0u; i = i | 1u) {{ {s} continue; }}",
            "loop {{ {s} continuing {{ {s} break if y[at] == 99u && y[at] == 98u; }} }}",
            "loop {{ switch at {{ case 0u: {{ break; }} default: {{ {s} continue; }} }} }}",
        ]
    )
    return _kernel(form.format(s=step))


def _nested(rng: Random) -> str:
    depth, turns = rng.randint(2, 6), rng.choice([1000, 65_000, 4_000_000_000])
    head = "".join(f"for (var i{n} = 0u; i{n} < {turns}u; i{n}++) {{ " for n in range(depth))
    return _kernel(head + "y[at] += 1u;" + "}" * depth)


def _constants(rng: Random) -> str:
    many = rng.randint(300, 8000)
    return _kernel(
        rng.choice(
            [
                f"y[0] = {' + '.join(['1u'] * many)};",
                f"y[0] = {'9' * rng.randint(65, 2000)}u;",
                f"y[0] = u32({'1.' + '0' * rng.randint(65, 400)});",
                f"y[0] = {'y[0] * ' * many} 1u;",
                f"let v = vec4<u32>(1u).{'xyzw.' * 300}x;",
            ]
        )
    )


def _index(rng: Random) -> str:
    wild = rng.choice([64, 65, 2**16, 2**30, 2**31, 2**32 - 1, rng.getrandbits(32)])
    return rng.choice(
        [f"(at + {wild}u)", f"(at * {wild}u + 77u)", f"(0u - at - {wild % 1000 + 1}u)"]
    )


def _reads(rng: Random) -> str:
    before = "var<workgroup> w: array<u32, 64>; var<private> p: array<vec4<u32>, 16>;"
    return _kernel(
        f"var f: array<u32, 32>; y[at] = y[{_index(rng)}] | w[{_index(rng)}] | f[{_index(rng)}] "
        f"| p[{_index(rng)}][{_index(rng)}];",
        before,
    )


def _writes(rng: Random) -> str:
    before = "var<workgroup> w: array<u32, 64>; var<private> p: array<vec4<u32>, 16>;"
    return _kernel(
        f"var f: mat4x4<f32>; y[{_index(rng)}] = at; w[{_index(rng)}] = 3u; "
        f"p[{_index(rng)}][{_index(rng)}] = 4u; f[{_index(rng)}][{_index(rng)}] = 1.0;",
        before,
    )


def _atomics(rng: Random) -> str:
    call = rng.choice(["Add", "Sub", "Max", "Min", "And", "Or", "Xor", "Exchange"])
    store = OUTPUT.replace("array<u32>", "array<atomic<u32>>")
    return (
        f"{store}var<workgroup> w: array<atomic<i32>, 16>;\n{START} {{ "
        f"atomic{call}(&y[{_index(rng)}], {rng.getrandbits(31)}u); "
        f"atomic{call}(&w[{_index(rng)}], -1); "
        f"atomicCompareExchangeWeak(&y[{_index(rng)}], 0u, at); }}"
    )


def _barriers(rng: Random) -> str:
    call = rng.choice(["workgroupBarrier", "storageBarrier"])
    odd = rng.choice(["at % 2u == 0u", f"at < {rng.randint(1, 63)}u", "y[at] == 0u"])
    return _kernel(
        rng.choice(
            [
                f"if {odd} {{ {call}(); }} y[at] = 1u;",
                f"for (var i = 0u; i < at; i++) {{ {call}(); }}",
                f"if {odd} {{ return; }} {call}(); y[at] = 2u;",
                f"loop {{ if {odd} {{ break; }} {call}(); }}",
            ]
        )
    )


def _deep(rng: Random) -> str:
    deep = rng.randint(65, 9000)
    return _kernel(
        rng.choice(
            [
                f"y[0] = {'(' * deep}1u{')' * deep};",
                f"y[0] = {'y[' * deep}0{']' * deep};",
                "{" * deep + "}" * deep,
                f"y[0] = {'~' * deep}1u;",
                f"y[0] = u32({'- ' * deep}1);",
                "if at == 0u {} " + "else if at == 1u {} " * deep,
                f"var v: {'array<' * 300}u32{', 1>' * 300};",
                f"y[0] = {'min(1u, ' * deep}1u{')' * deep};",
                "(" * deep,
            ]
        )
    )


def _bindings(rng: Random) -> str:
    other = rng.choice(
        [
            "@group(1) @binding(0) var<storage, read_write> y: array<u32>;",
            f"@group(0) @binding({rng.randint(1, 2**32)}) var<storage, read_write> y: array<u32>;",
            "@group(0) @binding(0) var<storage, read> y: array<u32>;",
            "@group(0) @binding(0) var<uniform> y: array<vec4<u32>, 4>;",
            OUTPUT + OUTPUT.replace(" y:", " z:"),
            OUTPUT + "@group(0) @binding(1) var<storage, read_write> z: array<u32>;",
            "@binding(0) var<storage, read_write> y: array<u32>;",
            "@group(0) @binding(-1) var<storage, read_write> y: array<u32>;",
            "@group(0) @binding(0) @binding(0) var<storage, read_write> y: array<u32>;",
            "var<push_constant> y: array<u32, 4>;",
        ]
    )
    use = "let u = z[0];" if " z:" in other else "let u = y[0];"
    return f"{other}\n{START} {{ {use} }}"


def _workgroups(rng: Random) -> str:
    size = rng.choice(["4294967295", "257", "16, 16, 2", "1, 1, 65", "0", "256, 256", "X, 2"])
    words = rng.randint(4097, 10**9)
    start = START.replace("64", size)
    if rng.random() < 0.5:
        return _kernel("w[at] = 1u;", f"var<workgroup> w: array<u32, {words}>;")
    return f"const X = 128u * 2u;\n{OUTPUT}{start} {{ y[at] = 1u; }}"


def _unwritten(rng: Random) -> str:
    kind = rng.choice(["array<u32, 64>", "array<vec4<u32>, 16>", "array<array<u32, 4>, 16>"])
    one = "" if kind == "array<u32, 64>" else "[at % 4u]"
    count = 64 if not one else 16
    return _kernel(
        f"var f: {kind}; y[at] = y[at] | w[at % {count}u]{one} | p[at % {count}u]{one} "
        f"| f[at % {count}u]{one};",
        f"var<workgroup> w: {kind}; var<private> p: {kind};",
    )


def _enormous(rng: Random) -> str:
    count = rng.choice([2**32 - 1, 2**31, 2**24, 100_000, rng.randint(2049, 2**32)])
    before, body = rng.choice(
        [
            (f"var<private> p: array<u32, {count}>;", "y[0] = p[at];"),
            (f"const N = {count}; var<private> p: array<u32, N>;", "y[0] = p[at];"),
            (f"alias A = array<u32, {count}>;", "var f: A; y[0] = f[at];"),
            (f"struct S {{ a: array<u32, {count}>, b: u32 }}", "var f: S; y[0] = f.b;"),
            ("struct S { @size(4000000000) a: u32 }", "var f: S; y[0] = f.a;"),
            ("alias A = array<array<array<u32, 999>, 999>, 999>;", "var f: A; y[0] = f[0][0][0];"),
            ("", f"var f: array<u32, {count}>; y[0] = f[at];"),
            ("", "let a = array(1u, 2u); let b = array(a, a, a); y[0] = b[0][0];"),
            (f"const C = array<u32, {count}>();", "y[0] = C[at];"),
            ("struct S { a: S }", "var f: S;"),
        ]
    )
    return _kernel(body, before)


def _giant(rng: Random) -> str:
    filler = rng.choice(
        [
            "/*" * rng.randint(2, 30_000),
            "fn " + "a" * rng.randint(65, 60_000) + "() {}",
            "".join(f"fn f{n}() {{ f{n + 1}(); f{n + 1}(); }} " for n in range(40)) + "fn f40() {}",
            "".join(f"const c{n} = c{n + 1} + c{n + 1};" for n in range(500)) + "const c500 = 1;",
            "const a = 1;" * 2000,
        ]
    )
    return _kernel("f0();" if "fn f0" in filler else "var z: array<u32, c0>;", filler)


def _malformed(rng: Random) -> str:
    text = list(_kernel("for (var i = 0u; i < 9u; i++) { y[at] += i; }"))
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(text))
        text[at] = rng.choice(["", "\x7f", "`", '"', "#", "\\", "{", "}", "0x", "@", "é", "\x1b"])
    return "".join(text)[: rng.randint(40, len(text))]


def _unicode(rng: Random) -> str:
    trick = rng.choice(["\u2028", "\u2029", "\x85", "\u202e", "\ufeff", "\u200b", "\u0430"])
    return rng.choice(
        [
            f"{OUTPUT}{START} {{ // quiet {trick} loop {{ y[at] += 1u; }}\n }}",
            f"{OUTPUT}{START} {{ lo{trick}op {{ y[at] += 1u; }} }}",
            f"{trick}{OUTPUT}{START} {{ y[at] = 1u; }}",
            f"{OUTPUT}{START} {{ /* /* {trick} */ loop {{ }} */ y[at] = 1u; }}",
            f"{OUTPUT}{START} {{ var {trick}i = 0u; y[at] = {trick}i; }}",
        ]
    )


def _aliasing(rng: Random) -> str:
    before = (
        "var<private> p: array<u32, 64>; fn both(a: ptr<private, array<u32, 64>>, "
        "b: ptr<private, array<u32, 64>>, i: u32) { (*a)[i] = (*b)[i + 1u] + 1u; p[i] = (*a)[i]; }"
    )
    return _kernel(
        f"both(&p, &p, {_index(rng)}); let q = &y; let r = &(*q)[{_index(rng)}]; *r = p[at]; "
        f"(*q)[{_index(rng)}] = *r;",
        before,
    )


def _arithmetic(rng: Random) -> str:
    zero = rng.choice(["y[0]", "(at - at)", "u32(0.5)"])
    return _kernel(
        rng.choice(
            [
                f"y[at] = at / {zero}; y[at + 1u] = at % {zero};",
                f"y[at] = u32((-2147483647 - 1) / (i32({zero}) - 1));",
                f"y[at] = at << ({zero} + 99u); y[0] = at >> ({zero} + 4294967295u);",
                f"y[at] = u32(i32(1.0 / f32({zero}))); y[0] = u32(-1e38 * f32(at));",
                f"y[at] = extractBits(at, {zero} + 31u, 99u); y[1] = firstLeadingBit({zero});",
                f"y[at] = vec4<u32>(at)[{zero} + 9u];",
            ]
        )
    )


def _nan(rng: Random) -> str:
    made = rng.choice(["sqrt(f32(at) - 99.0)", "log(-f32(at) - 1.0)", "f32(y[0]) / f32(y[1])"])
    return _kernel(
        f"let n = {made}; y[u32(n)] = 1u; y[i32(n)] = 2u; y[at] = y[u32(n * 1e38)]; "
        f"if n != n {{ y[bitcast<u32>(n)] = 3u; }}"
    )


def _features(rng: Random) -> str:
    return _kernel("y[at] = 1u;") + rng.choice(
        [
            "@group(0) @binding(1) var t: texture_2d<f32>;",
            "@group(0) @binding(1) var s: sampler;",
            "@id(0) override n: u32 = 4294967295u;",
            "override n = 1u;",
            "var<storage> late: u32;",
            "var<workgroup, read> w = 3;",
            "@vertex fn v() -> @builtin(position) vec4<f32> { return vec4<f32>(); }",
            "@fragment fn f() {}",
            "fn g() { let z = array(1, 2); }",
            "enable f16;",
            "enable subgroups;",
            "requires unrestricted_pointer_parameters;",
            "diagnostic(off, derivative_uniformity);",
            "@diagnostic(off, x) fn d() {}",
            "var<private> neurolov_turns: u32;",
        ]
    )


def _calls(rng: Random) -> str:
    depth = rng.randint(12, 60)
    kind = rng.randrange(3)
    if kind == 0:
        before = "".join(
            f"fn f{n}(a: u32) -> u32 {{ return f{n + 1}(a) + f{n + 1}(a + 1u); }} "
            for n in range(depth)
        )
        before += f"fn f{depth}(a: u32) -> u32 {{ return {' + '.join(['a'] * 200)}; }}"
        return _kernel("y[at] = f0(at);", before)
    if kind == 1:
        ring = rng.randint(1, 9)
        before = "".join(f"fn f{n}() {{ f{(n + 1) % ring}(); }} " for n in range(ring))
        return _kernel("f0();", before)
    cases = " ".join(f"case {n}u: {{ y[0] = {n}u; }}" for n in range(rng.randint(1025, 1500)))
    return _kernel(f"switch at {{ {cases} default: {{}} }}")


FAMILIES: dict[str, tuple[Make, bool]] = {
    "endless loops": (_endless, False),
    "nested loops": (_nested, False),
    "huge constants": (_constants, True),
    "reads out of bounds": (_reads, False),
    "writes out of bounds": (_writes, False),
    "atomics out of bounds": (_atomics, False),
    "barriers in odd flow": (_barriers, False),
    "deep nesting": (_deep, True),
    "wrong bindings": (_bindings, True),
    "workgroups too large": (_workgroups, True),
    "unwritten memory": (_unwritten, False),
    "enormous arrays": (_enormous, True),
    "giant sources": (_giant, True),
    "malformed tokens": (_malformed, False),
    "unicode": (_unicode, False),
    "pointer aliasing": (_aliasing, False),
    "undefined arithmetic": (_arithmetic, False),
    "indices that are no numbers": (_nan, False),
    "features": (_features, True),
    "runaway calls": (_calls, True),
}
