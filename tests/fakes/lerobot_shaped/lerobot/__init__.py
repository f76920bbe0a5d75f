"""A package of LeRobot's shape, for tests where LeRobot itself is not installed.

Only the names that ``serve_lerobot.py`` uses exist, with LeRobot's signatures and meanings. A
device's ``port`` is a folder: ``goals.jsonl`` tells what it was told, ``pose.json`` where a hand
holds a leader, ``lose`` how many answers get lost, ``slow`` how long the next one takes,
``unplugged`` that nobody answers.
"""

__version__ = "0.4.4.shaped"
