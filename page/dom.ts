/** Making and changing elements. Everything that comes from an answer becomes a text node or an attribute. */

/** What an element may contain. */
export type Child = Node | string | null

type Attributes = Readonly<Record<string, string | number | boolean | null>>

/** An element of HTML; attributes that are null or false are left out. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  setAttributes(element, attributes)
  append(element, children)
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

/** An element of SVG. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(SVG, tag)
  setAttributes(element, attributes)
  append(element, children)
  return element
}

/** Sets attributes; null and false take them away. */
export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) if (child !== null) element.append(child)
}

/** Changes a text only if it is another, so that a selection in it stays. */
export function setText(element: Element, text: string): boolean {
  if (element.textContent === text) return false
  element.textContent = text
  return true
}

const drawnAs = new WeakMap<Element, string>()

/**
 * Draws anew what is inside an element, but only if the data are others than before: a selection in it and a pointer
 * over it stay.
 */
export function redraw(place: Element, data: unknown, make: () => readonly Node[]): void {
  const drawn = JSON.stringify(data)
  if (drawnAs.get(place) === drawn) return
  drawnAs.set(place, drawn)
  place.replaceChildren(...make())
}

/** The element of that id, which the page has. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`The page has no element ${id}.`)
  return element
}

/** A sign beside words, for eyes only. */
export function sign(text: string): HTMLElement {
  return el('span', { class: 'sign', 'aria-hidden': 'true' }, text)
}

/**
 * Makes the children of a parent those of the keys, in their order: known ones are moved, new ones made,
 * others removed. What has the focus keeps it.
 */
export function keepChildren<T>(
  parent: Element,
  items: readonly T[],
  {
    known,
    keyOf,
    make,
  }: {
    readonly known: Map<string, { readonly element: Element }>
    readonly keyOf: (item: T) => string
    readonly make: (item: T) => { readonly element: Element }
  },
): void {
  const keys = new Set(items.map(keyOf))
  for (const [key, { element }] of known) {
    if (keys.has(key)) continue
    element.remove()
    known.delete(key)
  }
  let place: Element | null = parent.firstElementChild
  for (const item of items) {
    const key = keyOf(item)
    const kept = known.get(key) ?? make(item)
    known.set(key, kept)
    if (kept.element === place) place = place.nextElementSibling
    else parent.insertBefore(kept.element, place)
  }
}
