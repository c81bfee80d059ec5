/** Room for ROWS_PER_BLOCK rows of one stride, part of a larger array. */
export interface RowBlock {
  readonly numbers: Float64Array
  /** Where its first row begins. */
  readonly at: number
  readonly stride: number
}

export const ROWS_PER_BLOCK = 8
/** An array of its own for each batch would have to grow, be copied and be swept up by the thousand. */
const BLOCKS_PER_SLAB = 64
/** Rows of similar width share their blocks. */
const STRIDE_STEP = 4

/** Blocks that batches take and give back; memory that was used once is used again. */
export class RowPool {
  readonly #free = new Map<number, RowBlock[]>()

  /** A block for rows of at least so many numbers. What is in it is left from before. */
  take(width: number): RowBlock {
    const stride = Math.ceil(width / STRIDE_STEP) * STRIDE_STEP
    let free = this.#free.get(stride)
    if (free === undefined) {
      free = []
      this.#free.set(stride, free)
    }
    return free.pop() ?? addSlab(free, stride)
  }

  /** Takes a block back; nobody may look at its rows any more. */
  give(block: RowBlock): void {
    this.#free.get(block.stride)?.push(block)
  }
}

/** Cuts new room into blocks; all but one of them are free. */
function addSlab(free: RowBlock[], stride: number): RowBlock {
  const numbers = new Float64Array(BLOCKS_PER_SLAB * ROWS_PER_BLOCK * stride)
  for (let block = BLOCKS_PER_SLAB - 1; block > 0; block--) {
    free.push({ numbers, at: block * ROWS_PER_BLOCK * stride, stride })
  }
  return { numbers, at: 0, stride }
}
