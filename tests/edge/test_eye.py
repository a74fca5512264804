"""The eye against rendered scenes with their full truth: thirty of the seeds that ``saqta bench eye`` takes."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from saqta.model.errors import InputError
from saqta.simulate import labels
from saqta.simulate.labels import Counted, Left

BENCH = Path(__file__).parents[2] / "bench/eye.py"


@pytest.fixture(scope="module")
def eye() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_eye", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.timeout(600)
def test_finds_what_was_left_and_nothing_else(eye: ModuleType) -> None:
    seen = [eye.see(seed) for seed in range(1, 31)]
    figures = {figure["name"]: figure["value"] for figure in eye.scored(seen)}
    assert figures["eye scenes"] == 30
    assert figures["eye abandoned recall"] >= 0.8
    assert sum(len(scene.false) for scene in seen) <= 1
    assert figures["eye put-down error, median"] <= 0.5


def test_reads_what_is_known_of_clips(tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    file.write_text(
        '{"clips": {"a.mp4": {"line": {"p1": [0, 0.5], "p2": [1, 0.5], "p1_px": [0, 90]}, "total": 4, "uncertainty": 1,'
        ' "left": [{"box": [0.1, 0.2, 0.3, 0.4], "put_down_s": 3.5}]},'
        ' "b.mp4": {"left_behind": false, "uncertainty": "some"}}}'
    )
    known = labels.read(file)
    assert known["a.mp4"].counted == Counted(line=(0.0, 0.5, 1.0, 0.5), total=4, uncertainty=1)
    assert known["a.mp4"].left == (Left(box=(0.1, 0.2, 0.3, 0.4), put_down_s=3.5),)
    assert known["b.mp4"] == labels.Label(left=())
    for wrong in ("{", '{"clips": {"a.mp4": {"left": [{"box": [1]}]}}}'):
        file.write_text(wrong)
        with pytest.raises(InputError, match="labels"):
            labels.read(file)
    file.write_bytes(b'{"clips": {"\xff.mp4": {}}}')
    with pytest.raises(InputError, match="labels"):
        labels.read(file)
    with pytest.raises(InputError, match="labels"):
        labels.read(tmp_path / "none.json")
