import { SOURCE_NAME, SOURCE_SCOPE } from './endpoint-numbers.ts'
import { isShortText, writeShortText } from './short-text.ts'
import type { NumbersPlace } from './sliding-windows.ts'

/** How a source is numbered and called (source-index.ts). */
export interface SourceName {
  readonly scope: number
  readonly name: string
}

/** Keeps it among an endpoint's numbers, where comparing an event's source with it costs no other look. */
export function writeSourceName({ numbers, at }: NumbersPlace, { scope, name }: SourceName): void {
  numbers[at + SOURCE_SCOPE] = scope
  writeShortText(numbers, at + SOURCE_NAME, name)
}

/** Whether it is what was kept; false, too, for a name that is too long to be kept. */
export function isSourceName({ numbers, at }: NumbersPlace, { scope, name }: SourceName): boolean {
  return numbers[at + SOURCE_SCOPE] === scope && isShortText(numbers, at + SOURCE_NAME, name)
}
