"""What comes after a pause goes on at once; under load wake-ups are bounded."""

from claudetted.sidecar.keeper.pace import BURST, TICK, Pace


def test_a_calm_stream_never_waits() -> None:
    pace = Pace(0.0)
    assert all(pace.spend(at * 2 * TICK) for at in range(1000))


def test_under_load_there_is_one_wake_up_a_tick_after_the_first() -> None:
    pace = Pace(0.0)
    seconds, per_second = 2, 5000
    free = sum(pace.spend(at / per_second) for at in range(seconds * per_second))
    assert free <= seconds / TICK + BURST


def test_after_a_pause_the_first_goes_at_once_again() -> None:
    pace = Pace(0.0)
    while pace.spend(0.0):
        pass
    assert not pace.spend(TICK / 2)
    assert pace.spend(1.0)
