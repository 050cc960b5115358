"""The language ``bff_perm``: the bytes 1 to 10 are the commands."""

import sim
from tests.sim.families import AgainstTheReference
from tests.sim.known import check_replicator, executed

NAME = "bff_perm"
COMMANDS = "0<>{}+-.,[]"


class TestAgainstTheReference(AgainstTheReference):
    name = NAME


def test_a_known_copier_copies_itself() -> None:
    check_replicator(NAME, bytes.fromhex("8040090702040a").ljust(64, b"\x20"), 8192)


def test_text_is_by_command_then_by_glyph() -> None:
    own = sim.language(NAME)
    assert own.parse(COMMANDS) == bytes(range(11))
    assert own.format(bytes(range(11))) == COMMANDS
    for byte in range(256):
        assert own.parse(own.format(bytes([byte]))) == bytes([byte])
    assert own.format(b"[\x20") == "\u015b\u0120"  # ASCII means nothing here
    assert own.parse("A\u0105") == b"\xc4\x05"


def test_a_copy_carries_a_bytes_identity_and_an_increment_keeps_it() -> None:
    # heads at 5 and 100: copy byte 5 to 100, go to 100 with head0, increment it there
    found = executed(NAME, bytes([5, 100, 7, 5]), limit=4)
    assert found.sources[100] == 5
    again = executed(NAME, bytes([100, 5, 8, 5]), limit=4)
    assert (again.sources[100], again.tape[100]) == (5, 1)


def test_ascii_commands_do_nothing() -> None:
    found = executed(NAME, b"\0\0" + b"<>{}+-.,[]")
    assert (found.steps, found.operations) == (126, 0)
