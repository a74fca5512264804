"""A program that appends, runs a step and takes commands until it is killed; says what was acknowledged.

Started as ``python -m log.killed FOLDER ROUND``; each line on standard output is the id of an event that is durable.
"""

import os
import sys
import threading
from itertools import count
from pathlib import Path

from log.made import START_MS, STEP, alert
from saqta.log.checkpoints import Checkpointer
from saqta.log.runner import Runner
from saqta.log.sqlite import SqliteLog
from saqta.log.tables import SqliteTables
from saqta.model.command import Context, Note

WRITERS = 4


def main(data: Path, round_: int) -> None:
    log, tables = SqliteLog(data / "log.db", lambda: START_MS), SqliteTables(data / "views.db")
    Checkpointer(data, log, every_s=0.05)
    runner = Runner(STEP, log, tables)
    threading.Thread(target=runner.run, args=(threading.Event(),), daemon=True).start()

    def write(writer: int) -> None:
        for n in count(round_ * 1_000_000 + writer * 100_000, 3):
            batch = [alert(n + k) for k in range(1 + n % 3)]
            log.append(batch)
            acknowledge(*(event.id for event in batch))

    def ask() -> None:
        for n in count():
            context = Context(actor="user/alice", key=f"{round_}-{n}", now_ms=START_MS)
            events = runner.command(Note(incident=f"I{n % 5}", text=context.key), context)
            acknowledge(*(recorded.event.id for recorded in events))

    for writer in range(WRITERS):
        threading.Thread(target=write, args=(writer,), daemon=True).start()
    ask()


def acknowledge(*ids: str) -> None:
    os.write(1, "".join(f"{id}\n" for id in ids).encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
