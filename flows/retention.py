"""What a sweep's runs keep of their history."""

#: The policies there are; `everything` is what `run` keeps.
POLICIES = ("everything",)


def check_policy(value: object) -> str:
    """Return a policy that can be followed; `ValueError` says which there are."""
    if not isinstance(value, str) or value not in POLICIES:
        raise ValueError(f"{value!r}; allowed: {', '.join(POLICIES)}")
    return value
