/**
 * Modules as one script, for a page that has to be a single file: from a disk, a browser loads no module beside it.
 *
 * Each module becomes the body of a function, which gets what it imports from those before it and returns what it
 * exports; so names of one module meet no names of another. It reads the forms in which the modules of this folder are
 * written: `import { a, b as c } from "./file.js";`, and `export` before a function, a class or a constant.
 */

const IMPORT = /^import \{([^}]*)\} from "([^"]+)";$/gm;
const EXPORT = /^export (?:async )?(?:function\*?|class|const) (\w+)/gm;
const OTHER_FORM = /^(?:import|export)\b.*|\bimport(?:\.meta|\().*/m;

/**
 * @param {URL} entry the module whose exports the script gives
 * @param {(address: URL) => Promise<string>} read
 * @returns {Promise<string>} an expression, whose value is an object of the entry's exports
 */
export async function bundleModules(entry, read) {
  /** @type {Map<string, string>} bodies by address, what is imported before what imports it */
  const bodies = new Map();
  await addModule(entry, read, bodies, new Set());
  const numbers = new Map([...bodies.keys()].map((address, number) => [address, number]));
  const functions = [...bodies.values()].map((body, number) => {
    const linked = body.replace(/\bimported\["([^"]+)"\]/g, (_, address) => `modules[${numbers.get(address)}]`);
    return `modules[${number}] = (() => {\n${linked}\n})();`;
  });
  return `(() => {\n"use strict";\nconst modules = [];\n${functions.join("\n")}\nreturn modules[${bodies.size - 1}];\n})()`;
}

/**
 * @param {URL} address
 * @param {(address: URL) => Promise<string>} read
 * @param {Map<string, string>} bodies
 * @param {Set<string>} begun
 */
async function addModule(address, read, bodies, begun) {
  if (begun.has(address.href)) return;
  begun.add(address.href);
  const source = await read(address);
  for (const [, , path] of source.matchAll(IMPORT)) await addModule(new URL(path, address), read, bodies, begun);
  bodies.set(address.href, toFunctionBody(source, address));
}

/**
 * @param {string} source
 * @param {URL} address
 */
function toFunctionBody(source, address) {
  const exported = Array.from(source.matchAll(EXPORT), ([, name]) => name);
  const body = source
    .replace(IMPORT, (_, names, path) => {
      const variables = names.replaceAll(" as ", ": ").replace(/\s+/g, " ");
      return `const {${variables}} = imported["${new URL(path, address).href}"];`;
    })
    .replace(EXPORT, (declaration) => declaration.slice("export ".length));
  const left = body.match(OTHER_FORM);
  if (left) throw new SyntaxError(`${address}: "${left[0]}" is a form of import or export that is not bundled`);
  return `${body}\nreturn { ${exported.join(", ")} };`;
}
