"""Why the launcher cannot be updated, from what was seen of its checkout (pure)."""

from collections.abc import Sequence


def faults_of_news(fault: str, error: str, dirty: Sequence[str], ahead: int | None) -> list[str]:
    """
    Sentences; none when it can be updated.

    Args:
        fault: Why nothing can be told of the checkout; blank otherwise.
        error: Why upstream could not be asked; blank otherwise.
        dirty: Tracked files with local changes.
        ahead: Commits that only the checkout has; None: not known.
    """
    if fault:
        return [fault]
    if error:
        return [f"upstream cannot be asked: {error}"]
    faults = []
    if dirty:
        faults.append(f"the launcher has local changes in {', '.join(dirty[:5])}: keep or undo them first")
    if ahead:
        faults.append(f"the launcher has {ahead} commits of its own: it cannot be fast-forwarded")
    return faults
