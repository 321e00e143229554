"""The browser for the browser tests: the platform's own, installed by its package manager where allowed."""

import os
import shutil
import subprocess
from collections.abc import Callable

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = "No Chromium was found: install the package chromium, or set CROSSWALK_CHROMIUM to its program."


def find() -> str | None:
    """The program named by CROSSWALK_CHROMIUM, else the first known name on PATH."""
    named = os.environ.get("CROSSWALK_CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install(say: Callable[[str], None]) -> str | None:
    """Install it where we are root and there is apt-get. Returns why it could not be had, or None."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return MISSING
    say("Chromium is missing: installing the package chromium")
    for arguments in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "chromium"]):
        done = subprocess.run(
            ["apt-get", *arguments],
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return f"{MISSING} apt-get {arguments[0]} failed: {last}"
    return None if find() else MISSING
