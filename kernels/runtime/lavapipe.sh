#!/bin/sh
# Makes sure that the executor finds an adapter: installs lavapipe where there is none and apt-get may.
# PYTHON (default: python3) must import kernels. Exits with 0 when there is no adapter either, because
# the commands then run on NumPy and say so.
set -u
python=${PYTHON:-python3}

# The executor's own rule. An OpenGL adapter, for example, does not count.
found() {
    "$python" -c 'import sys; from kernels.runtime import list_adapters; sys.exit(0 if list_adapters() else 3)'
}

found
status=$?
[ $status = 0 ] && exit 0
# Anything but 3 is an error in Python, which has been printed.
[ $status = 3 ] || exit $status
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then sudo=; else sudo="sudo -n"; fi
    echo "No Vulkan, Metal or D3D12 adapter found: installing lavapipe (mesa-vulkan-drivers)."
    $sudo apt-get update -qq &&
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            mesa-vulkan-drivers >/dev/null
    found && exit 0
fi
echo "No Vulkan, Metal or D3D12 adapter, and lavapipe could not be installed: going on with NumPy; install a Vulkan driver (Debian: apt-get install mesa-vulkan-drivers) and run \`make adapter\` to use the WGSL kernels." >&2
exit 0
