/** Header of a request that brings a dead letter back: its key. */
export const DEAD_LETTER_HEADER = 'X-Model-Monitoring-Dead-Letter'

/** What stands before the key in the position under which such an event is known. */
export const DEAD_LETTER_SHARD = 'dead-letter/'

const KEY = /^[\w.-]{1,200}\/\d{1,16}\/(?:\d{1,9}|null)\/(?:\d{1,9}|null)$/

/** Names a letter of an event among all letters of all logs: `LOG/OFFSET/CALL/ROW`. */
export function deadLetterKey(letter: {
  readonly log: string
  readonly offset: number
  readonly call: number | null
  readonly row: number | null
}): string {
  return `${letter.log}/${letter.offset}/${letter.call}/${letter.row}`
}

/** Whether a text is such a key. */
export function isDeadLetterKey(text: string): boolean {
  return KEY.test(text)
}
