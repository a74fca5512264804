"""Personal fields: sealed alike every time, disclosed one by one, gone when the person is erased."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.log.merkle import leaf_hash
from saqta.log.personal import Keyring, open_field
from saqta.model import kinds
from saqta.model.catalogue import make
from saqta.model.errors import DamageError, StateError, StorageError
from saqta.model.event import encode
from saqta.model.terms import Priority

NUMBER = "+7 701 555 01 23"


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    keyring = Keyring(tmp_path / "keys.db")
    yield keyring
    keyring.close()


def test_the_same_field_sealed_again_is_the_same_bytes(keyring: Keyring, tmp_path: Path) -> None:
    person = keyring.person_of(NUMBER)
    sealed = keyring.seal(person, "e1", "caller_name", "Аида")
    assert keyring.seal(person, "e1", "caller_name", "Аида") == sealed
    again = Keyring(tmp_path / "keys.db")
    assert again.person_of(NUMBER) == person
    assert again.seal(person, "e1", "caller_name", "Аида") == sealed
    assert again.disclose(sealed, "e1", "caller_name") == "Аида"
    again.close()


def test_a_repeat_of_an_event_is_the_same_leaf(keyring: Keyring) -> None:
    def opened() -> bytes:
        record = kinds.IncidentOpened(
            incident="I1",
            kind="call",
            title="A call",
            priority=Priority.P2,
            received_ms=0,
            caller_number=keyring.seal(keyring.person_of(NUMBER), "e1", "caller_number", NUMBER),
        )
        return encode(make(record, id="e1", source="/x", actor="user/alice", time_ms=0, recorded_ms=0))

    assert leaf_hash(opened()) == leaf_hash(opened())
    assert NUMBER.encode() not in opened()


def test_every_field_comes_back(keyring: Keyring) -> None:
    @given(st.text(), st.text(), st.text())
    def comes_back(plaintext: str, event_id: str, field: str) -> None:
        sealed = keyring.seal("P1", event_id, field, plaintext)
        assert keyring.disclose(sealed, event_id, field) == plaintext

    comes_back()


def test_fields_and_persons_have_keys_of_their_own(keyring: Keyring) -> None:
    places = [
        ("P1", "e1", "name"),
        ("P1", "e1", "number"),
        ("P1", "e2", "name"),
        ("P2", "e1", "name"),
        ("P1", "e", "1name"),
    ]
    sealed = [keyring.seal(*place, "Aida") for place in places]
    assert len({each.ciphertext for each in sealed}) == len(places)
    assert len({keyring.field_key(*place) for place in places}) == len(places)
    assert len({each.hmac for each in sealed}) == 2
    assert sealed[0].hmac == sealed[1].hmac != keyring.seal("P1", "e1", "name", "Berik").hmac


def test_one_field_is_disclosed_alone(keyring: Keyring) -> None:
    name, number = (keyring.seal("P1", "e1", field, text) for field, text in (("name", "Aida"), ("number", NUMBER)))
    key = keyring.field_key("P1", "e1", "name")
    assert key
    assert open_field(key, name, "e1", "name") == "Aida"
    with pytest.raises(DamageError, match="number of event e1"):
        open_field(key, number, "e1", "number")


@pytest.mark.parametrize("ciphertext", ["", "AAAA", "not base64", "A" * 64])
def test_a_changed_field_is_damage(keyring: Keyring, ciphertext: str) -> None:
    sealed = keyring.seal("P1", "e1", "name", "Aida")
    with pytest.raises(DamageError, match="is not what was sealed there"):
        keyring.disclose(msgspec.structs.replace(sealed, ciphertext=ciphertext), "e1", "name")
    with pytest.raises(DamageError):
        keyring.disclose(sealed, "e2", "name")


def test_an_erased_person_is_gone_for_ever(keyring: Keyring, tmp_path: Path) -> None:
    person, other = keyring.person_of(NUMBER), keyring.person_of("another")
    sealed = keyring.seal(person, "e1", "name", "Aida")
    secret = keyring._secret(person, make=False)
    assert secret
    assert secret in (tmp_path / "keys.db").read_bytes()
    keyring.erase(person)
    keyring.erase(person)
    assert keyring.disclose(sealed, "e1", "name") is None
    assert keyring.field_key(person, "e1", "name") is None
    with pytest.raises(StateError, match="is erased"):
        keyring.seal(person, "e1", "name", "Aida")
    assert not any(secret in file.read_bytes() for file in tmp_path.iterdir())
    assert keyring.person_of(NUMBER) not in (person, other)
    assert keyring.person_of("another") == other


def test_who_was_never_known_is_not_disclosed_and_can_be_erased(keyring: Keyring) -> None:
    sealed = keyring.seal("P1", "e1", "name", "Aida")
    assert keyring.disclose(msgspec.structs.replace(sealed, person="P9"), "e1", "name") is None
    keyring.erase("P9")
    with pytest.raises(StateError):
        keyring.seal("P9", "e1", "name", "Aida")


@pytest.mark.parametrize(
    "written",
    [
        "+77011234567",
        "+7 701 123 45 67",
        "+7 (701) 123-45-67",
        "0077011234567",
        "00 7 701 1234567",
        " +7\u00a0701\u20111234567",
    ],
)
def test_a_telephone_number_is_one_person_however_it_is_written(keyring: Keyring, written: str) -> None:
    person = keyring.person_of("+77011234567")
    assert keyring.person_of(written) == keyring.find_person(written) == person


@pytest.mark.parametrize("other", ["+77011234568", "77011234567", "user/alice (7)", "a-b", "ab", "a b", "", "+", "0+7"])
def test_other_identifiers_are_other_persons(keyring: Keyring, other: str) -> None:
    known = [keyring.person_of(each) for each in ("+77011234567", "user/alice 7", "A-b", "A b", "Ab")]
    assert keyring.find_person(other) is None
    assert keyring.person_of(other) not in known


def test_to_look_for_a_person_makes_none(keyring: Keyring, tmp_path: Path) -> None:
    before = (tmp_path / "keys.db").read_bytes()
    assert keyring.find_person(NUMBER) is None
    assert (tmp_path / "keys.db").read_bytes() == before
    person = keyring.person_of(NUMBER)
    assert keyring.find_person(NUMBER) == person
    keyring.erase(person)
    assert keyring.find_person(NUMBER) is None


def test_identifiers_do_not_stand_in_the_file(keyring: Keyring, tmp_path: Path) -> None:
    keyring.person_of(NUMBER)
    assert NUMBER.encode() not in (tmp_path / "keys.db").read_bytes()
    assert (tmp_path / "keys.db").stat().st_mode & 0o777 == 0o600


def test_many_threads_agree_on_one_person(keyring: Keyring) -> None:
    with ThreadPoolExecutor(8) as pool:
        persons = list(pool.map(lambda n: keyring.person_of(str(n % 5)), range(100)))
        sealed = list(pool.map(lambda n: keyring.seal("P1", "e", "f", "x"), range(20)))
    assert len(set(persons)) == 5
    assert len(set(sealed)) == 1


def test_a_key_ring_of_something_else_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "keys.db")
    connection.execute("CREATE TABLE songs (title)")
    connection.close()
    with pytest.raises(StorageError, match="is not a key ring of Saqta"):
        Keyring(tmp_path / "keys.db")
