import { Refusal } from '../refusal.ts'
import { nameOf } from './kv-schema.ts'
import { describe, isGood, scan, type WebApi } from './web-api.ts'

/**
 * Deletes the items that a filter wants; without a filter the table itself, schema included.
 * Answers false when there is no such table.
 */
export async function deleteTable(api: WebApi, path: string, filter: string): Promise<boolean> {
  const items = await scan(api, { path, attributes: '__name', filter })
  if (items === null) return false
  const names = new Set(items.map(nameOf).filter((name) => name !== '.#schema'))
  for (const name of names) await remove(api, `${path}${name}`)
  if (filter !== '') return true
  await remove(api, `${path}.#schema`)
  await remove(api, path)
  return true
}

async function remove(api: WebApi, path: string): Promise<void> {
  const answer = await api.send({ method: 'DELETE', path })
  if (!isGood(answer) && answer.status !== 404) throw new Refusal(describe(answer))
}
