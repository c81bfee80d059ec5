import { invalid } from './refusal.ts'
import type { StoredObject } from './store.ts'
import { systemAttributes } from './system-attributes.ts'
import { isAttributeName, type TypedAttribute } from './typed-attribute.ts'

/** What an AttributesToGet asks for. */
export interface Selection {
  /** `*` all the user's attributes, `**` the system's too, otherwise the names of some. */
  readonly asked: '*' | '**' | readonly string[]
  /** Whether `*` includes `__name`: it does in GetItems, but not in GetItem. */
  readonly withName: boolean
}

/**
 * Reads an AttributesToGet: `*`, `**`, or names with a comma and no space between them.
 *
 * @throws Refusal 400
 */
export function parseSelection(text: string, withName: boolean): Selection {
  if (text === '*' || text === '**') return { asked: text, withName }
  const names = text.split(',')
  for (const name of names) {
    if (!isAttributeName(name)) throw invalid(`${JSON.stringify(name)} in AttributesToGet`)
  }
  return { asked: names, withName }
}

/** The asked attributes of an object in wire form; those it does not have are left out. */
export function selectAttributes(
  name: string,
  object: StoredObject,
  { asked, withName }: Selection,
): Readonly<Record<string, TypedAttribute>> {
  const system = systemAttributes(name, object)
  if (asked === '**') return Object.fromEntries([...object.attributes, ...system])
  if (asked === '*') {
    const extra: [string, TypedAttribute][] = withName ? [['__name', { S: name }]] : []
    return Object.fromEntries([...object.attributes, ...extra])
  }
  return Object.fromEntries(
    asked.flatMap((each): [string, TypedAttribute][] => {
      const typed = object.attributes.get(each) ?? system.get(each)
      return typed === undefined ? [] : [[each, typed]]
    }),
  )
}
