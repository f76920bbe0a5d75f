"""What RETRAIN would learn from, counted once for bar, sentence and button, so that they agree."""

from __future__ import annotations

from dataclasses import dataclass

from dagger_gui.widgets.training_options import TrainingOptions
from sessions.messages import Intervention, RecorderState
from sessions.record.query import Selection

_NO_DEMONSTRATIONS = "No demonstration yet: record a dozen with Demonstrate."
_NO_CORRECTIONS = "No corrections yet: there is nothing new to learn from."
_NONE_RECOVERED = (
    "No correction brought its attempt on yet, and only those count: see 'Only corrections that "
    "recovered' among the options of Rounds (F3)."
)
_ATTEMPT_RUNS = "The corrections count once their attempt has ended."


@dataclass(frozen=True)
class Tally:
    """The running round's corrections.

    Attributes:
        counted: those that RETRAIN learns from.
        not_recovered: left out because they did not bring their attempt on.
        waiting: of the attempt that still runs; they count, or not, once it has ended.
    """

    counted: int = 0
    not_recovered: int = 0
    waiting: int = 0


def tally(recorder: RecorderState | None, options: TrainingOptions) -> Tally:
    """Counts the running round's corrections; what was discarded is nowhere in it."""
    if recorder is None:
        return Tally()
    kept = _kept(recorder)
    ended = {e.episode for e in recorder.episodes}
    good = [i for i in recorder.interventions if not i.discarded]
    mine = [i for i in good if i.episode in kept and not i.running]
    out = sum(options.recovered_only and not i.recovered for i in mine)
    return Tally(len(mine) - out, out, sum(i.episode not in ended for i in good))


def collected(recorder: RecorderState) -> int:
    """The running round's corrections, recovered or not; discarded and running ones are out."""
    thrown = {e.episode for e in recorder.episodes if e.outcome == "discarded"}
    found = recorder.interventions
    return sum(not (i.discarded or i.running or i.episode in thrown) for i in found)


def what(
    recorder: RecorderState | None, options: TrainingOptions, query: str, chosen: Selection | None
) -> str:
    """What a training takes, in words.

    Args:
        recorder: what is recorded, None while that is not known.
        options: how it is trained.
        query: what is taken and nothing else; empty for everything.
        chosen: what the query finds, None while that is not known.
    """
    if query and chosen is None:
        return f"only what {query} finds"
    episodes = chosen.episodes if chosen is not None else recorder.episodes if recorder else ()
    demos = sum(e.demo and e.outcome != "discarded" for e in episodes)
    usable, left_out = _usable(recorder, options, chosen)
    corrections = _count(usable, "correction")
    if left_out:
        corrections = f"{usable} of {usable + left_out} corrections"
    if chosen is None and _guesses(recorder, options):
        corrections = f"up to {corrections}"
    share = "" if options.share is None else f", {options.share:.0%} of the weight"
    found = f"{_count(demos, 'demonstration')} and {corrections}{share}"
    return f"only what {query} finds: {found}" if query else found


def why_not(
    recorder: RecorderState | None,
    options: TrainingOptions,
    query: str,
    chosen: Selection | None,
    *,
    first: bool,
    running: bool,
) -> str:
    """Why there is nothing to learn from; empty if there is.

    Args:
        recorder: what is recorded, None while that is not known.
        options: how it is trained.
        query: what is taken and nothing else; empty for everything.
        chosen: what the query finds, None while that is not known.
        first: there is no policy yet, so that demonstrations are enough.
        running: an attempt is under way.
    """
    if first and recorder is not None and not query:
        good = any(e.demo and e.outcome == "success" for e in recorder.episodes)
        return "" if good else _NO_DEMONSTRATIONS
    if _usable(recorder, options, chosen)[0] > 0:
        return ""
    if chosen is not None:
        return f"No correction to learn from is found by {query}. Choose others on Review."
    if recorder is None or not recorder.interventions:
        return _NO_CORRECTIONS
    if running:
        return _ATTEMPT_RUNS
    return _NONE_RECOVERED if options.recovered_only else _NO_CORRECTIONS


def _usable(
    recorder: RecorderState | None, options: TrainingOptions, chosen: Selection | None
) -> tuple[int, int]:
    """Corrections of finished attempts: to be learned from and left out, as far as is known.

    Of earlier rounds only their number is known here, of this one each correction.
    """

    def out(intervention: Intervention) -> bool:
        unrecovered = options.recovered_only and not intervention.recovered
        return intervention.discarded or unrecovered

    if chosen is not None:
        left_out = sum(map(out, chosen.interventions))
        return len(chosen.interventions) - left_out, left_out
    if recorder is None:
        return 0, 0
    kept = _kept(recorder)
    found = sum(e.interventions for e in recorder.episodes if e.episode in kept)
    mine = [i for i in recorder.interventions if i.episode in kept and not i.running]
    left_out = sum(map(out, mine))
    return found - left_out, left_out


def _kept(recorder: RecorderState) -> set[int]:
    """Numbers of the finished attempts that were not thrown away."""
    return {e.episode for e in recorder.episodes if not e.demo and e.outcome != "discarded"}


def _guesses(recorder: RecorderState | None, options: TrainingOptions) -> bool:
    """Whether earlier rounds' corrections count, of which some may not have recovered."""
    if recorder is None or not options.recovered_only:
        return False
    listed = {i.episode for i in recorder.interventions}
    return any(e.interventions and e.episode not in listed for e in recorder.episodes)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
