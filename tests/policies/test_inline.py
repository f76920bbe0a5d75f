import numpy as np

from policies.inline import InlinePolicy
from tests.policies import parts


class Counting:
    """Counts how often a real policy is run."""

    def __init__(self, policy):
        self.spec = policy.spec
        self.runs = self.resets = 0
        self._policy = policy

    def act(self, observation):
        self.runs += 1
        return self._policy.act(observation)

    def reset(self):
        self.resets += 1

    def save(self, folder):
        self._policy.save(folder)


def test_a_chunk_arrives_after_its_delay_and_the_policy_runs_only_then():
    policy = Counting(parts.small_policy())
    link = InlinePolicy(policy, delay_ticks=3)
    assert link.poll() == []
    link.request(parts.observation(0), tick=7, epoch=2)
    link.request(parts.observation(1), tick=8, epoch=2)
    assert link.poll() == []
    assert link.poll() == []
    assert policy.runs == 0
    (chunk,) = link.poll()
    assert (policy.runs, chunk.tick, chunk.epoch) == (1, 7, 2)
    np.testing.assert_array_equal(chunk.actions, policy.act(parts.observation(0))[0])
    assert link.poll() == []


def test_a_reset_forgets_what_was_asked():
    policy = Counting(parts.small_policy())
    link = InlinePolicy(policy)
    link.request(parts.observation(), 0, 0)
    link.reset()
    assert link.poll() == []
    assert (policy.runs, policy.resets) == (0, 1)


def test_an_observation_that_does_not_fit_is_told_and_the_next_chunk_clears_it():
    link = InlinePolicy(parts.small_policy())
    link.request({"position": np.zeros(2)}, 0, 0)
    assert link.poll() == []
    assert "position has shape (2,)" in link.status().error
    link.request(parts.observation(), 1, 0)
    assert len(link.poll()) == 1
    assert link.status().error == ""


def test_loading_replaces_the_policy_and_a_failed_load_keeps_it(tmp_path):
    link = InlinePolicy()
    assert link.status().spec is None
    link.request(parts.observation(), 0, 0)
    assert link.poll() == []
    policy = parts.small_policy(seed=4)
    policy.save(tmp_path / "good")
    link.load(str(tmp_path / "good"))
    assert (link.status().path, link.status().spec) == (str(tmp_path / "good"), policy.spec)
    link.load(str(tmp_path / "bad"))
    assert link.status().path == str(tmp_path / "good")
    assert "bad is no checkpoint" in link.status().error
    link.request(parts.observation(), 0, 0)
    np.testing.assert_array_equal(link.poll()[0].actions, policy.act(parts.observation())[0])
    link.close()
    link.close()
