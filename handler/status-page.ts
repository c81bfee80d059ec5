import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StatusPage } from './read-answer.ts'

let loaded: StatusPage | null = null

/** The status page: a file beside this one, read when somebody opens it and then kept. */
export function loadStatusPage(): StatusPage {
  loaded ??= JSON.parse(readFileSync(join(__dirname, 'status-page.json'), 'utf8')) as StatusPage
  return loaded
}
