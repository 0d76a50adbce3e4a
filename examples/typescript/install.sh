#!/bin/sh
# Installs Node.js where there is none and this machine may, then the example's pinned packages.
set -eu
cd "$(dirname "$0")"

if ! command -v npm >/dev/null; then
    if [ "$(id -u)" = 0 ]; then sudo=; else sudo="sudo -n"; fi
    if ! { command -v apt-get >/dev/null && $sudo true 2>/dev/null; }; then
        echo "Node.js 18 or newer and npm are needed: install them, then repeat this command" >&2
        exit 2
    fi
    echo "No Node.js found: installing nodejs and npm."
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
fi
npm ci --loglevel error
