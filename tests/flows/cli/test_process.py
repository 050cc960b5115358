"""What only a process of its own shows: pipes that close, signals, terminals."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "flows.cli"]
ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "TERM"}}
    return {**kept, "TERM": "xterm-256color", **changes}


class Terminal:
    """A process whose three streams are a terminal."""

    def __init__(self, *words: object, **changes: str) -> None:
        self.screen, inner = pty.openpty()
        command = [*COMMAND, *map(str, words)]
        self.process = subprocess.Popen(
            command, stdin=inner, stdout=inner, stderr=inner, env=environment(**changes), start_new_session=True
        )
        os.close(inner)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.screen, text.encode())

    def until(self, pattern: str, seconds: float = 60) -> str:
        """Wait until what was printed since the last call matches; return that."""
        give_up = time.monotonic() + seconds
        while not re.search(pattern, self.seen):
            assert time.monotonic() < give_up, f"{pattern!r} did not come, only {self.seen!r}"
            if select.select([self.screen], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.screen, 65536).decode()
                except OSError:  # the other end is closed
                    assert re.search(pattern, self.seen), self.seen
        seen, self.seen = self.seen, ""
        return seen

    def end(self) -> int:
        """Wait for the process; return its exit code."""
        while self.process.poll() is None:
            if select.select([self.screen], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.screen, 65536).decode()
                except OSError:
                    break
        os.close(self.screen)
        return self.process.wait(60)


def test_a_reader_that_has_seen_enough_is_no_failure(store: Path) -> None:
    words = [*COMMAND, "sql", "SELECT * FROM tokens", "--store", str(store), "--format", "json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "[\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


def test_a_trace_into_a_closed_pipe(store: Path) -> None:
    words = [*COMMAND, "trace", "small", "--epoch", "300", "--program", "7", "--tape", "--store", str(store)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


def test_queries_from_standard_input(store: Path) -> None:
    script = "SELECT 1 AS a;\nSELECT 2\n  AS b;\n\nSELECT 3 AS c"
    words = [*COMMAND, "sql", "--format", "csv", "--store", str(store)]
    done = subprocess.run(words, input=script, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "a\n1\nb\n2\nc\n3\n"
    done = subprocess.run(words, input="SELECT 1;\nSELEKT;\nSELECT 3;", capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == "1\n1\n"
    assert len(done.stderr.splitlines()) == 1


def test_ctrl_c_interrupts_a_query(store: Path) -> None:
    words = [*COMMAND, "sql", ENDLESS, "--store", str(store)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            time.sleep(2)
            for _ in range(20):  # a library that is being imported may swallow the first
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    out, err = process.communicate(timeout=3)
                    break
            assert process.returncode == 1
            assert (out, err) == ("", "primordium: interrupted\n")
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
def test_the_prompt_answers_remembers_and_survives_mistakes_and_ctrl_c(store: Path, tmp_path: Path) -> None:
    terminal = Terminal("sql", "--store", store, XDG_STATE_HOME=str(tmp_path), TERM="dumb")
    terminal.until("primordium> ")
    terminal.type("SELECT epoch, 6 * 7 AS answer\nFROM epochs WHERE epoch = 3;\n")
    assert re.search(r"3 +42", terminal.until(r"42\r\n[\s\S]*primordium> "))
    terminal.type("SELECT nonsense;\n")
    assert "nonsense" in terminal.until(r"SQL: .*\n[\s\S]*primordium> ")
    terminal.type("SELECT range FROM range(1000);\n")
    assert "the first 200 rows" in terminal.until(r"first 200 rows[\s\S]*primordium> ")
    terminal.type(".help\n")
    assert "tokens_at(run, epoch): program, site" in terminal.until(r"token_char[\s\S]*primordium> ")
    terminal.type(f"{ENDLESS};\n")
    time.sleep(1)
    terminal.process.send_signal(signal.SIGINT)
    assert "interrupted" in terminal.until(r"interrupted[\s\S]*primordium> ")
    terminal.type("SELECT 'still' || ' here';\n")
    terminal.until(r"still here[\s\S]*primordium> ")
    terminal.type("\x04")
    assert terminal.end() == 0
    assert "6 * 7" in (tmp_path / "primordium" / "sql_history").read_text()


@pytest.mark.parametrize(("changes", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_unless_they_are_refused(changes: dict[str, str], coloured: bool) -> None:
    terminal = Terminal("trace", "--language", "bff", "--left", "[>]", "--right", "0", "--steps", "1", **changes)
    shown = terminal.until("bytes differ")
    assert terminal.end() == 0
    assert bool(re.search(r"\x1b\[[\d;]*3[\d;]*m", shown)) is coloured


def test_a_pipe_gets_no_colours_and_numbers_for_letters_that_it_does_not_know() -> None:
    words = [*COMMAND, "trace", "--language", "bff", "--left", "[\u0120", "--right", "0", "--steps", "1"]
    done = subprocess.run(words, capture_output=True, check=True, env=environment(PYTHONIOENCODING="ascii"))
    assert b"[\\u0120" in done.stdout
    assert b"\x1b" not in done.stdout
