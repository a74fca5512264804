from saqta.model.errors import InputError


def test_a_message_shows_no_password() -> None:
    error = InputError("source", "rtsp://admin:hunter2@10.0.0.7/stream", "a stream that answers")
    assert str(error) == "source: got 'rtsp://10.0.0.7/stream', expected a stream that answers"
