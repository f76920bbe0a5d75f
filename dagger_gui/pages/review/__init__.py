"""The Review page, in its parts: what is found, what is shown of it, what is said of it.

``library`` and ``pictures`` read files beside the window, each in a thread of low priority;
``player`` is the time cursor; ``left``, ``middle`` and ``right`` are the columns; ``page`` joins
them and asks the recorder for every change.
"""

from dagger_gui.pages.review.page import ReviewPage

__all__ = ["ReviewPage"]
