/** The page's own language: screen readers speak by it, and its direction turns what stands on the page around. */

/** @import { Component } from "./component.js" */

const YEAR_S = 365 * 24 * 3600;

/** @param {Component<{ code: string, direction: string, cookie: string }>} component */
export default function tellPageLanguage({ data }) {
  document.documentElement.lang = data.code;
  document.documentElement.dir = data.direction;
  if (data.cookie) {
    const secure = location.protocol === "https:" ? "; secure" : "";
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is lacking over plain http and in older browsers
    document.cookie = `${data.cookie}=${data.code}; path=/; max-age=${YEAR_S}; samesite=lax${secure}`;
  }
}
