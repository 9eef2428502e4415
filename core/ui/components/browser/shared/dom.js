/** Elements of a component: created, found, and asked whether they have to be drawn anew. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} properties
 * @param {Record<string, string>} attributes those that are no properties: role, aria-*, data-*
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function createElement(tag, properties = {}, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * An element with words in it, which may be read from the right.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {string} text
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function createText(tag, className, text) {
  const element = createElement(tag);
  element.className = className;
  element.dir = "auto";
  element.textContent = text;
  return element;
}

/**
 * A part of the component's html, which is there.
 * @template {Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function findElement(root, selector, kind) {
  const element = root.querySelector(selector);
  if (!(element instanceof kind)) throw new TypeError(`The component has no ${selector} that is a ${kind.name}`);
  return element;
}

/**
 * The element with the focus among those of a component, which lie in a shadow root of their own.
 * @param {Element} root
 * @returns {HTMLElement | null}
 */
export function focusedWithin(root) {
  const tree = root.getRootNode();
  const active = tree instanceof ShadowRoot || tree instanceof Document ? tree.activeElement : null;
  return active instanceof HTMLElement && root.contains(active) ? active : null;
}

/**
 * The nearest element around an event's target that a selector fits.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function closestTo(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}

/**
 * An event that was dealt with: neither the page nor Streamlit's own keys act on it.
 * @param {Event} event
 */
export function consumeEvent(event) {
  event.preventDefault();
  event.stopPropagation();
}

/**
 * Let an element have these children in this order. Those that stay in their order are not touched, and so keep focus,
 * caret and selection.
 * @param {Element} parent
 * @param {Element[]} children
 */
export function arrangeChildren(parent, children) {
  const staying = new Set(children);
  for (const child of [...parent.children]) if (!staying.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

/** @type {WeakMap<Element, string>} */
const drawnSignatures = new WeakMap();

/**
 * Whether an element shows something else than what the signature stands for; from now on it shows that.
 * @param {Element} root
 * @param {string} signature
 */
export function needsRedraw(root, signature) {
  if (drawnSignatures.get(root) === signature) return false;
  drawnSignatures.set(root, signature);
  return true;
}
