"""Builds static/icons.svg from a folder of Tabler outline icons. It knows nothing of who uses an icon."""

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

SHAPES = re.compile(r"<(?:path|circle|rect|line)\b[^>]*/>")
# Tabler's invisible frame of every icon.
FRAME = 'd="M0 0h24v24H0z"'
NAME = re.compile(r'<symbol id="i-([a-z0-9-]+)"')


class Command(BaseCommand):
    help = "Rebuilds static/icons.svg with the icons that it holds and those that are named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="icons/outline of the package @tabler/icons")
        parser.add_argument("names", nargs="*", help="icons to add, such as git-merge")

    def handle(self, *args: Any, **options: Any) -> None:
        sprite = Path(settings.BASE_DIR) / "static" / "icons.svg"
        known = NAME.findall(sprite.read_text()) if sprite.exists() else []
        names = sorted({*known, *options["names"]})
        symbols = [symbol(options["folder"], name) for name in names]
        head = '<svg xmlns="http://www.w3.org/2000/svg">\n'
        sprite.write_text(f"{head}{''.join(symbols)}</svg>\n")
        self.stderr.write(f"{len(names)} icons, {sprite.stat().st_size:,} bytes.")


def symbol(folder: Path, name: str) -> str:
    source = folder / f"{name}.svg"
    if not source.is_file():
        raise CommandError(f"There is no icon {name} in {folder}. Nothing was written.")
    shapes = [shape for shape in SHAPES.findall(source.read_text()) if FRAME not in shape]
    body = re.sub(r"\s*/>", "/>", "".join(shapes))
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{body}</symbol>\n'
