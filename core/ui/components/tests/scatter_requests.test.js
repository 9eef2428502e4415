import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CardRequests } from "../browser/scatter/card_requests.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** @param {number} row */
const card = (row) => ({ row, src: "data:,", alt: "", lines: [] });

function requests() {
  /** @type {number[][]} */
  const sent = [];
  return { sent, made: new CardRequests((rows) => sent.push(rows)) };
}

test("faces that are drawn are asked for once, together, and what came is not asked for again", () => {
  const { sent, made } = requests();
  made.wantDrawn([4, 5, 6], 40);
  made.wantDrawn([4, 5, 6, 7], 40);
  vi.advanceTimersByTime(40);
  expect(sent).toEqual([[4, 5, 6, 7]]);
  made.take([4, 5, 6, 7].map(card));
  made.wantDrawn([5, 6, 7, 8], 40);
  vi.advanceTimersByTime(40);
  expect(sent).toEqual([[4, 5, 6, 7], [8]]);
});

test("the face that is pointed at comes first, and does not wait for the others", () => {
  const { sent, made } = requests();
  made.wantDrawn([1, 2], 40);
  vi.advanceTimersByTime(40);
  made.wantPointed([9, 1], 15);
  vi.advanceTimersByTime(15);
  expect(sent).toEqual([
    [1, 2],
    [9, 1, 2],
  ]);
});

test("a question that was lost is asked again, until nobody wants the answer", () => {
  const { sent, made } = requests();
  made.wantDrawn([1], 0);
  vi.advanceTimersByTime(1000);
  expect(sent).toEqual([[1], [1]]);
  made.wantDrawn([], 0);
  vi.advanceTimersByTime(5000);
  expect(sent).toHaveLength(2);
});

test("more than one question can hold are asked for one after the other", () => {
  const { sent, made } = requests();
  made.wantDrawn(
    Array.from({ length: 100 }, (_, row) => row),
    0,
  );
  vi.advanceTimersByTime(0);
  expect(sent[0]).toHaveLength(64);
  made.take(sent[0].map(card));
  vi.advanceTimersByTime(0);
  expect(sent[1]).toHaveLength(36);
});

test("of thousands of cards the newest are remembered", () => {
  const { made } = requests();
  made.take(Array.from({ length: 3500 }, (_, row) => card(row)));
  expect([made.cards.size, made.cards.has(0), made.cards.has(3499)]).toEqual([3000, false, true]);
});
