"""Files that are whole or not there, also when their writer was killed."""

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge import deadly
from saqta import registry
from saqta.edge.keeping.whole import begun, sweep, whole
from saqta.edge.node import CameraNode
from saqta.edge.plugins import Plugins
from saqta.model.errors import StorageError

WRITES_WITHOUT_END = {
    "keeps evidence": """
        from edge.test_evidence import blank
        from saqta.edge.keeping.evidence import Cut, keep
        frames = (told(blank(n / 10)) if n == 200 else blank(n / 10) for n in range(10**9))
        keep(folder, Cut("alert", [blank(0.0)]), frames)
    """,
    "seals an original": """
        from saqta.edge.keeping.originals import Group, keep_sealed
        from saqta.edge.keeping.sealing import make_keys, public_key
        groups = Groups([Group(0.0, 1.0, True, b"a" * 9999)] * 9)
        keep_sealed(folder, groups, public_key(make_keys()[0]))
    """,
    "writes a file": """
        from saqta.edge.keeping.whole import whole
        with whole(folder / "[out].mkv") as part:
            part.write_bytes(b"half")
            told(None)
            threading.Event().wait()
    """,
}


@contextmanager
def writing(folder: Path, what: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has begun to write, until the block ends."""
    script = folder.parent / "writer.py"
    script.write_text(
        textwrap.dedent(f"""
            import threading
            from pathlib import Path

            folder = Path({str(folder)!r})

            def told(one):
                print("begun", flush=True)
                return one

            class Groups(tuple):
                def __iter__(self):
                    yield told(self[0])
                    threading.Event().wait()

            if __name__ == "__main__":
        """)
        + textwrap.indent(textwrap.dedent(WRITES_WITHOUT_END[what]), "    ")
    )
    environment = os.environ | {"PYTHONPATH": f"{Path(__file__).parents[1]}:{os.environ.get('PYTHONPATH', '')}"}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "evidence"
    made.mkdir()
    return made


@pytest.mark.parametrize("what", ["keeps evidence", "seals an original"])
def test_what_a_killed_writer_of_evidence_left_is_swept_when_the_node_starts(folder: Path, what: str) -> None:
    (folder / f"{'a' * 64}.mp4").write_bytes(b"whole")
    with writing(folder, what):
        assert len(list(folder.iterdir())) == 2
    assert len(list(folder.iterdir())) == 2
    stop = threading.Event()
    stop.set()
    plugins = Plugins(registry.SOURCES, {}, {})
    CameraNode([], plugins, lambda events: None, folder, deadly.clock, 1).run(stop)
    assert [path.name for path in folder.iterdir()] == [f"{'a' * 64}.mp4"]


def test_what_a_killed_writer_left_goes_when_the_file_is_written_again(folder: Path) -> None:
    out = folder / "[out].mkv"
    with writing(folder, "writes a file"):
        with whole(out) as part:
            part.write_bytes(b"whole")
        assert len(list(folder.iterdir())) == 2, "who still writes is left alone"
    with whole(out) as part:
        part.write_bytes(b"whole")
    assert [path.name for path in folder.iterdir()] == [out.name]


def test_one_writers_files_are_swept_without_the_others(folder: Path) -> None:
    mine, other = begun(folder, "1"), folder / ".1.99999999.part.mp4"
    for path in (mine, other):
        path.write_bytes(b"half")
    sweep(folder, 99999999)
    assert [path.name for path in folder.iterdir()] == [mine.name]


def test_a_device_or_a_folder_is_not_replaced(tmp_path: Path) -> None:
    pipe, folder = tmp_path / "pipe.mkv", tmp_path / "folder.mkv"
    os.mkfifo(pipe)
    folder.mkdir()
    for out in (pipe, folder):
        with pytest.raises(StorageError, match="it is no file"), whole(out) as part:
            part.write_bytes(b"film")
    assert pipe.is_fifo()
    assert {path.name for path in tmp_path.iterdir()} == {"pipe.mkv", "folder.mkv"}
