"""What the browser tests talk to."""

from typing import Protocol


class Server(Protocol):
    """The program, serving its simulated city; ``sign_in_link`` is a dispatcher's, and works once."""

    url: str
    sign_in_link: str

    def stop(self) -> None:
        """Ends it at once; its live streams break."""
        ...
