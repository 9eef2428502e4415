/** The one thing that the tests need of Node: its own types would make the browser's code pass as Node's. */
declare module "node:fs/promises" {
  export function readFile(path: URL, encoding: "utf8"): Promise<string>;
}
