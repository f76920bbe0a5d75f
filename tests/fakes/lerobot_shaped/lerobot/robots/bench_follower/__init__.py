from dataclasses import dataclass, field

from lerobot.motors import arm, calibration_file
from lerobot.robots import RobotConfig


@RobotConfig.register_subclass("bench_follower")
@dataclass(kw_only=True)
class BenchFollowerConfig(RobotConfig):
    port: str
    use_degrees: bool = False
    max_relative_target: float | None = None
    disable_torque_on_disconnect: bool = True
    wheels: bool = False
    cameras: dict = field(default_factory=dict)

    def made(self):
        return BenchFollower(self)


class BenchFollower:
    def __init__(self, config):
        self.config, self.id = config, config.id
        self.calibration_fpath, self.calibration = calibration_file(config.port, config.id)
        self.bus = arm(config.port, self.calibration, use_degrees=config.use_degrees)

    @property
    def observation_features(self):
        images = dict.fromkeys(self.config.cameras, (480, 640, 3))
        return {f"{name}.pos": float for name in self.bus.motors} | images

    @property
    def action_features(self):
        wheels = {"x.vel": float} if self.config.wheels else {}
        return {f"{name}.pos": float for name in self.bus.motors} | wheels

    @property
    def is_connected(self):
        return self.bus.is_connected

    @property
    def is_calibrated(self):
        return self.bus.is_calibrated

    def connect(self, calibrate=True):
        assert not calibrate
        self.bus.connect()
        if self.calibration:
            self.bus.enable_torque()

    def get_observation(self):
        return {
            f"{name}.pos": value for name, value in self.bus.sync_read("Present_Position").items()
        }

    def send_action(self, action):
        goal = {k.removesuffix(".pos"): v for k, v in action.items() if k.endswith(".pos")}
        if self.config.max_relative_target is not None:
            far, at = self.config.max_relative_target, self.bus.sync_read("Present_Position")
            goal = {k: at[k] + min(far, max(-far, v - at[k])) for k, v in goal.items()}
        self.bus.sync_write(goal)
        return {f"{name}.pos": value for name, value in goal.items()}

    def disconnect(self):
        self.bus.disconnect(self.config.disable_torque_on_disconnect)
