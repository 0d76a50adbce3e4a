#!/bin/sh
# Build solana-test-validator from crates.io (about 20 minutes on 2 cores) and install it to cargo's bin folder.
set -eu
version=4.1.1

command -v solana-test-validator >/dev/null && { solana-test-validator --version; exit 0; }
command -v cargo >/dev/null || { echo "cargo is needed: install Rust with rustup" >&2; exit 2; }
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq clang libclang-dev libudev-dev protobuf-compiler libssl-dev pkg-config cmake
fi
CARGO_PROFILE_RELEASE_OPT_LEVEL=1 cargo install agave-validator --version "$version" --locked --bin solana-test-validator
