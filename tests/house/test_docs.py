import importlib.util
import re
from pathlib import Path

import pytest

from saqta.model.catalogue import KINDS

ROOT = Path(__file__).parents[2]


def generated() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.pages())


@pytest.mark.parametrize("name", ["events.md", "states.md", "settings.md", "commands.md"])
def test_pages_drawn_from_the_code_are_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == generated()[name], "run: python docs/generate.py"


def test_every_kind_stands_in_the_catalogue_page() -> None:
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## (saqta\.\S+)$", page, flags=re.M)) == set(KINDS)


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")), ids=lambda path: path.name
)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
