from dataclasses import dataclass

import draccus


@dataclass(kw_only=True)
class TeleoperatorConfig(draccus.ChoiceRegistry):
    id: str | None = None

    @property
    def type(self):
        return self.get_choice_name(self.__class__)


def make_teleoperator_from_config(config):
    return config.made()
