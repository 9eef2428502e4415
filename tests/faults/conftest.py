"""What the pages of a broken data folder need besides."""

from tests.pages.conftest import packages_scanned_once

__all__ = ["packages_scanned_once"]
