"""What an erasing takes away: everything that the store knows of a person, or of all of a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, or_, select

from core.base.errors import NotFound
from core.corrections.model import Entity, Field
from core.language.texts import marked
from core.store.exchange_protocols import Erasure
from core.store.name_spelling import Spellings
from core.store.sql import schema
from core.store.sql.rows import in_batches
from core.store.sql.transactions.current_values import resolve_merges


@dataclass(frozen=True)
class ErasureScope:
    """Finds what is to go, in a transaction."""

    connection: Connection
    dataset_id: str

    def of_person(self, person_id: int, *, with_shared: bool) -> Erasure:
        """What goes with a person. Raises NotFound."""
        people = self._people(person_id)
        names, spared = self._names(people)
        photos, shared = self._photos(people)
        if with_shared:
            photos, shared = photos | shared, set()
        return replace(
            self._erasure(people, photos, names, spared),
            shared_photo_ids=tuple(sorted(shared)),
            named_elsewhere=self._named_elsewhere(names),
        )

    def of_dataset(self) -> Erasure:
        """All of the dataset; names that people elsewhere have too are theirs."""
        person, photo = schema.person, schema.photo
        rows = self.connection.execute(select(person)).all()
        own_rows = [row for row in rows if row.dataset_id == self.dataset_id]
        other_names = {row.name for row in rows if row.dataset_id != self.dataset_id}
        elsewhere = Spellings(tuple(other_names))
        own_names = {name for row in own_rows for name in (row.name, row.base_name) if not elsewhere.is_name(name)}
        names = tuple(sorted(own_names))
        spellings = Spellings(names)
        photos = set(self.connection.scalars(select(photo.c.id).where(photo.c.dataset_id == self.dataset_id)))
        spared = tuple(sorted(name for name in other_names if spellings.may_mention(name)))
        return self._erasure({row.id for row in own_rows}, photos, names, spared)

    def _erasure(self, people: set[int], photos: set[str], names: tuple[str, ...], spared: tuple[str, ...]) -> Erasure:
        """These people and photos, with their faces, and what of that others have too."""
        faces, crops = self._faces(people, photos)
        elsewhere, elsewhere_vectors = self._elsewhere(faces, crops, photos)
        return Erasure(
            dataset_id=self.dataset_id,
            person_ids=frozenset(people),
            names=names,
            spared=spared,
            face_ids=tuple(sorted(faces)),
            crop_ids=tuple(sorted(crops)),
            photo_ids=tuple(sorted(photos)),
            shared_photo_ids=(),
            vectors=tuple(self._vectors(self.dataset_id, faces)),
            elsewhere=elsewhere,
            elsewhere_vectors=elsewhere_vectors,
            named_elsewhere=(),
        )

    def _people(self, person_id: int) -> set[int]:
        """The person with all who were merged into them, and those without faces who have the same name."""
        roots = resolve_merges(self.connection, self.dataset_id)
        if person_id not in roots:
            raise NotFound(marked("This person is not in the dataset any more. Reload the page."))
        person, face = schema.person, schema.face
        person_ids = {merged_id for merged_id, final in roots.items() if final == roots[person_id]}
        names = select(person.c.name).where(person.c.id.in_(person_ids))
        with_faces = select(face.c.assigned_id).where(
            face.c.dataset_id == self.dataset_id, face.c.assigned_id.is_not(None)
        )
        # Naming a face and moving it on leaves a person without faces; of this name it would give the erased one away.
        namesakes = select(person.c.id).where(
            person.c.dataset_id == self.dataset_id,
            person.c.name.in_(names),
            person.c.merged_into.is_(None),
            person.c.id.not_in(with_faces),
        )
        return person_ids | set(self.connection.scalars(namesakes))

    def _names(self, people: set[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        person, change = schema.person, schema.change
        rows = self.connection.execute(select(person).where(person.c.dataset_id == self.dataset_id)).all()
        # Also the names that they had for a while: each may stand in a report, a job or a dataset's name.
        assigned_names = select(change.c.value).where(
            change.c.dataset_id == self.dataset_id,
            change.c.entity == Entity.PERSON,
            change.c.field == Field.NAME,
            change.c.entity_id.in_([str(person_id) for person_id in people]),
        )
        own_names = {name for row in rows if row.id in people for name in (row.name, row.base_name)}
        own_names |= {str(name) for name in self.connection.scalars(assigned_names)}
        other_rows = [row for row in rows if row.id not in people]
        # A name that somebody else has now is theirs, and so is every name that holds one of the erased.
        present = {row.name for row in other_rows if row.merged_into is None}
        names = own_names - present
        spellings = Spellings(tuple(names))
        past = {name for row in other_rows for name in (row.name, row.base_name) if not spellings.is_name(name)}
        holding = {candidate for candidate in present | past if spellings.may_mention(candidate)}
        return tuple(sorted(names)), tuple(sorted(holding - names))

    def _photos(self, people: set[int]) -> tuple[set[str], set[str]]:
        """Photos that show nobody else, and photos that do; those of the person's folder without a face too."""
        face, photo, person = schema.face, schema.photo, schema.person
        of_dataset = select(face.c.photo_id).where(face.c.dataset_id == self.dataset_id)
        own_photos = set(self.connection.scalars(of_dataset.where(face.c.person_id.in_(people))))
        photos_of_others = set(
            self.connection.scalars(
                of_dataset.where(~face.c.dismissed, or_(face.c.person_id.is_(None), face.c.person_id.not_in(people)))
            )
        )
        # Photos of the person's folder in which no face was found may show them all the same.
        folders = select(person.c.base_name).where(person.c.id.in_(people), person.c.of_folder)
        of_folder = select(photo.c.id).where(photo.c.dataset_id == self.dataset_id, photo.c.folder_person.in_(folders))
        own_photos |= set(self.connection.scalars(of_folder)) - photos_of_others
        return own_photos - photos_of_others, own_photos & photos_of_others

    def _faces(self, people: set[int], photo_ids: set[str]) -> tuple[set[str], set[str]]:
        face = schema.face
        of_dataset = select(face.c.id, face.c.crop_id).where(face.c.dataset_id == self.dataset_id)
        rows = list(self.connection.execute(of_dataset.where(face.c.person_id.in_(people))))
        for part in in_batches(sorted(photo_ids)):
            rows += self.connection.execute(of_dataset.where(face.c.photo_id.in_(part)))
        return {row.id for row in rows}, {row.crop_id for row in rows}

    def _vectors(self, dataset_id: str, face_ids: set[str]) -> Iterator[bytes]:
        embedding = schema.embedding
        for part in in_batches(sorted(face_ids)):
            query = select(embedding.c.vector).where(
                embedding.c.dataset_id == dataset_id, embedding.c.face_id.in_(part)
            )
            yield from self.connection.scalars(query)

    def _elsewhere(
        self, face_ids: set[str], crop_ids: set[str], photo_ids: set[str]
    ) -> tuple[frozenset[str], frozenset[bytes]]:
        """What other datasets hold too: ids are hashes, so the same photo has the same."""
        face, photo, embedding = schema.face, schema.photo, schema.embedding
        shared_ids: set[str] = set()
        for column, ids in ((face.c.id, face_ids), (face.c.crop_id, crop_ids), (photo.c.id, photo_ids)):
            for part in in_batches(sorted(ids)):
                query = select(column).where(column.in_(part), column.table.c.dataset_id != self.dataset_id)
                shared_ids |= set(self.connection.scalars(query))
        vectors: set[bytes] = set()
        for part in in_batches(sorted(shared_ids & face_ids)):
            query = select(embedding.c.vector).where(
                embedding.c.dataset_id != self.dataset_id, embedding.c.face_id.in_(part)
            )
            vectors |= set(self.connection.scalars(query))
        return frozenset(shared_ids), frozenset(vectors)

    def _named_elsewhere(self, names: Sequence[str]) -> tuple[str, ...]:
        person, dataset = schema.person, schema.dataset
        query = (
            select(dataset.c.name, person.c.name, person.c.base_name)
            .join(person, person.c.dataset_id == dataset.c.id)
            .where(dataset.c.id != self.dataset_id)
        )
        spellings = Spellings(tuple(names))
        return tuple(sorted({row[0] for row in self.connection.execute(query) if any(map(spellings.is_name, row[1:]))}))
