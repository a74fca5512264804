"""A login, and the addresses that one may stand in: it is parted from them before they are told to anybody.

Addresses stand in events, settings of the camera node and messages; a login only where it is kept, and where the
address is opened.
"""

from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from saqta.model.errors import InputError


class Login(NamedTuple):
    """Who asks."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user!r}, …)"


def parted(address: str) -> tuple[str, Login | None]:
    """An address without the login that stands in it, and that login; a file's path is an address without one.

    InputError where it can't be told what is the login, so that no part of one is taken for something else.

    >>> parted("rtsp://eye:p%40ss@10.0.0.7/1")[0], parted("rtsp://eye:p%40ss@10.0.0.7/1")[1].password
    ('rtsp://10.0.0.7/1', 'p@ss')
    >>> parted("clips/me@home.mp4")
    ('clips/me@home.mp4', None)
    """
    if "://" not in address:
        return address, None
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        shown = f"{address.partition('://')[0]}://…"
        expected = "an address whose login, where it has one, is percent-encoded, and whose port is a number"
        raise InputError("source", shown, expected) from error
    login, at, place = parts.netloc.rpartition("@")
    if not at:
        return address, None
    user, _, password = login.partition(":")
    return parts._replace(netloc=place).geturl(), Login(unquote(user), unquote(password))


def joined(address: str, login: Login | None) -> str:
    """An address with the login in it, which is how cameras take them.

    >>> joined("rtsp://10.0.0.7/1", Login("eye", "p@ss"))
    'rtsp://eye:p%40ss@10.0.0.7/1'
    """
    if login is None:
        return address
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{quote(login.user, safe='')}:{quote(login.password, safe='')}@{rest}"
