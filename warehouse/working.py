"""Making a run whose store is on object storage: in a store on this machine, published as it grows.

    $XDG_CACHE_HOME/primordium/working/<digest of the URL>/     the store on this machine

What was published and is not here is fetched first, so that any machine takes a run up where another left it.
"""

import hashlib
from pathlib import Path

from warehouse.content_cache import cache_folder
from warehouse.object_store import ObjectStore
from warehouse.publication import Publisher, make_published
from warehouse.removal import remove_run
from warehouse.store import Store
from warehouse.transfer import copy_run


def take_up(place: str | Path, run: str) -> Publisher:
    """Fetch what is published of a run to the working store, unless that has as much; return who publishes more of it.

    What the working store has of the run is taken away if that is less. Raises `StoreError` if it is being written
    here, or the URL cannot be written.
    """
    objects = make_published(str(place))
    folder = cache_folder() / "working" / hashlib.sha256(objects.url.encode()).hexdigest()[:16]
    working = Store.open(folder, create=True)
    publisher = Publisher(working, run, objects)
    published = ObjectStore(objects)
    if run in published.run_ids():
        here = working.files(run).last if run in working.run_ids() else -1
        if here < published.files(run).last:
            if here >= 0:
                remove_run(working, run)
            copy_run(published, run, working)
    return publisher
