"""What differs between the bench and lockstep; everything else of the loop is the same."""

from __future__ import annotations

from dataclasses import dataclass

from sessions.live.background import Runner, inline


@dataclass(frozen=True)
class LoopOptions:
    """How one loop is run; the defaults are those of lockstep.

    Attributes:
        needs_window: motion needs a window that is heard.
        needs_recorder: a new attempt needs a recorder that is heard.
        end_on_timeout: an attempt longer than the task's ``attempt_s`` ends as a failure.
        end_on_success: an attempt that a simulation judges as done ends as a success.
        run: how slow device work is run; inline repeats exactly, threaded never delays a tick.
        round_index: round of the policy the link already has; -1 if none.
        first_episode: number of the first attempt.
        replan_s: a new chunk is asked for this often [s].
        blend_s: how long a hand-back takes from the sent pose to the policy's actions [s].
    """

    needs_window: bool = False
    needs_recorder: bool = False
    end_on_timeout: bool = False
    end_on_success: bool = True
    run: Runner = inline
    round_index: int = -1
    first_episode: int = 1
    replan_s: float = 0.08
    blend_s: float = 0.3
