"""The language ``z80_zff``: states of the published grid, and where its core is not a Z80."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from tests.naive import lattice
from tests.sim.executions import check_interpreted, run, spread, tapes

NAME = "z80_zff"

#: By (seed, noise): batches: (digest of the grid, generator's state, operations of the last batch). Made by the
#: published program.
STATES = {
    (1, 1 / 16): {
        1: ("88cc150e553675d3d564b1cdb4560b261c0fc626a302246fe68f19ac06d2d996", 8986938020156858357, 990560),
        2: ("9ca4a8c1dc11ca7cf8ef57a83f8fb5e3b2f79c3e0eb4519e3622d02eab6619fe", 5172458734610743153, 983928),
        4: ("9a0b5a757152d899f28f075c0d7cf87d2d51ef842cc97f2e917572c5e6a675ab", 3291801297554297886, 925772),
        64: ("fcaf0bb23932965badb021d9f5d2300666b6768c7c20b265cedc62e86082e999", 16379415616675223339, 1002333),
    },
    (6, 1.0): {
        1: ("cf58e828ac7385514ebbd15fe29e66f4fcd4f2e399ff65d1759b3594cbd4c00c", 3016621408315050879, 992501),
        2: ("8859d87ae8c413966b04127de862cb3999a099bfdc95aa6c35cf1a42efeed822", 15040659623741169263, 988922),
        4: ("77762f1a1b1080d26d4a410598b3b8c1cb6d7805d45e7ecad81fd578294064ee", 7744635311081318752, 991371),
        64: ("7c1ef3e195986154a8d8c3a0c23d94062a94cdae4baf5cfd3698077303a7b397", 6851481777887620451, 1000281),
    },
}


def run_pair(tape: bytes, limit: int) -> tuple[bytes, int]:
    """Execute a pair of the grid."""
    outcome = sim.language(NAME).run(tape[:16], tape[16:], limit)
    return outcome.tape, outcome.operations


def check_states(seed: int, noise: float, batches: int) -> None:
    """Run the grid for so many batches, comparing each known state on the way."""
    known = STATES[seed, noise]
    for number, batch in enumerate(lattice.batches(seed, batches, noise, 200, 200, 128, run_pair)):
        if number in known:
            found = (hashlib.sha256(batch.grid).hexdigest(), batch.state, batch.operations)
            assert found == known[number], f"seed {seed}, batch {number}"
            assert len(batch.mutations) == int(len(batch.pairs) * noise)


@pytest.mark.parametrize(("seed", "noise"), STATES)
def test_states_are_the_published_programs(seed: int, noise: float) -> None:
    check_states(seed, noise, 4)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "noise"), STATES)
def test_later_states_are_the_published_programs(seed: int, noise: float) -> None:
    check_states(seed, noise, 64)


def test_two_index_prefixes_are_a_step_and_both_lost() -> None:
    # INC HL, LD (0010),HL
    program = "DDFD 23 221000 76"
    outcome = run(NAME, program)
    assert (outcome.tape[0x10], outcome.steps) == (1, 4)
    assert run("z80", program).tape[0x10] == 0


@pytest.mark.parametrize(
    ("program", "published", "real"),
    [
        ("311000 F1 37 311600 F5 76", 0x01, 0x29),  # SCF where none has set flags before: Y and X of A, not of F too
        ("311600 AF 37 F5 76", 0x45, 0x45),
        ("311600 AF EDA3 F5 76", 0x06, 0xA8),  # OUTI changes Z and N only
        ("311600 3EFF ED57 F5 76", 0x69, 0x41),  # LD A,I leaves Y and X
        ("311600 3EFF B7 ED40 F5 76", 0x6C, 0x44),  # IN B,(C) leaves Y and X
    ],
)
def test_flags_of_the_published_core(program: str, published: int, real: int) -> None:
    found = [run(language, program, 6, cells={0x10: 0x28}).tape[0x14] for language in (NAME, "z80")]
    assert found == [published, real]


def test_it_has_the_published_grid_by_default() -> None:
    config = sim.SoupConfig(language=NAME, width=200, height=200)
    assert (config.geometry, config.mutation_order, config.step_limit) == ("lattice", "after", 128)


PAGES = [b"", b"\xdd", b"\xfd", b"\xed", b"\xdd\xed", b"\xcb", b"\xdd\xcb\x05", b"\xfd\xcb\xf0"]


@pytest.mark.parametrize("page", PAGES, ids=[page.hex() or "plain" for page in PAGES])
def test_every_opcode_does_the_same_compiled_and_interpreted(page: bytes) -> None:
    for opcode in range(256):
        check_interpreted(NAME, spread(page, opcode, 3), 5)


@given(tape=tapes(), limit=st.integers(0, 128))
def test_any_tape_does_the_same_compiled_and_interpreted(tape: bytes, limit: int) -> None:
    check_interpreted(NAME, tape, limit)


def test_an_instruction_of_two_prefixes_is_named_as_it_does() -> None:
    program = bytes.fromhex("DDFD23DD23")
    assert sim.language(NAME).disassemble(program) == ["NOP", "...", "INC HL", "INC IX", "..."]
    assert sim.language("z80").disassemble(program) == ["INC IY", "...", "...", "INC IX", "..."]
