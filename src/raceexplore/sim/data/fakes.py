"""Names, addresses and what else Faker's providers make: realistic, in the words of a locale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.fence.chance import dice
from raceexplore.sim.data.lazily import Lazily
from raceexplore.sim.data.texts import ODD
from raceexplore.sim.data.today import beginning
from raceexplore.sim.unmodelled import library

if TYPE_CHECKING:
    from raceexplore.sim.data.drawing import Drawing

VARIETY = 1_000  # values of one provider; drawn uniformly, half of 37 records share one


class Fakes:
    """What the provider ``name`` of Faker's makes with ``args`` and ``options``.

    The same version of Faker makes the same values. Raises `BadOption` if Faker has no such
    provider, and `MissingExtra` if it is not installed.
    """

    def __init__(
        self, name: str, args: Sequence[Any], options: Mapping[str, Any], locale: str
    ) -> None:
        self.name, self.args, self.options, self.locale = name, args, options, locale
        if locale:
            _provider(locale, name)

    def draw(self, drawing: Drawing) -> Any:
        """Return one of `VARIETY` values; each is as likely."""
        locale = self.locale or drawing.locale
        generator, make = _provider(locale, self.name)
        world, modules = drawing.world, _modules(locale)

        def made(index: int) -> Any:
            generator.random = dice(index)
            with beginning(world, modules):
                return make(*self.args, **self.options)

        return drawing.pick(Lazily(VARIETY, made))

    @property
    def boundaries(self) -> tuple[Any, ...]:
        """The strings that are odd whatever the field is for."""
        return ODD


@lru_cache(maxsize=8)
def _modules(locale: str) -> list[ModuleType]:
    """Return the modules of the providers of ``locale``, and of what they are made of."""
    classes = [base for each in _generator(locale).providers for base in type(each).__mro__]
    names = dict.fromkeys(base.__module__ for base in classes if base is not object)
    return [import_module(name) for name in names]


@lru_cache(maxsize=8)
def _generator(locale: str) -> Any:
    try:
        return library("faker").Faker(locale, use_weighting=False)._factories[0]  # noqa: SLF001
    except AttributeError as error:
        raise BadOption(f"Faker has no locale {locale!r}; try 'de_DE' or 'ja_JP'") from error


def _provider(locale: str, name: str) -> tuple[Any, Any]:
    generator = _generator(locale)
    make = getattr(generator, name, None)
    if name.startswith("_") or not callable(make):
        raise BadOption(
            f"Faker has no provider {name!r} in {locale}; its documentation lists them all"
        )
    return generator, make
