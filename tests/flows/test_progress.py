"""What a person sees while a run goes on."""

import io

import pytest

from flows.progress import BarReporter, LineReporter, Reporter, Speedometer, duration, reporter_for


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_speed_is_that_of_the_last_seconds_and_tells_the_time_left() -> None:
    clock = Clock()
    meter = Speedometer(clock)
    assert meter.speed() is None
    assert meter.left(100) is None
    for epoch in range(1, 101):
        clock.now += 1
        meter.mark(epoch)
    for epoch in range(101, 201):
        clock.now += 0.1
        meter.mark(epoch)
    # The last 20 s: 10 of one epoch a second, 10 of ten.
    assert meter.speed() == pytest.approx(5.5, rel=0.1)
    assert meter.left(55) == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3725, "1 h 02 min"), (125, "2 min 05 s")]
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_plain_lines_come_every_few_seconds_and_at_the_end() -> None:
    clock, stream = Clock(), io.StringIO()
    reporter = LineReporter(stream, every=5, clock=clock)
    reporter.stage("making the soup")
    reporter.begin(0, 100)
    for epoch in range(1, 101):
        clock.now += 0.125
        if epoch == 30:
            reporter.complexity(20, 0.25)
        reporter.advance(epoch)
    reporter.end()
    assert stream.getvalue().splitlines() == [
        "making the soup",
        "epoch 40/100, 8.0 epochs/s, complexity 0.25, 8 s left",
        "epoch 80/100, 8.0 epochs/s, complexity 0.25, 2 s left",
        "epoch 100/100, 8.0 epochs/s, complexity 0.25",
    ]


def test_a_pause_is_no_measure_of_speed() -> None:
    clock, stream = Clock(), io.StringIO()
    reporter = LineReporter(stream, every=5, clock=clock)
    reporter.begin(0, 100)
    clock.now += 90
    reporter.resume(0)
    for epoch in range(1, 51):
        clock.now += 0.125
        reporter.advance(epoch)
    assert stream.getvalue() == "epoch 40/100, 8.0 epochs/s, 8 s left\n"


def test_an_older_complexity_that_comes_late_is_not_shown() -> None:
    stream = io.StringIO()
    reporter = LineReporter(stream, every=0)
    reporter.begin(0, 3)
    reporter.complexity(2, 1.5)
    reporter.complexity(1, 0.5)
    reporter.advance(2)
    assert "complexity 1.50" in stream.getvalue()


def test_a_new_aim_is_shown() -> None:
    stream = io.StringIO()
    reporter = LineReporter(stream, every=0)
    reporter.begin(0, 1000)
    reporter.aim(300)
    reporter.advance(1)
    assert "epoch 1/300" in stream.getvalue()


def test_a_terminal_gets_a_bar_with_all_figures() -> None:
    stream = Terminal()
    reporter = reporter_for(stream)
    assert isinstance(reporter, BarReporter)
    reporter.stage("making the soup")
    reporter.begin(0, 100)
    reporter.complexity(10, 2.5)
    reporter.advance(50)
    reporter.advance(100)
    reporter.note("[one] line")
    reporter.end()
    shown = stream.getvalue()
    assert "making the soup" in shown
    assert "epoch 100/100" in shown
    assert "complexity 2.50" in shown
    assert "[one] line" in shown


def test_elsewhere_plain_lines() -> None:
    assert isinstance(reporter_for(io.StringIO()), LineReporter)


def test_the_silent_reporter_takes_everything() -> None:
    reporter = Reporter()
    reporter.note("")
    reporter.stage("")
    reporter.begin(0, 1)
    reporter.resume(0)
    reporter.advance(1)
    reporter.complexity(1, 0.0)
    reporter.aim(1)
    reporter.end()
