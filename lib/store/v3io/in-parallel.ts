/**
 * Calls once for each index 0 <= index < count, so many at a time, in order of the index.
 *
 * @param call  false: nothing more is begun
 * @throws      what a call throws, when all that were begun have ended
 */
export async function inParallel(
  count: number,
  { atOnce }: { readonly atOnce: number },
  call: (index: number) => Promise<boolean>,
): Promise<void> {
  let next = 0
  async function run(): Promise<void> {
    while (next < count) {
      const index = next++
      let goesOn = false
      try {
        goesOn = await call(index)
      } finally {
        if (!goesOn) next = count
      }
    }
  }
  const runs = Array.from({ length: Math.min(atOnce, count) }, run)
  for (const result of await Promise.allSettled(runs)) {
    if (result.status === 'rejected') throw result.reason
  }
}
