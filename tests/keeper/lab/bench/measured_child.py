"""Stands for a measurement's process: what it does is its first argument."""

import os
import signal
import sys

from keeper.lab.bench.models.figures import Obstacle, dumped

if __name__ == "__main__":
    match sys.argv[1]:
        case "obstacle":
            sys.stdout.write(f"progress\n{dumped(Obstacle(sys.argv[2]))}\n")
        case "crash":
            sys.stderr.write("out of luck\n")
            sys.exit(3)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            signal.pause()
