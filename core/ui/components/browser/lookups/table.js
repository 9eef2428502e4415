/** The photos of a lookup, filtered: what a chip, a person and a limit for names leave of them. */

import { decodeBytes } from "../shared/bytes.js";
import { fileName, spokenName } from "../shared/text.js";
import { gettext } from "../shared/words.js";

/**
 * @typedef {[person: number, probability: number, distance: number]} Candidate the most probable first
 *
 * @typedef {[candidates: Candidate[], likeness: number, margin: number, rival: number, isTrusted: boolean]} FaceRow
 *
 * @typedef {[name: string, reason: string, faceCount: number]} PhotoRow
 *
 * @typedef {[id: string, label: string, bit: number, hint: string]} Chip
 *
 * @typedef {{ needed: number, faces: string, photos: string }} PackedMarks
 *
 * @typedef {object} TableData
 * @property {string} of tells these photos from others
 * @property {string[]} people
 * @property {PhotoRow[]} photos
 * @property {FaceRow[]} faces
 * @property {Chip[]} chips
 * @property {Record<string, PackedMarks>} marks by the name of the limit
 *
 * @typedef {{ chip: string, person: string }} View
 */

/** What Python has marked a face with; the same as in the workflow of lookups. */
export const MARK = { named: 1, unsure: 4, twoNames: 8, again: 16, sure: 128 };

export class LookupTable {
  /** @param {TableData} data */
  constructor(data) {
    this.data = data;
    /** The first face of each photo: they stand in the photos' order. */
    this.firstFace = [];
    /** The photo of each face. */
    this.photoOf = [];
    let row = 0;
    for (const [photo, [, , faceCount]] of data.photos.entries()) {
      this.firstFace.push(row);
      for (let face = 0; face < faceCount; face++) this.photoOf.push(photo);
      row += faceCount;
    }
    this.marks = Object.fromEntries(
      Object.entries(data.marks).map(([limit, { needed, faces, photos }]) => [
        limit,
        { needed, faces: decodeBytes(faces), photos: decodeBytes(photos) },
      ]),
    );
  }

  /**
   * @param {number} photo
   * @returns {number[]} rows of its faces
   */
  facesOf(photo) {
    return Array.from({ length: this.data.photos[photo][2] }, (_, index) => this.firstFace[photo] + index);
  }

  /**
   * @param {string} limit
   * @param {number} row
   * @returns {string} "" for an unknown face
   */
  nameOf(limit, row) {
    const isNamed = this.marks[limit].faces[row] & MARK.named;
    return isNamed ? this.data.people[this.data.faces[row][0][0][0]] : "";
  }

  /**
   * How sure it is who a face shows.
   * @param {string} limit
   * @param {number} row
   * @returns {import("../shared/certainty.js").Certainty}
   */
  certaintyOf(limit, row) {
    const { faces: marks, needed } = this.marks[limit];
    // The first that holds, as Python decided it.
    const words = { unsure: MARK.unsure, sure: MARK.sure, likely: MARK.named };
    const [word] = Object.entries(words).find(([, bit]) => marks[row] & bit) ?? ["unknown"];
    return { word, likeness: this.data.faces[row][1], threshold: needed };
  }

  /** @param {string} chip */
  bitOf(chip) {
    return this.data.chips.find(([id]) => id === chip)?.[2] ?? 0;
  }

  /**
   * The photos that are to be seen.
   * @param {string} limit
   * @param {View} view
   * @returns {number[]}
   */
  filterPhotos(limit, { chip, person }) {
    return this.markedPhotos(limit, this.bitOf(chip)).filter(
      (photo) => !person || this.facesOf(photo).some((row) => this.nameOf(limit, row) === person),
    );
  }

  /**
   * @param {string} limit
   * @param {number} bit 0 for all photos
   */
  markedPhotos(limit, bit) {
    const marks = this.marks[limit].photos;
    return [...this.data.photos.keys()].filter((photo) => !bit || marks[photo] & bit);
  }

  /**
   * On how many photos each person is.
   * @param {string} limit
   * @returns {Map<string, number>}
   */
  countPeople(limit) {
    const counts = new Map();
    for (const photo of this.data.photos.keys())
      for (const name of new Set(this.facesOf(photo).map((row) => this.nameOf(limit, row))))
        if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  }

  /**
   * Whether a face stands out among those of its photo.
   * @param {string} limit
   * @param {View} view
   * @param {number} row
   */
  standsOut(limit, { chip, person }, row) {
    const bit = this.bitOf(chip);
    return (!bit || (this.marks[limit].faces[row] & bit) !== 0) && (!person || this.nameOf(limit, row) === person);
  }

  /**
   * What has to be said of a photo.
   * @param {string} limit
   * @param {number} photo
   * @returns {string[]}
   */
  notesOf(limit, photo) {
    const { faces: marks } = this.marks[limit];
    const reason = this.data.photos[photo][1];
    const rows = this.facesOf(photo);
    const repeated = new Set(rows.filter((row) => marks[row] & MARK.again).map((row) => this.nameOf(limit, row)));
    const twoNames = rows
      .filter((row) => marks[row] & MARK.twoNames)
      .map((row) => {
        const rival = this.data.faces[row][3];
        return gettext("{name} here, {other} on {file}", {
          name: spokenName(this.nameOf(limit, row)),
          other: spokenName(this.nameOf(limit, rival)),
          file: fileName(this.data.photos[this.photoOf[rival]][0]),
        });
      });
    return [
      ...(reason ? [reason] : []),
      ...[...repeated].map((name) => gettext("{name} more than once", { name: spokenName(name) })),
      ...twoNames,
    ];
  }

  /**
   * The person whose photos are nearest to a face; the most probable is not always it.
   * @param {number} row
   */
  nearestPerson(row) {
    const [candidates] = this.data.faces[row];
    const [person] = candidates.reduce((nearest, candidate) => (candidate[2] < nearest[2] ? candidate : nearest));
    return this.data.people[person];
  }
}
