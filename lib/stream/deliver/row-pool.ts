import assert from 'node:assert'

/** One array for each batch would have to grow, be copied and be swept up by the thousand. */
const ROWS_PER_SLAB = 512
/** Rows of similar width share their room. */
const STRIDE_STEP = 4
/** The number before a row: the row that is older than it, or free after it. */
const LINK_NUMBERS = 1

/** Stands for no row where a row is asked for. */
export const NO_ROW = -1

/** Rows that batches take and give back; memory that was used once is used again. */
export class RowPool {
  readonly #byStride = new Map<number, RowRoom>()

  /** Room for rows of at least so many numbers. */
  roomFor(width: number): RowRoom {
    const stride = Math.ceil((LINK_NUMBERS + width) / STRIDE_STEP) * STRIDE_STEP
    let room = this.#byStride.get(stride)
    if (room === undefined) {
      room = new RowRoom(stride)
      this.#byStride.set(stride, room)
    }
    return room
  }
}

/**
 * Rows of one stride, each linked to an older one. Rows of all batches lie as they came, one after the
 * other: room of its own for each of many batches would be as many places of memory that an event finds
 * cold, and most of it would stay empty.
 */
export class RowRoom {
  /** Memory of a row. */
  readonly rowBytes: number
  readonly #stride: number
  readonly #slabs: Float64Array[] = []
  #rowCount = 0
  /** The newest of the rows that were given back, linked to the others. */
  #free = NO_ROW

  constructor(stride: number) {
    this.#stride = stride
    this.rowBytes = stride * Float64Array.BYTES_PER_ELEMENT
  }

  /** A row that is linked to an older one, or to NO_ROW. What is in it is left from before. */
  take(older: number): number {
    const row = this.#free === NO_ROW ? this.#addRow() : this.#free
    const link = this.placeOf(row) - LINK_NUMBERS
    const numbers = this.numbersOf(row)
    if (row === this.#free) this.#free = numbers[link] ?? NO_ROW
    numbers[link] = older
    return row
  }

  #addRow(): number {
    if (this.#rowCount === this.#slabs.length * ROWS_PER_SLAB) {
      this.#slabs.push(new Float64Array(this.#stride * ROWS_PER_SLAB))
    }
    return this.#rowCount++
  }

  /** What a row lies in, from `placeOf` on. */
  numbersOf(row: number): Float64Array {
    const slab = this.#slabs[Math.floor(row / ROWS_PER_SLAB)]
    assert(slab !== undefined)
    return slab
  }

  placeOf(row: number): number {
    return (row % ROWS_PER_SLAB) * this.#stride + LINK_NUMBERS
  }

  /** The row that a row is linked to. */
  olderOf(row: number): number {
    return this.numbersOf(row)[this.placeOf(row) - LINK_NUMBERS] ?? NO_ROW
  }

  /** Takes linked rows back, from the newest to the oldest of them; nobody may look at them any more. */
  give({ newest, oldest }: { readonly newest: number; readonly oldest: number }): void {
    this.numbersOf(oldest)[this.placeOf(oldest) - LINK_NUMBERS] = this.#free
    this.#free = newest
  }
}
