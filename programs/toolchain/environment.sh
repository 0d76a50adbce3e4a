# Sourced by build. Installs what is missing and exports what cargo needs. When run by itself under
# bash -e, it only installs the toolchain.

LINKER_VERSION=0.2.6
toolchain=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=$(dirname "$toolchain")
repository=$(dirname "$programs")
cache=${SBPF_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/sbpf}
nightly=$(sed -n 's/^channel = "\(.*\)"$/\1/p' "$programs/rust-toolchain.toml")

command -v rustup >/dev/null || {
    echo "rustup is missing: install it from https://rustup.rs, then run this again" >&2
    exit 2
}
for tool in cc patch; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing: install it (Debian: apt-get install build-essential)," \
            "then run this again" >&2
        exit 2
    }
done
mkdir -p "$cache"
exec 9>"$cache/lock" && flock 9
[[ $(rustup toolchain list) == *"$nightly"* ]] ||
    rustup toolchain install "$nightly" --profile minimal \
        --component rust-src --component clippy --component rustfmt
# rustup hands this to its children, and anchor-lang-idl 0.1 mistakes it for an argument
unset RUSTUP_TOOLCHAIN

patched_std() {
    local sysroot
    sysroot=$(rustc "+$nightly" --print sysroot)
    # cargo hashes the standard library's path into symbols, so the path must be the same
    # everywhere for the bytes to be the same
    std="/tmp/sbpf-std-$nightly-$(sha256sum "$toolchain/std-solana.patch" | cut -c1-12)"
    if [ ! -d "$std" ]; then
        local fresh
        fresh=$(mktemp -d /tmp/sbpf-std.XXXXXX)
        cp -r --preserve=timestamps "$sysroot/lib/rustlib/src/rust/library" "$fresh/library"
        patch --quiet --directory "$fresh/library" --strip 1 <"$toolchain/std-solana.patch"
        chmod -R go-w "$fresh" && mv "$fresh" "$std"
    fi
    [ -O "$std" ] || { echo "$std belongs to another user: remove it" >&2; exit 2; }
    remapped="--remap-path-prefix=$programs=/programs \
--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo \
--remap-path-prefix=$std=/rust --remap-path-prefix=$sysroot=/rust"
}

linker() {
    [[ $("$cache/bin/sbpf-linker" --version 2>/dev/null) == "sbpf-linker $LINKER_VERSION"$'\n'* ]] ||
        cargo "+$nightly" install sbpf-linker --version "$LINKER_VERSION" --locked --force \
            --root "$cache"
}
