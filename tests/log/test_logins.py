"""The cameras' logins: kept apart from their addresses, and gone when they are replaced."""

import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.log.logins import Logins
from saqta.model.errors import InputError
from saqta.model.login import Login, joined, parted

BARE = "rtsp://10.0.0.7:554/sub?channel=1"


@pytest.fixture
def logins(tmp_path: Path) -> Iterator[Logins]:
    with closing(Logins(tmp_path / "logins.db")) as kept:
        yield kept


def test_an_address_is_parted_from_its_login_which_is_kept(logins: Logins, tmp_path: Path) -> None:
    assert logins.of(BARE) is None
    assert logins.part("rtsp://eye:correct%20h%40rse@10.0.0.7:554/sub?channel=1") == BARE
    with closing(Logins(tmp_path / "logins.db")) as again:
        assert again.of(BARE) == Login("eye", "correct h@rse")
    assert logins.of("rtsp://10.0.0.7:554/main") is None
    assert stat.S_IMODE((tmp_path / "logins.db").stat().st_mode) == 0o600


def test_an_address_without_a_login_leaves_the_one_that_is_kept(logins: Logins) -> None:
    logins.part(joined(BARE, Login("eye", "secret")))
    assert logins.part(BARE) == BARE
    assert logins.of(BARE) == Login("eye", "secret")


def test_a_login_that_was_replaced_is_nowhere(logins: Logins, tmp_path: Path) -> None:
    logins.part(joined(BARE, Login("eye", "the-old-one")))
    logins.part(joined(BARE, Login("eye", "the-new-one")))
    assert logins.of(BARE) == Login("eye", "the-new-one")
    assert not [path for path in tmp_path.iterdir() if b"the-old-one" in path.read_bytes()]


@given(st.text(min_size=1), st.text())
def test_what_is_joined_can_be_parted_again(user: str, password: str) -> None:
    login = Login(user, password)
    assert parted(joined(BARE, login)) == (BARE, login)


def test_a_login_does_not_show_its_password() -> None:
    assert repr(Login("eye", "secret")) == "Login('eye', …)"


@pytest.mark.parametrize("address", ["rtsp://eye:se/cret@10.0.0.7/1", "rtsp://eye:se#cret@10.0.0.7/1", "rtsp://[::1/1"])
def test_an_address_of_which_it_cannot_be_told_what_the_login_is_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(InputError, match="percent-encoded") as refused:
        parted(address)
    assert "eye" not in str(refused.value)
    assert "cret" not in str(refused.value)
