"""What holds for every test."""

from hypothesis import settings

# A property is about what code does; how long it takes says more about who else uses the machine.
settings.register_profile("saqta", deadline=None)
settings.load_profile("saqta")
