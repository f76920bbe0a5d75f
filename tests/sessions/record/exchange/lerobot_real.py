"""Runs in LeRobot's own environment: reads and writes datasets with LeRobot's code.

``python lerobot_real.py read|write|cut FOLDER``; prints JSON. Started by ``test_lerobot_real``.
"""

# ruff: noqa: T201
# mypy: ignore-errors
from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path

import numpy as np
import torch

try:
    from lerobot.datasets.lerobot_dataset import LeRobotDataset
except ImportError:
    from lerobot.datasets import LeRobotDataset

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")
FPS = 30


def backend() -> str:
    """torchcodec where it works, else PyAV."""
    try:
        import torchcodec  # noqa: F401
    except (ImportError, OSError, RuntimeError):
        return "pyav"
    return "torchcodec"


def read(root: Path) -> dict:
    """Opens a dataset, reads every item, and one of each kind that training asks for."""
    dataset = LeRobotDataset("local/dataset", root=root, video_backend=backend())
    items = [dataset[i] for i in range(len(dataset))]
    camera = dataset.meta.camera_keys[0]
    windows = LeRobotDataset(
        "local/dataset",
        root=root,
        video_backend=backend(),
        delta_timestamps={"action": [i / dataset.fps for i in range(8)], camera: [-0.1, 0.0]},
    )
    batch = next(iter(torch.utils.data.DataLoader(windows, batch_size=4, shuffle=True)))
    return {
        "version": importlib.metadata.version("lerobot"),
        "backend": backend(),
        "fps": dataset.fps,
        "episodes": dataset.meta.total_episodes,
        "ticks": len(dataset),
        "tasks": sorted({item["task"] for item in items}),
        "red": [round(float(item[camera][0, 0, 0]) * 255) for item in items],
        "intervention": [bool(item["intervention"]) for item in items],
        "category": [int(item["category"]) for item in items],
        "action": [float(item["action"][0]) for item in items],
        "batch": {key: list(batch[key].shape) for key in ("action", camera, "observation.state")},
        "stats": {k: np.asarray(v).shape for k, v in dataset.meta.stats[camera].items()},
        "mean": np.asarray(dataset.meta.stats["action"]["mean"]).tolist(),
    }


def write(root: Path) -> dict:
    """Records two episodes as LeRobot's recording does: SO-101's joints, in degrees."""
    features = {
        "action": {"dtype": "float32", "shape": (6,), "names": [f"{j}.pos" for j in JOINTS]},
        "observation.state": {
            "dtype": "float32",
            "shape": (6,),
            "names": [f"{j}.pos" for j in JOINTS],
        },
        "observation.images.front": {
            "dtype": "video",
            "shape": (64, 96, 3),
            "names": ["height", "width", "channels"],
        },
        "observation.images.side": {
            "dtype": "image",
            "shape": (48, 64, 3),
            "names": ["height", "width", "channels"],
        },
        "intervention": {"dtype": "bool", "shape": (1,), "names": None},
    }
    dataset = LeRobotDataset.create(
        "local/recorded", FPS, features, root=root, robot_type="so101_follower", use_videos=True
    )
    for length in (20, 30):
        for i in range(length):
            state = np.array([9.0 * k + i for k in range(6)], np.float32)
            ramp = np.linspace(0, 40, 96, dtype=np.uint8)
            front = np.broadcast_to(ramp[None, :, None], (64, 96, 3)).copy()
            front[..., 0] += np.uint8(4 * i)
            dataset.add_frame(
                {
                    "action": state + 1,
                    "observation.state": state,
                    "observation.images.front": front,
                    "observation.images.side": np.full((48, 64, 3), 5 * i, np.uint8),
                    "intervention": np.array([length == 30 and 10 <= i < 20]),
                    "task": "put it there",
                }
            )
        dataset.save_episode()
    dataset.finalize()
    return {"version": importlib.metadata.version("lerobot")}


def cut(root: Path) -> dict:
    """Takes the first episode out with LeRobot's own tool, into ``<root>-cut``."""
    from lerobot.datasets.dataset_tools import delete_episodes

    dataset = LeRobotDataset("local/dataset", root=root, video_backend=backend())
    made = delete_episodes(
        dataset, [0], output_dir=root.with_name(root.name + "-cut"), repo_id="local/cut"
    )
    return {"episodes": made.meta.total_episodes}


if __name__ == "__main__":
    done = {"read": read, "write": write, "cut": cut}[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps(done, default=list))
