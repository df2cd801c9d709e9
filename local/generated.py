"""Everything generated and committed: what follows from the contracts, and the infrastructure."""

from __future__ import annotations

from pathlib import Path

from ingestion import generate
from local import template


def write(root: Path = generate.ROOT) -> list[Path]:
    """Bring all generated files up to date; returns those that changed."""
    changed = generate.write(root)
    if _template_differs(root):
        (root / template.TEMPLATE).write_text(template.text(root))
        changed.append(template.TEMPLATE)
    return changed


def drift(root: Path = generate.ROOT) -> list[Path]:
    """The generated files that are not what the generators write now."""
    return generate.drift(root) + ([template.TEMPLATE] if _template_differs(root) else [])


def _template_differs(root: Path) -> bool:
    path = root / template.TEMPLATE
    return not path.is_file() or path.read_text() != template.text(root)
