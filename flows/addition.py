"""What a request adds to what its store holds of the run already."""

from dataclasses import fields, replace

from flows.estimate import check_space, estimate
from flows.request import RunRequest
from warehouse.record import RunSettings, run_id
from warehouse.store import Store


def foreseen(request: RunRequest) -> list[str]:
    """Return the line that says what the run will take, none if all is stored.

    Touches nothing. Raises `InputError` if the disk is too small for it and the request does not force it.
    """
    stored = request.config.first
    if (request.store / "format.json").exists():
        stored = max(Store.open(request.store).files(run_id(request.config)).last, stored)
    if request.epochs <= stored:
        return []
    expected = estimate(request.config, request.settings, request.epochs - stored, request.threads)
    if not request.force:
        check_space(expected, request.store)
    return [f"at most {expected}" if request.may_stop else str(expected)]


def settings_to_ask(request: RunRequest, store: Store) -> RunSettings:
    """Return the settings to ask for: what was not given is as the run has it, if it is there already."""
    asked, run = request.settings, run_id(request.config)
    if run not in store.run_ids():
        return asked
    stored = store.record(run).settings
    return replace(stored, **{f.name: getattr(asked, f.name) for f in fields(asked) if f.name in request.given})
