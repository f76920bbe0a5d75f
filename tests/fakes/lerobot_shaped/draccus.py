"""What LeRobot's configuration needs of draccus: choices by name, and dataclasses from tables."""

import dataclasses


class ParsingError(Exception):
    pass


class ChoiceRegistry:
    _known: dict

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if ChoiceRegistry in cls.__bases__:
            cls._known = {}

    @classmethod
    def register_subclass(cls, name):
        def register(chosen):
            cls._known[name] = chosen
            return chosen

        return register

    @classmethod
    def get_known_choices(cls):
        return cls._known

    @classmethod
    def get_choice_class(cls, name):
        return cls._known[name]

    @classmethod
    def get_choice_name(cls, chosen):
        return next(name for name, known in cls._known.items() if known is chosen)


def decode(base, table):
    options = dict(table)
    chosen = base.get_choice_class(options.pop("type"))
    fields = {field.name for field in dataclasses.fields(chosen)}
    unknown = sorted(set(options) - fields)
    if unknown:
        raise ParsingError(f"The fields `{unknown[0]}` are not valid for {chosen.__name__}")
    try:
        return chosen(**options)
    except TypeError as error:
        raise ParsingError(str(error)) from error
