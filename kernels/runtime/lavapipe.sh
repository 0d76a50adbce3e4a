#!/bin/sh
# Makes sure that wgpu finds an adapter: installs lavapipe where none exists and the system allows it.
# Never fails: without an adapter the NumPy executor is used, and the commands say so.
set -u
python=${PYTHON:-python3}

found() {
    "$python" - 2>/dev/null <<'PY'
import sys, wgpu
sys.exit(0 if wgpu.gpu.enumerate_adapters_sync() else 1)
PY
}

found && exit 0
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then sudo=; else sudo="sudo -n"; fi
    echo "No GPU adapter found: installing lavapipe (mesa-vulkan-drivers)."
    $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq mesa-vulkan-drivers >/dev/null
fi
found || echo "No GPU adapter, and lavapipe could not be installed: continuing with the NumPy executor. Install a Vulkan driver (Debian: mesa-vulkan-drivers) to use WGSL kernels." >&2
exit 0
