"""Photos that are turned: their sides, and the boxes and landmarks of their faces, follow in the same transaction.

Whatever a photo's turn is, its row and its faces are in pixels of the picture as it is shown. That is arithmetic alone;
looking for faces in the turned picture comes after (``workflows.photos.look_again``), and ``looked_turn`` tells where
it is due.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, bindparam, exists, select, update

from core.base.types import Box
from core.corrections.model import Entity, Field
from core.imaging.geometry import turn_box, turn_points, turn_size
from core.store.sql import schema
from core.store.sql.rows import SqlValue, to_blob, to_signed_64
from core.store.values.datasets import PhotoLook


def set_turn(connection: Connection, dataset_id: str, photo_id: str, turn: int | None) -> None:
    """Turn a photo and the faces on it; ``None`` turns it as the ingest said. A photo that is gone stays so."""
    photo = schema.photo
    by_id = (photo.c.dataset_id == dataset_id) & (photo.c.id == photo_id)
    row = connection.execute(select(photo).where(by_id)).one_or_none()
    if row is None:
        return
    target_turn = row.base_turn if turn is None else turn
    by = (target_turn - row.turn) % 4
    if not by:
        return
    width, height = turn_size(row.width_px, row.height_px, by)
    connection.execute(update(photo).where(by_id).values(turn=target_turn, width_px=width, height_px=height))
    # The row as it was read: the boxes are in pixels of its sides, from before the turn.
    _turn_faces(connection, row, by)


def _turn_faces(connection: Connection, photo: Row[Any], by: int) -> None:
    face = schema.face
    of_photo = (face.c.dataset_id == photo.dataset_id) & (face.c.photo_id == photo.id)
    rows = connection.execute(select(face).where(of_photo)).all()
    if rows:
        by_id = (face.c.dataset_id == photo.dataset_id) & (face.c.id == bindparam("face"))
        connection.execute(update(face).where(by_id), [_turned_columns(row, photo, by) for row in rows])


def _turned_columns(face: Row[Any], photo: Row[Any], by: int) -> dict[str, SqlValue]:
    box = Box(face.left, face.top, face.right, face.bottom)
    left, top, right, bottom = turn_box(box, photo.width_px, photo.height_px, by).as_tuple()
    points = np.frombuffer(face.landmarks, dtype="<f4").reshape(5, 2)
    landmarks = to_blob(turn_points(points, photo.width_px, photo.height_px, by))
    return {"face": face.id, "left": left, "top": top, "right": right, "bottom": bottom, "landmarks": landmarks}


def record_look(connection: Connection, dataset_id: str, photo_id: str, look: PhotoLook) -> bool:
    """Write under which turn faces were looked for, and turn the photo where another turn was found.

    Returns
    -------
    False when the photo was turned, or somebody said how it is, since it was read: then nothing was written.
    """
    photo = schema.photo
    by_id = (photo.c.dataset_id == dataset_id) & (photo.c.id == photo_id)
    # Networks have looked since the photo was read, and that takes a while: somebody may have turned it meanwhile, and
    # what was found is then of another picture.
    turn = connection.scalar(select(photo.c.turn).where(by_id))
    if turn != look.turn_before:
        return False
    if look.turn != look.turn_before:
        # What a person says of a photo counts more than where the networks find more faces.
        if has_turn_correction(connection, dataset_id, photo_id):
            return False
        connection.execute(update(photo).where(by_id).values(base_turn=look.turn))
        set_turn(connection, dataset_id, photo_id, look.turn)
    values = {"looked_turn": look.turn, "perceptual_hash": to_signed_64(look.perceptual_hash)}
    connection.execute(update(photo).where(by_id).values(values))
    return True


def has_turn_correction(connection: Connection, dataset_id: str, photo_id: str) -> bool:
    """Whether a correction that holds says how the photo is turned."""
    event, change = schema.event, schema.change
    turn_changes = (
        select(change.c.event_id)
        .join(event, (event.c.id == change.c.event_id) & event.c.active)
        .where(
            change.c.dataset_id == dataset_id,
            change.c.entity == Entity.PHOTO,
            change.c.entity_id == photo_id,
            change.c.field == Field.TURN,
        )
    )
    return bool(connection.scalar(select(exists(turn_changes))))
