"""SIP requests, the answers to them, and what may be believed of who calls; without a socket."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.sip_switch import Reply, ack, passport, read_reply, request
from saqta.intake.sip import message, transactions
from saqta.intake.sip.framing import Framer
from saqta.intake.sip.message import HEADERS_MAX, MESSAGE_BYTES_MAX, VIAS_MAX, read_request
from saqta.intake.sip.parties import ASSERTED_MAX, IDENTITIES_MAX, PASSPORT_CHARS_MAX
from saqta.intake.sip.responder import Ask, Responder, Verdict
from saqta.intake.sip.settings import Sip
from saqta.intake.sip.transactions import LIFE_MS, T1_MS, T2_MS, T4_MS, TRYING_MS, Peer, Send

NATIONAL, FOREIGN, VERIFIED, STRANGER = (
    Peer("10.1.0.9", 40_000),
    Peer("203.0.113.9", 40_000),
    Peer("10.2.0.9", 40_000),
    Peer("192.0.2.1", 40_000),
)
SETTINGS = Sip(
    host="127.0.0.1",
    trunks={"10.0.0.0/8": "national", "203.0.113.0/24": "foreign", "127.0.0.0/8": "foreign"},
    verified=("10.2.0.0/16",),
)
NOON_MS = 1_700_000_000_000
BLOCK = Verdict("block", ("spoofed_number: a foreign trunk presents a national number",), "d-1")


class Talk:
    """One responder, and what is said to it."""

    def __init__(self, settings: Sip = SETTINGS) -> None:
        self.responder = Responder(settings, "KZ", b"secret")
        self.now_ms = 0

    def hear(self, data: bytes, source: Peer = NATIONAL) -> list[Send | Ask]:
        return self.responder.receive(data, source, self.now_ms, NOON_MS)

    def ask(self, data: bytes, source: Peer = NATIONAL) -> Ask:
        (event,) = self.hear(data, source)
        assert isinstance(event, Ask)
        return event

    def reply(self, data: bytes, source: Peer = NATIONAL) -> Reply:
        (event,) = self.hear(data, source)
        assert isinstance(event, Send)
        return read_reply(event.data)

    def decide(self, ask: Ask, verdict: Verdict) -> list[Reply]:
        return [read_reply(send.data) for send in self.responder.decided(ask.key, verdict, self.now_ms)]

    def pass_time(self, ms: int) -> list[Reply]:
        self.now_ms += ms
        return [read_reply(send.data) for send in self.responder.transactions.due(self.now_ms)]


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_who_comes_from_where_the_top_hop_says_is_not_told_where_it_came_from(talk: Talk) -> None:
    data = request("OPTIONS").replace(b"switch.kz:5070;rport", b"10.1.0.9")
    assert "received" not in talk.reply(data).header("Via")


@pytest.mark.parametrize(
    ("verdict", "status", "header", "value"),
    [
        (Verdict("allow", (), "d-1"), 302, "Contact", "<sip:+77011234567@saqta.kz>"),
        (Verdict("warn", ("fresh_sim: new",), "d-1"), 302, "Reason", 'SIP;cause=302;text="fresh_sim: new"'),
        (
            Verdict("hold", ('sim_box: "x"',), "d-1"),
            403,
            "Reason",
            'SIP;cause=403;text="sim_box: \\"x\\"", Q.850;cause=21;text="call rejected"',
        ),
        (
            BLOCK,
            603,
            "Reason",
            'SIP;cause=603;text="spoofed_number: a foreign trunk presents a national number", '
            'Q.850;cause=21;text="call rejected"',
        ),
        (BLOCK, 603, "X-Saqta-Decision", "d-1"),
        (Verdict("busy"), 503, "Retry-After", "1"),
        (Verdict("fault", ("caller: no",)), 500, "Warning", '399 saqta "caller: no"'),
    ],
)
def test_a_verdict_becomes_an_answer(talk: Talk, verdict: Verdict, status: int, header: str, value: str) -> None:
    (reply,) = talk.decide(talk.ask(request(number=1)), verdict)
    assert (reply.status, reply.phrase) == (status, message.PHRASES[status])
    assert reply.header(header) == value
    assert reply.header("Via") == "SIP/2.0/UDP switch.kz:5070;rport=40000;branch=z9hG4bK1;received=10.1.0.9"
    assert reply.header("To").startswith("<sip:+77011234567@saqta.kz>;tag=")
    assert reply.header("CSeq") == "1 INVITE"


def test_a_blocked_call_may_be_rejected_with_608() -> None:
    talk = Talk(Sip(host="127.0.0.1", trunks={"10.0.0.0/8": "national"}, rejects_with=608))
    assert talk.decide(talk.ask(request()), BLOCK)[0].status == 608


def test_a_call_is_told_with_its_trunk_and_numbers(talk: Talk) -> None:
    call = talk.ask(request("INVITE", "sip:87029876543@x", "tel:+7-701-123-45-67"), FOREIGN).call
    assert (call.caller, call.callee, call.trunk, call.attestation) == ("+77029876543", "+77011234567", "foreign", None)
    assert call.time_ms == NOON_MS
    assert call.id != talk.ask(request("INVITE"), FOREIGN).call.id


def test_who_is_asserted_counts_before_who_is_shown_and_abroad_whoever_is_of_the_home_country(talk: Talk) -> None:
    asserted = 'P-Asserted-Identity: "A, B" <sip:+442071838750@x>, <tel:+442071838751>'
    invite = request("INVITE", "sip:+77029876543@x", "sip:+77011234567@y", asserted)
    assert talk.ask(invite, NATIONAL).call.caller == "+442071838750"
    assert talk.ask(invite, FOREIGN).call.caller == "+77029876543"


def test_so_many_are_asserted_and_a_passport_is_so_long(talk: Talk) -> None:
    names = ", ".join(["<sip:nobody@x>"] * ASSERTED_MAX + ["<tel:+442071838751>"])
    to = "sip:+77011234567@y"
    invite = request("INVITE", "sip:+77029876543@x", to, f"P-Asserted-Identity: {names}")
    assert talk.ask(invite, NATIONAL).call.caller == "+77029876543"
    fewer = names.replace("<sip:nobody@x>, ", "", 1)
    invite = request("INVITE", "sip:+77029876543@x", to, f"P-Asserted-Identity: {fewer}")
    assert talk.ask(invite, NATIONAL).call.caller == "+442071838751"
    header, claims, signature = passport("A", "77029876543", "77011234567", NOON_MS / 1000).split(".", 2)
    long = f"{header}.{'A' * PASSPORT_CHARS_MAX}{claims}.{signature}"
    assert talk.ask(request("INVITE", "sip:+77029876543@x", to, long), VERIFIED).call.attestation is None


def test_what_speaks_for_a_call_is_believed_of_those_who_check_it_alone(talk: Talk) -> None:
    def attested(attest: str, source: Peer, orig: str = "77029876543", age_s: float = 0, copies: int = 1) -> str | None:
        header = passport(attest, orig, "77011234567", NOON_MS / 1000 - age_s)
        lines = ["Identity: broken", "Identity: a.!.c", "y: a.e30.c"][: copies - 1]
        return talk.ask(request("INVITE", "sip:+77029876543@x", "sip:+77011234567@y", *lines, header), source).call[-1]

    assert [attested("A", source) for source in (VERIFIED, NATIONAL, FOREIGN)] == ["A", None, None]
    assert [attested("C", source) for source in (VERIFIED, NATIONAL, FOREIGN)] == ["C", "C", "C"]
    assert attested("A", VERIFIED, orig="77050000000") is None
    assert attested("B", VERIFIED, age_s=61) is None
    assert attested("B", VERIFIED, copies=IDENTITIES_MAX) == "B"


def test_emergency_calls_go_on_unasked_and_callers_without_a_number_do_not(talk: Talk) -> None:
    emergency = talk.reply(request("INVITE", "sip:anonymous@anonymous.invalid", "sip:112@saqta.kz"))
    assert (emergency.status, emergency.header("Contact")) == (302, "<sip:112@saqta.kz>")
    assert talk.reply(request("INVITE", "sip:anonymous@anonymous.invalid")).status == 433
    assert len(talk.responder.transactions) == 0


def test_copies_get_the_same_answer_until_it_is_heard(talk: Talk) -> None:
    invite = request()
    ask = talk.ask(invite)
    assert talk.reply(invite).status == 100
    (first,) = talk.decide(ask, BLOCK)
    assert talk.decide(ask, Verdict("allow")) == []
    assert talk.reply(invite).raw == first.raw
    assert talk.hear(ack(invite, first)) == []
    assert talk.hear(invite) == []
    assert talk.pass_time(T4_MS) == []
    assert len(talk.responder.transactions) == 0


def test_over_udp_an_answer_is_sent_again_until_it_is_heard_and_not_for_ever(talk: Talk) -> None:
    talk.decide(talk.ask(request()), BLOCK)
    times = []
    while len(talk.responder.transactions):
        wait_ms = talk.responder.transactions.next_ms - talk.now_ms
        sent = talk.pass_time(wait_ms)
        times += [talk.now_ms] * len(sent)
    assert talk.now_ms == LIFE_MS
    assert times[0] == T1_MS
    assert [after - before for before, after in pairwise(times)] == [2 * T1_MS, 4 * T1_MS, *[T2_MS] * 7]


def test_over_tcp_nothing_is_sent_again(talk: Talk) -> None:
    talk.decide(talk.ask(request(transport="TCP"), Peer("10.1.0.9", 40_000, 7)), BLOCK)
    assert talk.pass_time(LIFE_MS) == []
    assert len(talk.responder.transactions) == 0


def test_a_call_that_waits_is_told_so(talk: Talk) -> None:
    ask = talk.ask(request())
    assert talk.pass_time(TRYING_MS - 1) == []
    (trying,) = talk.pass_time(1)
    assert (trying.status, ";tag=" in trying.header("To")) == (100, False)
    assert talk.pass_time(LIFE_MS) == []
    assert talk.decide(ask, BLOCK)[0].status == 603


def test_a_call_that_is_given_up_is_not_answered_twice(talk: Talk) -> None:
    ask = talk.ask(request(number=900_001))
    cancelled, terminated = talk.hear(request("CANCEL", number=900_001))
    assert read_reply(cancelled.data).status == 200
    assert (read_reply(terminated.data).status, read_reply(terminated.data).header("CSeq")) == (487, "1 INVITE")
    assert talk.decide(ask, BLOCK) == []
    assert talk.reply(request("CANCEL", number=900_001)).status == 200
    assert talk.reply(request("CANCEL", number=900_002)).status == 481


def changed(old: str, new: str) -> bytes:
    return request(number=5).replace(old.encode(), new.encode())


@pytest.mark.parametrize(
    ("data", "status", "warning"),
    [
        (request("OPTIONS"), 200, None),
        (request("BYE"), 405, None),
        (request("PAINT"), 501, None),
        (request(to_tag="x"), 481, None),
        (request("INVITE", "sip:+77029876543@x", "sip:+77011234567@y", "Require: 100rel, x"), 420, None),
        (request("INVITE", "sip:+77029876543@x", "http://y/"), 416, None),
        (changed("SIP/2.0\r\n", "SIP/3.0\r\n"), 505, "SIP/2.0 alone is spoken here"),
        (changed("INVITE sip:+77011234567@saqta.kz SIP", "INVITE <sip:a@b> SIP"), 400, "no request line"),
        (changed("Call-ID", "X-ID"), 400, "no call-id"),
        (changed("Contact:", "Call-ID:"), 400, "more than one call-id"),
        (changed("1 INVITE", "1 BYE"), 400, "cseq does not fit"),
        (changed("1 INVITE", "99999999999 INVITE"), 400, "cseq does not fit"),
        (changed("Content-Length: 0", "Content-Length: 9"), 400, "content-length does not fit"),
        (changed("Content-Length: 0", "l: -1"), 400, "content-length does not fit"),
        (changed("Contact: ", "Con tact: "), 400, "a line that is no header"),
        (changed("Contact: ", "Contact: \0"), 400, "a line that is no header"),
        (changed("\r\n\r\n", "\r\n"), 400, "the headers do not end"),
        (request("INVITE", "sip:a@b", "sip:c@d", *["A: b"] * HEADERS_MAX), 400, f"more than {HEADERS_MAX} headers"),
        (
            request("INVITE", "sip:a@b", "sip:c@d", ",".join(["v: SIP/2.0/UDP a"] + ["SIP/2.0/UDP a"] * VIAS_MAX)),
            400,
            f"more than {VIAS_MAX} via",
        ),
        (request() + b"x" * MESSAGE_BYTES_MAX, 513, f"more than {MESSAGE_BYTES_MAX} bytes"),
    ],
)
def test_what_is_no_call_gets_its_status_every_time(talk: Talk, data: bytes, status: int, warning: str | None) -> None:
    reply = talk.reply(data)
    assert reply.status == status
    if warning:
        assert reply.header("Warning") == f'399 saqta "{warning}"'
    if status in (200, 405, 501):
        assert reply.header("Allow") == "INVITE, ACK, CANCEL, OPTIONS"
    assert talk.reply(data).raw == reply.raw
    assert len(talk.responder.transactions) == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\n\r\n",
        changed("Via: SIP/2.0/UDP", "Via: HTTP/1.1/TCP"),
        changed("switch.kz:5070;rport", "switch.kz:99999;rport"),
        request("ACK", number=77),
    ],
)
def test_what_can_not_be_answered_is_not(talk: Talk, data: bytes) -> None:
    assert talk.hear(data) == []


def test_strangers_are_refused_and_nobody_is_asked(talk: Talk) -> None:
    reply = talk.reply(request(), STRANGER)
    assert (reply.status, reply.header("Warning")) == (403, '399 saqta "no trunk is known at this address"')


def test_compact_headers_folded_lines_and_several_hops_are_read(talk: Talk) -> None:
    data = (
        b"\r\nINVITE sip:+77011234567@y SIP/2.0\r\nv: SIP/2.0/TCP [2001:db8::1]:5070;branch=z9hG4bKa,\r\n"
        b"\tSIP/2.0/UDP first.kz;branch=z9hG4bKb\r\nf : <sip:+77029876543@x>;tag=1\r\nt: <sip:+77011234567@y>\r\n"
        b"i: 1\r\nCSeq: 7  INVITE\r\nS: \xff\xfe\r\nl: 0\r\n\r\n"
    )
    (reply,) = talk.decide(talk.ask(data, Peer("10.1.0.9", 40_000, 3)), Verdict("allow"))
    assert [value for name, value in reply.headers if name == "Via"] == [
        "SIP/2.0/TCP [2001:db8::1]:5070;branch=z9hG4bKa;received=10.1.0.9",
        "SIP/2.0/UDP first.kz;branch=z9hG4bKb",
    ]


def test_an_answer_goes_where_the_request_came_from(talk: Talk) -> None:
    (with_port,) = talk.hear(request("OPTIONS"))
    (without,) = talk.hear(request("OPTIONS").replace(b";rport", b""))
    assert (with_port.to, without.to) == (NATIONAL, Peer("10.1.0.9", 5070))


def test_calls_before_rfc_3261_are_told_apart_by_all_they_say(talk: Talk) -> None:
    old = request(number=31).replace(b"branch=z9hG4bK31", b"branch=1")
    ask = talk.ask(old)
    assert talk.reply(old).status == 100
    assert talk.ask(old.replace(b"CSeq: 1", b"CSeq: 2")).key != ask.key
    (reply,) = talk.decide(ask, BLOCK)
    talk.hear(ack(old, reply))
    assert talk.hear(old) == []


def test_too_many_that_wait_are_sent_away_and_the_oldest_answers_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "WAITING_MAX", 3)
    monkeypatch.setattr(transactions, "TRANSACTIONS_MAX", 5)
    talk = Talk()
    asks = [talk.ask(request(number=800 + n)) for n in range(3)]
    busy = talk.reply(request())
    assert (busy.status, busy.header("Retry-After")) == (503, "1")
    for ask in asks:
        talk.decide(ask, BLOCK)
    for n in range(4):
        talk.decide(talk.ask(request(number=810 + n)), BLOCK)
    assert len(talk.responder.transactions) == 5
    assert isinstance(talk.hear(request(number=800))[0], Ask)
    assert isinstance(talk.hear(request(number=813))[0], Send)


def answers_properly(data: bytes) -> None:
    """Whatever comes: nothing breaks, and what is answered is a whole answer to a Via that was there."""
    talk = Talk()
    for event in talk.hear(data, FOREIGN):
        reply = read_reply(event.data) if isinstance(event, Send) else talk.decide(event, BLOCK)[0]
        assert reply.status in message.PHRASES
        assert reply.header("Via")
    framer = Framer()
    assert b"".join(framer.feed(data)) or len(data) <= MESSAGE_BYTES_MAX


@given(st.binary(max_size=400))
def test_any_bytes_are_borne(data: bytes) -> None:
    answers_properly(data)
    assert read_request(data) is None or b"\r\n" in data


_LINES = request("INVITE", "sip:+77029876543@x", "sip:+77011234567@y", "Identity: a.b.c", "Require: x").split(b"\r\n")


@given(st.lists(st.one_of(st.sampled_from(_LINES), st.binary(max_size=40)), max_size=20))
def test_any_lines_are_borne(lines: list[bytes]) -> None:
    answers_properly(b"\r\n".join([_LINES[0], _LINES[1], *lines, b"", b""]))


@pytest.mark.long
def test_ten_thousand_mutated_messages_are_borne() -> None:
    chance = random.Random(7)
    whole = [
        request("INVITE", "sip:+77029876543@x", "tel:+77011234567", passport("A", "7", "7", 1)),
        request("CANCEL", number=3),
        request("OPTIONS"),
        request("ACK"),
    ]
    for _ in range(10_000):
        data = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(data) + 1)
            piece = chance.choice([bytes([chance.randrange(256)]), b"\r\n", b",", b'"', b"<", b";", data[at : at + 50]])
            data[at : at + chance.choice([0, 0, 1, 1, 30])] = piece
        answers_properly(bytes(data))
