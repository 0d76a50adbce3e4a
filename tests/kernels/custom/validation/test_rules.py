"""The rules on what a source may contain, one by one."""

from dataclasses import replace

import pytest

from kernels.custom import (
    PACKAGES,
    Buffer,
    Element,
    PackageError,
    Reason,
    Role,
    Stage,
    read_package,
)
from kernels.custom.validation import MAX_INVOCATIONS, bounded_sources, validate
from tests.kernels.custom.examples import (
    OUTPUT,
    OUTPUT_BUFFER,
    STAGE,
    TRIPLE,
    alone,
    single,
    triple,
)

MAIN = "@compute @workgroup_size(64) fn main() {"


def refusal(source: str, size: int = 4) -> PackageError:
    with pytest.raises(PackageError) as refused:
        validate(single(source, size))
    return refused.value


def test_the_shipped_packages_keep_the_rules() -> None:
    for manifest in PACKAGES.glob("*/manifest.toml"):
        validate(read_package(manifest.parent))
    validate(triple())


@pytest.mark.parametrize(
    "source",
    [
        f"requires packed_4x8_integer_dot_product;\n{OUTPUT}{MAIN} y[0] = dot4U8Packed(1u, 2u); }}",
        f"{OUTPUT}const A = 4u; const B = (A << 1) * 2u - 6 / 3; var<workgroup> w: array<f32, B>;"
        f"{MAIN} w[0] = 1.0; }}",
        f"struct S {{ a: vec3<f32>, b: array<mat4x4<f32>, 4> }} {OUTPUT}{MAIN} var s: S; }}",
        f"alias V = vec4f; {OUTPUT}{MAIN} var v = array<V, 3>(V(), V(), V()); }}",
        f"{OUTPUT}fn f(p: ptr<function, array<u32, 8>>) {{ (*p)[0] = 1u; }} {MAIN} }}",
        f"/* a /* nested */ comment */ {OUTPUT}{MAIN} // its end\n }}",
        "@group(0) @binding(0) var<storage, read_write> y: u32;"
        "@compute @workgroup_size(8, 8, 4,) fn main() { y = 1u; }",
        f"{OUTPUT}{MAIN} if y[0] < 1u && y[0] > 2u {{ y[0] = 3u; }} else if y[0] >= 3u {{ }} }}",
        f"{OUTPUT}const_assert 1 < 2; {MAIN} y[0] = u32(0x1p4) + u32(1e3f) + 0xFFu; }}",
    ],
)
def test_what_is_allowed_passes(source: str) -> None:
    validate(single(source))


@pytest.mark.parametrize(
    ("reason", "source", "told"),
    [
        (Reason.BAD_SOURCE, OUTPUT + MAIN, "is missing"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{MAIN} }} )", "closes nothing"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{MAIN} /* }}", "comment without an end"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{MAIN} y[0] = 1é; }}", "outside a comment"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{MAIN} y[0] = 1x; }}", "runs into a word"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{MAIN} {'a' * 65} }}", "word of 65"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{MAIN} {'1' * 65} }}", "number of 65"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{MAIN} let neurolov_turns = 1; }}", "reserved"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{OUTPUT}{MAIN} }}", "declared twice"),
        (Reason.BAD_SOURCE, f"{OUTPUT}fn workgroupBarrier() {{ }} {MAIN} }}", "WGSL's own"),
        (Reason.BAD_SOURCE, f"alias vec4f = u32; {OUTPUT}{MAIN} }}", "WGSL's own"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{MAIN} main(); }}", "calls itself"),
        (Reason.BAD_SOURCE, f"{OUTPUT}@compute fn main() {{ }}", "no workgroup_size"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{MAIN} var a = array(1, 2); }}", "array<T, N>"),
        (Reason.BAD_SOURCE, f"{OUTPUT}var<private> p: array<u32>; {MAIN} }}", "without a length"),
        (Reason.BAD_SOURCE, f"{OUTPUT}var<private> p: array<u32, 1 / 0>; {MAIN} }}", "zero"),
        (Reason.BAD_SOURCE, f"{OUTPUT}var<private> p: array<u32, f()>; {MAIN} }}", "no size"),
        (Reason.BAD_SOURCE, f"{OUTPUT}var<private> p = 3; {MAIN} }}", "must be stated"),
        (Reason.BAD_SOURCE, f"{OUTPUT}{MAIN} for (loop; ; ) {{ }} }}", "head of a loop"),
        (Reason.BAD_ENTRY_POINT, f"{OUTPUT}fn main() {{ }}", "not a compute entry point"),
        (Reason.FORBIDDEN_FEATURE, f"enable f16; {OUTPUT}{MAIN} }}", "enable"),
        (Reason.FORBIDDEN_FEATURE, f"requires chromium_magic; {OUTPUT}{MAIN} }}", "magic"),
        (Reason.FORBIDDEN_FEATURE, f"diagnostic(off, x); {OUTPUT}{MAIN} }}", "diagnostic"),
        (Reason.FORBIDDEN_FEATURE, f"{OUTPUT}override n = 1u; {MAIN} }}", "override"),
        (Reason.FORBIDDEN_FEATURE, f"{OUTPUT}var t: texture_2d<f32>; {MAIN} }}", "handle"),
        (Reason.FORBIDDEN_FEATURE, f"{OUTPUT}var<uniform> u: u32; {MAIN} }}", "uniform"),
        (Reason.FORBIDDEN_FEATURE, f"{OUTPUT}@vertex fn v() {{ }} {MAIN} }}", "compute"),
        (Reason.BAD_BINDING, OUTPUT.replace("group(0)", "group(1)") + MAIN + "}", "group 0"),
        (Reason.BAD_BINDING, OUTPUT.replace("binding(0)", "binding(1)") + MAIN + "}", "binding 0"),
        (Reason.BAD_BINDING, OUTPUT.replace("read_write", "read") + MAIN + "}", "read_write"),
        (Reason.BAD_BINDING, OUTPUT.replace("@binding(0)", "") + MAIN + "}", "group and a binding"),
        (
            Reason.BAD_BINDING,
            OUTPUT + OUTPUT.replace("0) var", "1) var").replace("y", "z") + MAIN + " z[0] = 1u; }",
            "no buffer of its own",
        ),
        (
            Reason.BAD_BINDING,
            OUTPUT + OUTPUT.replace("y:", "z:") + MAIN + " z[0] = y[0]; }",
            "no buffer of its own",
        ),
        (
            Reason.BUFFER_LIMIT,
            "@group(0) @binding(0) var<storage, read_write> y: array<u32, 2>;" + MAIN + "}",
            "8 bytes",
        ),
        (Reason.WORKGROUP_LIMIT, f"{OUTPUT}{MAIN}}}".replace("64", "16, 17"), "272 invocations"),
        (Reason.WORKGROUP_LIMIT, f"{OUTPUT}{MAIN}}}".replace("64", "1, 1, 65"), "at most"),
        (Reason.WORKGROUP_LIMIT, f"{OUTPUT}{MAIN}}}".replace("64", "0"), "at most"),
        (
            Reason.WORKGROUP_LIMIT,
            f"{OUTPUT}var<workgroup> w: array<u32, 4097>; {MAIN} w[0] = 1u; }}",
            "16388 bytes",
        ),
        (
            Reason.PRIVATE_LIMIT,
            f"{OUTPUT}var<private> a: array<u32, 2049>; {MAIN} }}",
            "8196 bytes",
        ),
        (Reason.PRIVATE_LIMIT, f"{OUTPUT}{MAIN} var a: array<u32, 2049>; }}", "8196 bytes"),
        (
            Reason.PRIVATE_LIMIT,
            f"struct S {{ @size(9000) a: u32 }} {OUTPUT}{MAIN} var a: S; }}",
            "9000 bytes",
        ),
        (
            Reason.PRIVATE_LIMIT,
            f"{OUTPUT}{MAIN} {'var a: array<u32, 2048>;' * 9} }}",
            "73728 bytes",
        ),
        (Reason.NESTING_LIMIT, f"{OUTPUT}{MAIN} {'{' * 64}{'}' * 64} }}", "64 levels"),
        (Reason.NESTING_LIMIT, f"{OUTPUT}{MAIN} y[0] = {'~' * 9}1u; }}", "8 prefix"),
        (Reason.NESTING_LIMIT, f"{OUTPUT}{MAIN} y[0] = {'1u+' * 256}1u; }}", "256 operators"),
        (
            Reason.NESTING_LIMIT,
            f"{OUTPUT}{MAIN} if true {{ }} {'else if true { } ' * 64} }}",
            "64 levels",
        ),
        (Reason.BAD_SOURCE, f"struct S {{ }} {OUTPUT}{MAIN} var s: S; }}", "struct of 0"),
        (
            Reason.NESTING_LIMIT,
            f"{OUTPUT}{MAIN} var a: {'array<' * 16}u32{', 1>' * 16}; }}",
            "types nest too deep",
        ),
        (Reason.NESTING_LIMIT, f"struct S {{ a: S }} {OUTPUT}{MAIN} var s: S; }}", "too deep"),
    ],
)
def test_what_breaks_a_rule_is_named(reason: Reason, source: str, told: str) -> None:
    error = refusal(source)
    assert error.reason is reason
    assert told in str(error)


def test_calls_that_double_at_every_step_are_refused() -> None:
    chain = "".join(f"fn g{n}() {{ g{n + 1}(); g{n + 1}(); }}" for n in range(16))
    assert refusal(f"{OUTPUT}{chain} fn g16() {{ }} {MAIN} g0(); }}").reason is Reason.NESTING_LIMIT


def test_calls_that_go_on_and_on_are_refused() -> None:
    chain = "".join(f"fn g{n}() {{ g{n + 1}(); }}" for n in range(64))
    error = refusal(f"{OUTPUT}{chain} fn g64() {{ }} {MAIN} }}")
    assert error.reason is Reason.NESTING_LIMIT
    assert "calls deeper than 64" in str(error)


def test_a_list_of_short_branches_is_no_nesting() -> None:
    validate(alone("if true { } else { } " * 200))


def test_a_stage_sees_only_what_its_entry_point_reaches() -> None:
    source = (
        OUTPUT
        + "@group(0) @binding(0) var<storage, read> x: array<f32>;"
        + "@group(0) @binding(1) var<storage, read_write> z: array<f32>;"
        + "@compute @workgroup_size(1) fn fill() { z[0] = x[0]; }"
        + "@compute @workgroup_size(1) fn main() { y[0] = 1u; }"
    )
    stages = (Stage(0, "fill", (1, 1, 1), (0, 1)), Stage(0, "main", (1, 1, 1), (1,)))
    validate(triple(sources=(source,), stages=stages))


def test_what_all_entry_points_cost_to_compile_is_counted_once_each() -> None:
    body = "y[0] += 1u; " * (1 << 11)
    functions = [f"fn part{at}() {{ {body} }}" for at in range(2)]
    calls = "part0(); part1(); " * 3
    entries = [f"@compute @workgroup_size(1) fn main{at}() {{ {calls} }}" for at in range(7)]
    source = OUTPUT + "\n".join((*functions, *entries))
    package = single(source)
    (stage,) = package.stages
    # Twelve times 2,048 statements of seven tokens in each entry point.
    stages = [replace(stage, entry_point=f"main{at}") for at in range(7)]
    validate(replace(package, stages=(stages[0],) * 8))
    with pytest.raises(PackageError, match="7 entry points have") as refused:
        validate(replace(package, stages=tuple(stages)))
    assert refused.value.reason is Reason.SOURCE_LIMIT


def test_a_part_of_a_buffer_has_room_for_the_declared_type() -> None:
    wide = Buffer(1024, Element.F32, Role.INPUT)
    source = TRIPLE.replace("array<f32>;", "array<f32, 64>;", 1)
    stage = replace(STAGE, offsets=(768, 0))
    package = triple(sources=(source,), buffers=(wide, OUTPUT_BUFFER), stages=(stage,))
    validate(package)
    longer = source.replace("64", "65")
    with pytest.raises(PackageError, match="x has 260 bytes, buffer 0 256") as refused:
        validate(replace(package, sources=(longer,)))
    assert refused.value.reason is Reason.BUFFER_LIMIT


def test_invocations_of_all_stages_are_counted_together() -> None:
    half = MAX_INVOCATIONS // 2 // 8
    stage = replace(STAGE, workgroups=(65536, half // 65536, 1))
    validate(triple(stages=(stage, stage)))
    with pytest.raises(PackageError, match="invocations") as refused:
        validate(triple(stages=(stage, stage, STAGE)))
    assert refused.value.reason is Reason.DISPATCH_LIMIT


def test_an_error_says_which_text_and_which_line() -> None:
    package = triple(
        sources=(TRIPLE, f"\n\n{OUTPUT}enable f16;"),
        stages=(STAGE, Stage(1, "main", (1, 1, 1), (1,))),
    )
    with pytest.raises(PackageError, match=r"^ForbiddenFeature: source 1: line 4: not allowed"):
        validate(package)


def test_loops_are_bounded_on_their_own_lines_and_comments_dropped() -> None:
    body = "// one\nfor (var i = 0u; i < 9u; i++) {\n /* two\n */ while true { loop { } } }"
    package = alone(body)
    (found,) = bounded_sources(package)
    assert "one" not in found
    assert "two" not in found
    assert found.count("neurolov_turns += 1u;") == 3
    lines, before = found.splitlines(), package.sources[0].splitlines()
    assert len(lines) == len(before)
    assert [at for at, line in enumerate(lines) if "for" in line] == [
        at for at, line in enumerate(before) if "for" in line
    ]


@pytest.mark.parametrize("end", ["\n", "\v", "\f", "\r", "\x85", "\u2028", "\u2029"])
def test_a_comment_hides_no_loop_whatever_ends_its_line(end: str) -> None:
    (found,) = bounded_sources(alone(f"// quiet{end} loop {{ y[0] += 1u; }}\n"))
    assert found.count("neurolov_turns += 1u;") == 1
