"""``saqta serve``: the operations centre on its real sources."""

import signal
from typing import Annotated

import typer

from saqta import wiring
from saqta.commands.options import DATA, Data, SettingsFile
from saqta.config import load
from saqta.terminal import errors


def serve(
    data: Data = DATA,
    host: Annotated[str | None, typer.Option(help="The address to serve on; 127.0.0.1 unless set.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to serve on; 8102 unless set.", min=0, max=65535)] = None,
    settings: SettingsFile = None,
) -> None:
    """Run the operations centre on its real sources, until SIGTERM or Ctrl-C."""
    loaded = load(settings)
    host, port = host or loaded.serve.host, loaded.serve.port if port is None else port
    with wiring.opened(data) as folder:
        centre = wiring.Centre(folder, loaded, host, port)
        stop_on_signals(centre)
        with centre:
            errors.print(f"Saqta serves {centre.address}/console from {data}", highlight=False)
            centre.wait()


def stop_on_signals(centre: wiring.Centre) -> None:
    """SIGTERM and Ctrl-C stop the centre cleanly, at whatever it is."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: centre.stop.set())
