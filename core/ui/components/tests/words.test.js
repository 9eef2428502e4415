import { afterEach, expect, test } from "vitest";
import { formatDecimal, gettext, ngettext, speak, spokenWords } from "../browser/shared/words.js";

const PHOTOS = /** @type {const} */ (["{number} photo", "{number} photos"]);
const ENGLISH = { language: "en", decimal_sign: ".", texts: {} };
const GERMAN = {
  language: "de",
  decimal_sign: ",",
  texts: {
    "{name} here, {other} on {file}": "hier {name}, auf {file} {other}",
    "{number} photos": { one: "{number} Foto", other: "{number} Fotos" },
  },
};

afterEach(() => speak(ENGLISH));

test("English needs no table", () => {
  expect(gettext("{name} more than once", { name: "Ann" })).toBe("Ann more than once");
  expect([0, 1, 2, 12000].map((number) => ngettext(...PHOTOS, number))).toEqual([
    "0 photos",
    "1 photo",
    "2 photos",
    "12\u202f000 photos",
  ]);
  expect(formatDecimal(0.954, 2)).toBe("0.95");
});

test("another language puts values, plurals and decimals its own way, and says in English what it lacks", () => {
  speak(GERMAN);
  const values = { name: "Ann", other: "{file}", file: "1.jpg" };
  expect(gettext("{name} here, {other} on {file}", values)).toBe("hier Ann, auf 1.jpg {file}");
  expect([0, 1, 2].map((number) => ngettext(...PHOTOS, number))).toEqual(["0 Fotos", "1 Foto", "2 Fotos"]);
  expect(gettext("Zoom in")).toBe("Zoom in");
  expect(formatDecimal(-1.5, 2)).toBe("-1,50");
});

test("a language with three forms gets the one of the number", () => {
  const forms = { one: "{number} zdjęcie", few: "{number} zdjęcia", many: "{number} zdjęć", other: "{number} zdjęcia" };
  speak({ language: "pl", decimal_sign: ",", texts: { "{number} photos": forms } });
  expect([1, 3, 5, 22].map((number) => ngettext(...PHOTOS, number))).toEqual([
    "1 zdjęcie",
    "3 zdjęcia",
    "5 zdjęć",
    "22 zdjęcia",
  ]);
});

test("components of one language add their words up, and those of the last one go with another", () => {
  speak(GERMAN);
  speak({ ...GERMAN, texts: { Stop: "Anhalten" } });
  expect([gettext("Stop"), ngettext(...PHOTOS, 1)]).toEqual(["Anhalten", "1 Foto"]);
  speak(ENGLISH);
  expect([gettext("Stop"), ngettext(...PHOTOS, 1)]).toEqual(["Stop", "1 photo"]);
  expect(spokenWords()).toEqual(ENGLISH);
});
