import { badAnswer } from './answer-json.ts'

/** An element of a listing: no attributes, and text or elements in it. */
export interface XmlElement {
  readonly name: string
  /** Without the text of inner elements; entities decoded; blanks kept. */
  readonly text: string
  readonly children: readonly XmlElement[]
}

interface OpenElement {
  readonly name: string
  text: string
  readonly children: XmlElement[]
}

// What the answers hold: a declaration, tags with attributes that are passed over (xmlns), text.
const TOKEN = /<\?[^>]*\?>|<(\/?)([\w:.-]+)(?:\s[^<>]*?)?(\/?)>|([^<]+)/y
const DEPTH_MAX = 10

/**
 * Reads the XML of a listing: elements and text, no comments, no CDATA, no document type.
 *
 * @throws V3ioError `bad-answer`
 */
export function parseListXml(xml: string): XmlElement {
  const document: OpenElement = { name: '', text: '', children: [] }
  const open = [document]
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex
    const token = TOKEN.exec(xml)
    const inner = open.at(-1)
    if (token === null || inner === undefined) throw badAnswer(`XML breaks off at ${at}`)
    const [, isEnd = '', name, isEmpty = '', text] = token
    if (text !== undefined) inner.text += decodeEntities(text)
    else if (name === undefined) continue
    else if (isEnd !== '') closeElement(open, name)
    else {
      const element = { name, text: '', children: [] }
      inner.children.push(element)
      if (isEmpty === '') open.push(element)
      if (open.length > DEPTH_MAX) throw badAnswer('XML is nested too deeply')
    }
  }
  const [root, ...others] = document.children
  if (root === undefined || others.length > 0 || open.length > 1 || document.text.trim() !== '') {
    throw badAnswer('XML is not one whole element')
  }
  return root
}

function closeElement(open: OpenElement[], name: string): void {
  // The document itself has no name, so it is never closed.
  if (open.pop()?.name !== name) throw badAnswer(`XML closes ${name} in the wrong place`)
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function decodeEntities(text: string): string {
  return text.replaceAll(/&([^;&]*);?/g, (entity: string, body: string) => {
    const sign = entity.endsWith(';') ? (ENTITIES.get(body) ?? signOf(body)) : undefined
    if (sign === undefined) throw badAnswer('XML holds an unknown entity')
    return sign
  })
}

function signOf(body: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(body) ?? []
  const codePoint = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  // NaN, where it is neither, is not below the bound either.
  return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : undefined
}

/** All elements of a name inside an element. */
export function childrenOf({ children }: XmlElement, name: string): readonly XmlElement[] {
  return children.filter((child) => child.name === name)
}

/** The text of the first element of a name, or null. */
export function childText(element: XmlElement, name: string): string | null {
  return childrenOf(element, name)[0]?.text ?? null
}

/** A whole number, or null where there is no such element; @throws V3ioError `bad-answer` */
export function childCount(element: XmlElement, name: string): number | null {
  const text = childText(element, name)
  if (text === null || text === '') return null
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw badAnswer(`${name} is not a whole number`)
}

/** A time, or null where there is no such element; @throws V3ioError `bad-answer` */
export function childTime(element: XmlElement, name: string): Date | null {
  const text = childText(element, name)
  if (text === null || text === '') return null
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw badAnswer(`${name} is not a time`)
  return time
}
