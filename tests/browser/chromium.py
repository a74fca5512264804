"""Finds a Chromium for the browser tests, or installs one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL_S = 600
FLAGS = ("--no-sandbox", "--enable-unsafe-swiftshader", "--use-gl=angle", "--use-angle=swiftshader")
"""A map needs WebGL; without a graphics card SwiftShader draws it."""


def find_or_install(playwright: Playwright, tell: Callable[[str], None]) -> str | None:
    """The path of a Chromium; ``tell`` hears which one and where it came from. None where there is no way to one."""
    found = _on_path() or _playwrights_own(playwright)
    if found:
        tell(f"browser: {found}")
        return found
    tell("browser: none found, installing Chromium with Playwright")
    if _run(sys.executable, "-m", "playwright", "install", "chromium") and (own := _playwrights_own(playwright)):
        tell(f"browser: {own} (installed by Playwright)")
        return own
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    tell("browser: installing Chromium with apt-get")
    if not _run("apt-get", "update") or not _run("apt-get", "install", "--yes", "chromium"):
        return None
    found = _on_path()
    tell(f"browser: {found} (installed by apt-get)")
    return found


def _on_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _playwrights_own(playwright: Playwright) -> str | None:
    path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=INSTALL_S, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
