import { type Answer, emptyAnswer, jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { applyUpdate, lookupIn } from './expression/apply-update.ts'
import { readCondition } from './expression/evaluate.ts'
import { type Fields, readJsonBody, textField } from './json-body.ts'
import { conditionFalse, invalid, itemExists, notFound } from './refusal.ts'
import { parseSelection, selectAttributes } from './select-attributes.ts'
import { lastName, type StoredObject } from './store.ts'
import { systemLookup, verifierOf } from './system-attributes.ts'
import { type Attributes, parseAttributes, type TypedAttribute } from './typed-attribute.ts'

const MERGE = 'CreateOrReplaceAttributes'
const NEW_ONLY = 'CreateNewItemOnly'
const REPLACE = 'OverWriteAttributes'
const BYTES_MAX = 2 * 1024 * 1024
const NONE: Attributes = new Map()

/**
 * PutItem: replaces the user attributes, or merges into them under CreateOrReplaceAttributes.
 *
 * @throws Refusal
 */
export function putItem(call: Call): Answer {
  const fields = readJsonBody(call.body, call.contentType, {
    required: ['Item'],
    optional: ['ConditionExpression', 'UpdateMode'],
  })
  const attributes = parseAttributes(fields.get('Item'))
  const mode = modeOf(fields) ?? REPLACE
  const before = call.store.object(call.target)
  refuseExisting(mode, before)
  if (!conditionHolds(fields, call, before)) throw conditionFalse()
  const kept = mode === MERGE && before !== undefined ? before.attributes : NONE
  return write(call, new Map([...kept, ...attributes]))
}

/**
 * UpdateItem: runs UpdateExpression, or AlternateUpdateExpression when the condition is false.
 *
 * @throws Refusal
 */
export function updateItem(call: Call): Answer {
  const fields = readJsonBody(call.body, call.contentType, {
    optional: [
      'UpdateMode',
      'UpdateExpression',
      'ConditionExpression',
      'AlternateUpdateExpression',
    ],
  })
  const mode = modeOf(fields) ?? MERGE
  const update = textField(fields, 'UpdateExpression')
  const alternate = textField(fields, 'AlternateUpdateExpression')
  if (update === undefined && alternate === undefined) throw invalid('no update expression')
  const before = call.store.object(call.target)
  refuseExisting(mode, before)
  const chosen = conditionHolds(fields, call, before) ? update : alternate
  if (chosen === undefined) throw conditionFalse()
  const kept = mode === REPLACE ? NONE : (before?.attributes ?? NONE)
  return write(call, applyUpdate(chosen, kept, systemLookup(lastName(call.target), before)))
}

/**
 * GetItem.
 *
 * @throws Refusal 404 when there is no such item
 */
export function getItem(call: Call): Answer {
  const fields = readJsonBody(call.body, call.contentType, { required: ['AttributesToGet'] })
  const selection = parseSelection(textField(fields, 'AttributesToGet') ?? '', false)
  const object = call.store.object(call.target)
  if (object === undefined) throw notFound()
  const Item = selectAttributes(lastName(call.target), object, selection)
  return jsonAnswer({ Item }, verifierOf(object))
}

function modeOf(fields: Fields): string | undefined {
  const mode = textField(fields, 'UpdateMode')
  if (mode === undefined || [MERGE, NEW_ONLY, REPLACE].includes(mode)) return mode
  throw invalid(`UpdateMode ${mode}`)
}

function refuseExisting(mode: string, before: StoredObject | undefined): void {
  if (mode === NEW_ONLY && before !== undefined) throw itemExists()
}

function conditionHolds(fields: Fields, { target }: Call, before: StoredObject | undefined) {
  const condition = textField(fields, 'ConditionExpression') ?? ''
  const system = systemLookup(lastName(target), before)
  return readCondition(condition)(lookupIn(before?.attributes ?? NONE, system))
}

function write(call: Call, attributes: Map<string, TypedAttribute>): Answer {
  let byteCount = 0
  for (const [name, typed] of attributes) {
    for (const value of Object.values(typed)) {
      byteCount += name.length + Buffer.byteLength(String(value))
    }
  }
  if (byteCount > BYTES_MAX) throw invalid(`an item of ${byteCount} bytes`)
  return emptyAnswer(200, verifierOf(call.store.write(call.target, { attributes })))
}
