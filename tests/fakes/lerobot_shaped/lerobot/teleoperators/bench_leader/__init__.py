import json
from dataclasses import dataclass
from pathlib import Path

from lerobot.motors import arm, calibration_file
from lerobot.teleoperators import TeleoperatorConfig


@TeleoperatorConfig.register_subclass("bench_leader")
@dataclass(kw_only=True)
class BenchLeaderConfig(TeleoperatorConfig):
    port: str
    use_degrees: bool = True
    drivable: bool = False

    def made(self):
        return BenchLeader(self)


class BenchLeader:
    def __init__(self, config):
        self.config, self.id = config, config.id
        self.calibration_fpath, self.calibration = calibration_file(config.port, config.id)
        self.bus = arm(config.port, self.calibration, use_degrees=config.use_degrees)

    @property
    def action_features(self):
        return {f"{name}.pos": float for name in self.bus.motors}

    @property
    def feedback_features(self):
        return self.action_features if self.config.drivable else {}

    @property
    def is_connected(self):
        return self.bus.is_connected

    @property
    def is_calibrated(self):
        return self.bus.is_calibrated

    def connect(self, calibrate=True):
        assert not calibrate
        self.bus.connect()

    def get_action(self):
        hand = Path(self.config.port) / "pose.json"
        if hand.exists() and not self.bus.torque:
            self.bus.put(json.loads(hand.read_text()))
        return {
            f"{name}.pos": value for name, value in self.bus.sync_read("Present_Position").items()
        }

    def send_feedback(self, feedback):
        if not self.config.drivable:
            raise NotImplementedError
        self.bus.sync_write({k.removesuffix(".pos"): v for k, v in feedback.items()})

    def disconnect(self):
        self.bus.disconnect()
