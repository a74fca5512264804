"""Signed notes and checkpoints against the vectors of the specification's own implementation."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.log.merkle import EMPTY_ROOT
from saqta.log.notes import Checkpoint, Signer, Verifier
from saqta.model.errors import DamageError, InputError

# The example of golang.org/x/mod/sumdb/note, from which C2SP signed-note comes.
VERIFIER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SIGNING_KEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    f"{TEXT}\n\N{EM DASH} PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@pytest.fixture
def signer() -> Signer:
    return Signer("saqta.example/log", bytes(range(32)))


def test_the_specifications_example_is_signed_and_opened() -> None:
    signer = Signer.parse(SIGNING_KEY)
    assert signer.text == SIGNING_KEY
    assert signer.verifier.text == VERIFIER_KEY
    assert signer.sign(TEXT) == NOTE
    assert Verifier.parse(VERIFIER_KEY).open(NOTE) == TEXT


def test_a_checkpoint_is_three_lines_and_a_signature(signer: Signer) -> None:
    note = signer.checkpoint(12_345, b"\7" * 32)
    lines = note.split("\n")
    assert lines[:4] == ["saqta.example/log", "12345", base64.b64encode(b"\7" * 32).decode(), ""]
    assert signer.verifier.checkpoint(note) == Checkpoint("saqta.example/log", 12_345, b"\7" * 32)
    assert signer.verifier.checkpoint(signer.checkpoint(0, EMPTY_ROOT)).size == 0


def test_a_checkpoint_may_have_more_lines(signer: Signer) -> None:
    root = base64.b64encode(EMPTY_ROOT).decode()
    assert signer.verifier.checkpoint(signer.sign(f"saqta.example/log\n5\n{root}\nextension\n")).size == 5


@pytest.mark.parametrize(
    "text",
    [
        "saqta.example/log\n5\n",
        "saqta.example/log\nfive\nAAAA\n",
        f"saqta.example/other\n5\n{'A' * 43}=\n",
        f"saqta.example/log\n05\n{'A' * 43}=\n",
        f"saqta.example/log\n-5\n{'A' * 43}=\n",
        "saqta.example/log\n5\nAAAA\n",
        "saqta.example/log\n5\n*\n",
    ],
)
def test_what_is_signed_but_no_checkpoint_is_refused(signer: Signer, text: str) -> None:
    with pytest.raises(DamageError, match="no checkpoint of its log"):
        signer.verifier.checkpoint(signer.sign(text))


def test_signatures_of_others_are_passed_over(signer: Signer) -> None:
    witness = Signer.generate("witness.example/w1").sign(TEXT).rpartition("\n\n")[2]
    namesake = Signer("saqta.example/log", bytes(32)).sign(TEXT).rpartition("\n\n")[2]
    ours = signer.sign(TEXT)
    text, _, signature = ours.rpartition("\n\n")
    assert signer.verifier.open(f"{text}\n\n{witness}{namesake}{signature}") == TEXT
    with pytest.raises(DamageError, match="is not signed by saqta"):
        signer.verifier.open(f"{text}\n\n{witness}{namesake}")


def test_a_changed_text_or_signature_is_found(signer: Signer) -> None:
    note = signer.checkpoint(7, EMPTY_ROOT)
    with pytest.raises(DamageError, match="is false"):
        signer.verifier.open(note.replace("\n7\n", "\n8\n"))
    head, _, signature = note.rstrip("\n").rpartition(" ")
    raw = bytearray(base64.b64decode(signature))
    raw[-1] ^= 1
    with pytest.raises(DamageError, match="is false"):
        signer.verifier.open(f"{head} {base64.b64encode(raw).decode()}\n")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text",
        "text\n\n",
        "text\n\n- name AAAA\n",
        "text\n\n\N{EM DASH} name AAAA",
        "text\n\n\N{EM DASH} name\n",
        "text\n\n\N{EM DASH}  AAAA\n",
        "text\n\n\N{EM DASH} name A*AA\n",
        "text" * (1 << 18) + "\n\n\N{EM DASH} name AAAA\n",
    ],
)
def test_what_is_no_note_is_refused(signer: Signer, note: str) -> None:
    with pytest.raises(DamageError, match=r"no signed note|not signed"):
        signer.verifier.open(note)


@given(st.text())
def test_no_text_passes_for_a_note(text: str) -> None:
    with pytest.raises(DamageError):
        Verifier.parse(VERIFIER_KEY).open(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+",
        "name+00000000+****",
        VERIFIER_KEY.replace("c7", "c8"),
        VERIFIER_KEY[:-4],
        "a+b+AgAA",
    ],
)
def test_what_is_no_verifier_key_is_bad_input(text: str) -> None:
    with pytest.raises(InputError, match="expected a verifier key"):
        Verifier.parse(text)


@pytest.mark.parametrize("text", ["", "name", VERIFIER_KEY[:-4], SIGNING_KEY.replace("c7", "c8"), SIGNING_KEY[:-4]])
def test_what_is_no_signing_key_is_bad_input_and_not_shown(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Signer.parse(text)
    assert "AYEK" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_a_name_that_a_note_can_not_carry_is_bad_input(name: str) -> None:
    with pytest.raises(InputError, match="origin"):
        Signer(name, bytes(32))


def test_a_new_key_is_called_after_its_public_half() -> None:
    one, other = Signer.generate(), Signer.generate()
    assert one.verifier.name.startswith("saqta.local/")
    assert one.verifier.name != other.verifier.name
    assert Signer.generate("city.example/log").verifier.name == "city.example/log"
