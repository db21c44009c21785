"""What a group of faults comes down to."""

import pytest
import trio

from claudetted.protocol.errors import HarnessFailed, StoreFull
from claudetted.providers.exception_groups import first_of


def test_one_fault_stands_for_a_group_of_its_kind() -> None:
    first, second = StoreFull("one"), StoreFull("two")
    with pytest.raises(StoreFull) as raised, first_of(StoreFull):
        raise ExceptionGroup("", [ExceptionGroup("", [first]), second])
    assert raised.value is first


def test_a_group_that_holds_anything_else_stays_one() -> None:
    for other in (ValueError("a mistake of ours"), HarnessFailed("no", harness="pi")):
        group = ExceptionGroup("", [StoreFull("one"), other])
        with pytest.raises(ExceptionGroup) as raised, first_of(StoreFull):
            raise group
        assert raised.value is group


def test_what_is_no_group_passes() -> None:
    with pytest.raises(ValueError, match="alone"), first_of(StoreFull):
        raise ValueError("alone")
    with first_of(StoreFull):
        pass


async def test_a_fault_that_comes_with_a_cancellation_stands_alone() -> None:
    with trio.CancelScope() as scope:
        with pytest.raises(StoreFull, match="late"), first_of(StoreFull):
            async with trio.open_nursery() as nursery:
                await nursery.start(_begun)
                scope.cancel()
                raise StoreFull("late")
        await trio.sleep_forever()
    assert scope.cancelled_caught


async def _begun(task_status: trio.TaskStatus[None]) -> None:
    task_status.started()
    await trio.sleep_forever()
