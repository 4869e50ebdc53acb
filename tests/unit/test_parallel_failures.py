"""What happens on all ranks when one of them fails, stops, or has other data."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.runtime.callback import Callback
from nnc.runtime.dataset import DataError, Dataset
from nnc.runtime.keeper import Keeper
from nnc.runtime.parallel.communicator import Alone
from nnc.runtime.parallel.mpi import launched, speaks
from nnc.runtime.parallel.ranks import RankFailed, Ranks
from nnc.runtime.run import create_run
from nnc.runtime.training import Ending, train

from .parallel_training import BATCHNORM, DATA, NET, code, farthest, modules, on_ranks, spec

TEXT = spec("optimizer sgd lr=0.1 momentum=0.9\n")
NORMED = spec("optimizer sgd lr=0.1 momentum=0.9\n", BATCHNORM + "loss crossentropy\n")


class At(Callback):
    """Does something after a step."""

    def __init__(self, step, act):
        self.step, self.act = step, act

    def batch(self, session):
        if session.position.step == self.step:
            self.act(session)


def broken(_):
    raise MemoryError("no room")


def on_three(text, callbacks_of, **words):
    made = modules(text, 3)
    return on_ranks(
        3,
        lambda c: train(
            made[c.rank], DATA, communicator=c, callbacks=callbacks_of(c.rank), **words
        ),
    )


@pytest.mark.parametrize("who", [0, 1, 2])
def test_all_ranks_end_when_one_fails_between_steps(who):
    found = on_three(TEXT, lambda rank: [At(6, broken)] if rank == who else [])
    for result in found:
        assert result.ending is Ending.FAILED
        assert result.message == (
            f"rank {who} of 3 failed: MemoryError: no room; "
            "the weights of the last step before that are kept"
        )
    assert max(farthest(result, found[0]) for result in found) == 0
    assert [isinstance(r.error, MemoryError) for r in found] == [rank == who for rank in range(3)]


def failing(module, name, call):
    """A function of a module that raises at its n-th call in training."""
    own, calls = getattr(module, name), [0]

    def function(*words, **more):
        calls[0] += name != "forward" or more.get("train", False)
        if calls[0] == call:
            raise ValueError("nothing works here")
        return own(*words, **more)

    setattr(module, name, function)


@pytest.mark.parametrize(
    "name", ["share_counts", "forward", "losses", "backward", "standardized_dx"]
)
def test_a_step_that_fails_on_one_rank_changes_nothing_on_any(name, tmp_path):
    made = modules(NORMED, 3)
    failing(made[1], name, 12)
    run = create_run(tmp_path / "run", code(NORMED), NORMED, options={}, data={}, version="0")
    found = on_ranks(
        3,
        lambda c: train(
            made[c.rank], DATA, communicator=c, callbacks=[Keeper(run)] if c.rank == 0 else []
        ),
    )
    assert {result.ending for result in found} == {Ending.FAILED}
    assert "rank 1 of 3 failed: nothing works here" in found[2].message
    steps = run.newest().facts["step"]
    assert steps == (5 if name == "standardized_dx" else 11)  # two layers of batchnorm a step
    again = on_ranks(1, lambda c: train(modules(NORMED, 1)[0], DATA, callbacks=[At(steps, stop)]))
    for result in found:
        assert farthest(result, again[0]) < 1e-10
    assert all(np.array_equal(run.params()[n], a) for n, a in found[0].params.items())


def stop(session):
    session.stop()


@pytest.mark.parametrize("who", [0, 2])
def test_all_ranks_stop_at_the_same_step(who):
    found = on_three(TEXT, lambda rank: [At(6, stop)] if rank == who else [])
    assert {result.ending for result in found} == {Ending.INTERRUPTED}
    assert max(farthest(result, found[0]) for result in found) == 0


def test_an_interrupt_on_one_rank_ends_all():
    def interrupt(_):
        raise KeyboardInterrupt

    found = on_three(TEXT, lambda rank: [At(6, interrupt)] if rank == 1 else [])
    assert [result.ending for result in found] == [
        Ending.FAILED,
        Ending.INTERRUPTED,
        Ending.FAILED,
    ]


def test_data_that_do_not_fit_on_rank_0_are_told_to_all():
    other = Dataset(np.zeros((5, 7)), np.zeros(5, int), "other")
    made = modules(TEXT, 2)
    found = on_ranks(2, lambda c: train(made[c.rank], DATA, validation=other, communicator=c))
    assert isinstance(found[0], DataError)
    assert isinstance(found[1], RankFailed)
    assert "rank 0 of 2 failed: other" in str(found[1])


def test_several_failures_at_once_are_all_heard():
    found = on_three(TEXT, lambda rank: [At(6, broken)] if rank else [])
    assert {r.ending for r in found} == {Ending.FAILED}
    assert "rank 1 of 3 failed" in found[0].message


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 2), (2, 1)])
def test_a_run_goes_on_with_another_number_of_ranks(tmp_path, before, after):
    text = spec("optimizer adam lr=0.01\nschedule cosine steps=200\n", NET)
    source = code(text, emit=("shares",))
    run = create_run(tmp_path / "run", source, text, options={}, data={}, version="0")
    [whole] = on_ranks(1, lambda c: train(modules(text, 1)[0], DATA))

    def part(size, epochs, more):
        made = modules(text, size)

        def one(c):
            keeper = [Keeper(run)] if c.rank == 0 else []
            callbacks = [*keeper, *more]
            return train(made[c.rank], DATA, epochs=epochs, communicator=c, callbacks=callbacks)

        return on_ranks(size, one)

    first = part(before, 50, [At(90, stop)])  # in the middle of an epoch
    assert {result.ending for result in first} == {Ending.INTERRUPTED}
    for result in part(after, 50, []):
        assert result.ending is Ending.DONE
        assert len(result.history) == 50
        assert farthest(result, whole) < 1e-10


def test_weights_that_come_apart_are_made_equal_at_the_next_epoch():
    def drift(session):
        session.params["dense1.W"][0, 0] += 1e-9

    made, told = modules(TEXT, 2), []
    found = on_ranks(
        2,
        lambda c: train(
            made[c.rank],
            DATA,
            epochs=5,
            communicator=c,
            callbacks=[At(6, drift)] if c.rank == 1 else [],
            tell=told.append,
        ),
    )
    [whole] = on_ranks(1, lambda c: train(modules(TEXT, 1)[0], DATA, epochs=5))
    assert all(farthest(result, found[0]) == 0 for result in found)
    assert 1e-14 < farthest(found[0], whole) < 1e-7
    assert len(told) == 1
    assert "come apart" in told[0]


def test_failed_ranks_do_not_talk_again():
    def talk(c):
        ranks = Ranks(c)
        if c.rank == 1:
            ranks.fail("first")
            ranks.fail("second")
            return "told"
        try:
            ranks.add_up(np.ones(100))
        except RankFailed as error:
            first = str(error)
        with pytest.raises(RankFailed):
            ranks.agree()
        return first

    assert on_ranks(2, talk) == ["rank 1 of 2 failed: first", "told"]


def test_large_and_small_arrays_are_added_up():
    def add(c):
        small, large = np.full(3, c.rank + 1.0), np.full(100, c.rank + 1, np.float32)
        ranks = Ranks(c)
        ranks.add_up(small)
        ranks.add_up(large)
        return [*small, large[99], large.dtype.name, ranks.broadcast(b"%d" % c.rank)]

    assert on_ranks(3, add) == [[6.0, 6.0, 6.0, 6.0, "float32", b"0"]] * 3


def test_one_process_is_a_team_of_its_own():
    ranks = Ranks(Alone())
    ranks.wish_to_stop()
    assert ranks.stopping
    assert not ranks.several
    assert ranks.lead(lambda: {"loss": 1.0}) == {"loss": 1.0}


def test_launchers_are_known_by_their_variables():
    assert not launched({"PATH": "/bin", "SLURM_PROCID": "1"})
    assert launched({"PMI_RANK": "1", "PMI_SIZE": "2"})
    assert speaks({"OMPI_COMM_WORLD_RANK": "0"})
    assert not speaks({"PMI_RANK": "1"})
