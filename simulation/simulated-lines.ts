import type { LineFile } from '../lib/stream/ports.ts'
import type { FaultBook } from './fault-book.ts'
import type { Gate } from './gate.ts'
import type { Random } from './random.ts'

/**
 * The dead letters of a log, which outlive processes. A write may be refused, or torn by a death; the
 * torn line then stands alone, as the real file sees to. A power cut takes lines that were not synced.
 */
export class SimulatedLines {
  isFull = false
  readonly lines: string[] = []
  #durableCount = 0
  readonly #random: Random
  readonly #faults: FaultBook

  constructor(random: Random, faults: FaultBook) {
    this.#random = random
    this.#faults = faults
  }

  /** The machine has lost its power: lines at the end may be gone. */
  cutPower(): void {
    const leftCount = this.#random.integer(this.#durableCount, this.lines.length)
    if (leftCount < this.lines.length) this.#faults.count('dead letters lost')
    this.lines.length = leftCount
    this.#durableCount = leftCount
  }

  /** Lines that are whole, parsed. */
  get letters(): readonly Readonly<Record<string, unknown>>[] {
    return this.lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>]
      } catch {
        return [] // torn
      }
    })
  }

  /** The file as one process reaches it. */
  through(gate: Gate): LineFile {
    return {
      append: (line) => {
        const inside = (): void => {
          this.lines.push(line.slice(0, this.#random.integer(0, line.length - 1)))
        }
        const whole = (): void => {
          if (this.isFull) {
            this.#faults.count('dead letter not written')
            throw Object.assign(new Error('No room for a dead letter.'), { code: 'ENOSPC' })
          }
          this.lines.push(line)
        }
        gate.now('dead letter', whole, inside)
      },
      sync: () =>
        gate.now('sync dead letters', () => {
          if (this.isFull) throw Object.assign(new Error('No sync.'), { code: 'EIO' })
          this.#durableCount = this.lines.length
        }),
      close: () => gate.now('close dead letters', () => undefined),
    }
  }
}
