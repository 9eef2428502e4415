"""What the pages of a broken data folder need besides."""

from tests.pages.conftest import cheap_page_runs

__all__ = ["cheap_page_runs"]
