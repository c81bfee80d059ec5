// A walk that turns any value at all into one that JSON.stringify accepts, within bounds. It is
// for log fields, where a value nobody expected must neither throw nor write megabytes.

const DEPTH_MAX = 8
const NODES_MAX = 2_000
const CHARACTERS_MAX = 64 * 1024

interface Budget {
  nodesLeft: number
  charactersLeft: number
  /** The objects between the root and here: meeting one again is a cycle. */
  readonly ancestors: object[]
}

/**
 * A copy of `value` that JSON.stringify accepts: cycles, BigInts, functions, symbols and values
 * whose getter or toJSON throws become short texts in angle brackets; errors show name, message,
 * code, stack and cause; Maps and Sets become arrays. At most 2,000 values, 8 levels deep, and
 * 64 Ki characters; what lies beyond is replaced by '<truncated>'. Never throws.
 */
export function toSafeJson(value: unknown): unknown {
  return copy(value, { nodesLeft: NODES_MAX, charactersLeft: CHARACTERS_MAX, ancestors: [] })
}

function copy(value: unknown, budget: Budget): unknown {
  if (budget.nodesLeft <= 0 || budget.charactersLeft <= 0) return '<truncated>'
  budget.nodesLeft--
  switch (typeof value) {
    case 'string':
      return cut(value, budget)
    case 'bigint':
      return cut(value.toString(), budget)
    case 'number':
      // JSON would write null for these, which hides what was wrong.
      return Number.isFinite(value) ? value : String(value)
    case 'boolean':
    case 'undefined':
      return value
    case 'object':
      return value === null ? null : copyObject(value, budget)
    default:
      return `<${typeof value}>`
  }
}

function cut(text: string, budget: Budget): string {
  const allowed = budget.charactersLeft
  budget.charactersLeft -= text.length
  return text.length <= allowed ? text : `${text.slice(0, allowed)}<truncated>`
}

function copyObject(value: object, budget: Budget): unknown {
  if (budget.ancestors.includes(value)) return '<cycle>'
  if (budget.ancestors.length >= DEPTH_MAX) return '<truncated>'
  budget.ancestors.push(value)
  try {
    return copyParts(value, budget)
  } catch {
    // A proxy's trap, toJSON or iterator of a stranger's object threw: its text is of no use here.
    return '<unreadable>'
  } finally {
    budget.ancestors.pop()
  }
}

function copyParts(value: object, budget: Budget): unknown {
  if (value instanceof Error) return copyError(value, budget)
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`
  if (value instanceof Map) return copyList(value.entries(), budget)
  if (Array.isArray(value) || value instanceof Set) return copyList(value.values(), budget)
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return copy(value.toJSON(), budget)
  }
  const fields: Record<string, unknown> = Object.create(null)
  for (const key in value) {
    if (budget.nodesLeft <= 0 || budget.charactersLeft <= 0) {
      fields['<truncated>'] = true
      break
    }
    if (!Object.hasOwn(value, key)) continue
    budget.charactersLeft -= key.length
    fields[key] = copyField(value, key, budget)
  }
  return fields
}

function copyField(owner: object, key: string, budget: Budget): unknown {
  try {
    return copy(Reflect.get(owner, key), budget)
  } catch {
    return '<unreadable>' // a getter threw; its neighbours are still worth logging
  }
}

function copyList(values: Iterable<unknown>, budget: Budget): unknown[] {
  const list: unknown[] = []
  for (const value of values) {
    list.push(copy(value, budget))
    if (budget.nodesLeft <= 0) break
  }
  return list
}

function copyError(error: Error, budget: Budget): unknown {
  const fields: Record<string, unknown> = Object.create(null)
  for (const key of ['name', 'message', 'code', 'stack', 'cause']) {
    const field = copyField(error, key, budget)
    if (field !== undefined) fields[key] = field
  }
  return fields
}
