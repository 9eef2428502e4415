"""Every key of the session state, in one place. Only ids and choices are kept there."""

from __future__ import annotations

from typing import Final

DATASET: Final = "dataset_id"
"""The chosen dataset; also in the address as ``dataset``."""
CHOOSER: Final = "dataset_chooser"
TOAST: Final = "toast"
"""A message for the next run: what was just done."""
UPLOAD_ROUND: Final = "upload_round"
"""Counts uploads, so that the uploader is empty again after each."""
OFFER: Final = "upload_offer"
"""What was dropped and not taken yet: dataset id, path, title."""
MAP_ASKED: Final = "map_asked_for"
"""The datasets and revisions for which this session asked for a map by itself."""
