import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { bundleModules } from "../browser/scatter/saving/bundle.js";
import { createPage } from "../browser/scatter/saving/page.js";
import { Scene } from "../browser/scatter/scene/scene.js";
import { cloudOf, LOOK, spreadPoints } from "./clouds.js";

const ROOT = new URL("https://atlas.test/scatter/");

/** @param {Record<string, string>} files by the path from the folder */
function bundle(files) {
  /** @type {string[]} */
  const asked = [];
  const read = async (/** @type {URL} */ address) => {
    asked.push(address.href);
    return files[address.pathname.slice(1)];
  };
  return { script: bundleModules(new URL("entry.js", ROOT), read), asked };
}

/** @param {string} script */
function run(script) {
  return new Function(`return ${script};`)();
}

test("a module gets what it imports, under its own names, and each is read once", async () => {
  const { script, asked } = bundle({
    "scatter/entry.js": `import { ten as many, Box } from "./numbers.js";\nimport {\n  twice,\n} from "../shared/twice.js";\nexport function result() {\n  return [twice(many), new Box().side];\n}\nexport const NAME = "entry";\n`,
    "scatter/numbers.js": `import { twice } from "../shared/twice.js";\nconst five = 5;\nexport const ten = twice(five);\nexport class Box {\n  side = five;\n}\n`,
    "shared/twice.js": `const five = 2; // another than that of the numbers\nexport function twice(value) {\n  return value * five;\n}\n`,
  });
  const { result, NAME } = run(await script);
  expect(result()).toEqual([20, 5]);
  expect(NAME).toBe("entry");
  expect(asked.map((address) => new URL(address).pathname)).toEqual([
    "/scatter/entry.js",
    "/scatter/numbers.js",
    "/shared/twice.js",
  ]);
});

test.each([
  'import "./numbers.js";',
  'import * as numbers from "./numbers.js";',
  'import numbers from "./numbers.js";',
  "export default function () {}",
  "export { result };",
  "export let result = 1;",
  'const numbers = await import("./numbers.js");',
  "const here = import.meta.url;",
])("what it cannot put together it refuses: %s", async (line) => {
  const { script } = bundle({ "scatter/entry.js": `const result = 1;\n${line}\n` });
  await expect(script).rejects.toThrow("is a form of import or export that is not bundled");
});

test("the page that is saved is one file of our own modules, which runs by itself", async () => {
  const entry = new URL("../browser/scatter/saving/standalone.js", import.meta.url);
  const script = await bundleModules(entry, (address) => readFile(address, "utf8"));
  expect(Object.keys(run(script))).toEqual(["showSavedMap"]);
  const cloud = cloudOf(spreadPoints(6), { finding: "</script><b>6 faces" });
  const page = createPage(new Scene(cloud), cloud, LOOK, script);
  expect(page.match(/<\/script/g)).toHaveLength(1);
  expect(page).not.toMatch(/^\s*(import|export) /m);
  expect(page).not.toMatch(/https?:/);
});
