/**
 * Does a task for each item, some at once, and begins no more after one failed.
 *
 * @param atOnce  > 0
 * @throws        the first task's error, when all that were begun have ended
 */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values()
  const errors: unknown[] = []
  const worker = async (): Promise<void> => {
    for (const item of left) {
      if (errors.length > 0) return
      try {
        await task(item)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  if (errors.length > 0) throw errors[0]
}

type Step<T> =
  | { readonly index: number; readonly result: IteratorResult<T, void> }
  | { readonly index: number; readonly error: unknown }

/** What several generators yield, in the order in which it comes; all run at once. */
export async function* merged<T>(
  sources: readonly AsyncGenerator<T, void, undefined>[],
): AsyncGenerator<T, void, undefined> {
  const steps = new Map<number, Promise<Step<T>>>()
  const advance = (index: number): void => {
    const source = sources[index]
    if (source !== undefined) steps.set(index, stepOf(source, index))
  }
  for (const index of sources.keys()) advance(index)
  try {
    while (steps.size > 0) {
      const step = await Promise.race(steps.values())
      if ('error' in step) throw step.error
      if (step.result.done === true) {
        steps.delete(step.index)
        continue
      }
      yield step.result.value
      advance(step.index)
    }
  } finally {
    // They end after what they wait for; their steps never reject, so nobody needs to wait.
    for (const source of sources) void source.return()
  }
}

async function stepOf<T>(
  source: AsyncGenerator<T, void, undefined>,
  index: number,
): Promise<Step<T>> {
  try {
    return { index, result: await source.next() }
  } catch (error) {
    return { index, error }
  }
}
