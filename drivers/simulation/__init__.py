"""The simulated world: a MuJoCo scene in lockstep or as a process of its own.

Only ``model``, ``rendering`` and ``world`` import MuJoCo; whoever reaches the world through its
rings (``names``, ``links``) stays without it.
"""
