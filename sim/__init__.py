"""Primordial soups: languages, the epoch loop with its tracer, replay and scores. Pure kernels and arrays."""

from sim.config import SoupConfig, Start
from sim.errors import InputError
from sim.jit import kernel_digest
from sim.language import NOWHERE, Demonstration, Language, Outcome, Step, Survey
from sim.languages import LANGUAGES, language
from sim.log import EpochLog, MechanismTable, Tokens
from sim.mechanisms import MechanismIdCollisionError
from sim.replay import Replay
from sim.score import self_replication_scores
from sim.soup import Soup

__all__ = [
    "LANGUAGES",
    "NOWHERE",
    "Demonstration",
    "EpochLog",
    "InputError",
    "Language",
    "MechanismIdCollisionError",
    "MechanismTable",
    "Outcome",
    "Replay",
    "Soup",
    "SoupConfig",
    "Start",
    "Step",
    "Survey",
    "Tokens",
    "kernel_digest",
    "language",
    "self_replication_scores",
]
