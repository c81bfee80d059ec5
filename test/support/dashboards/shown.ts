import assert from 'node:assert/strict'

export type Cell = string | number | boolean | null

/** Rows by the titles of their columns. */
export type Rows = readonly Readonly<Record<string, Cell>>[]

/** Points in order of time, milliseconds since 1970 UTC, by the name of their series. */
export type SeriesByName = ReadonlyMap<string, readonly (readonly [number, number])[]>

/** What a panel shows, whatever family of data sources it has it from. */
export type Shown =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'rows'; readonly rows: Rows }
  | { readonly kind: 'series'; readonly series: SeriesByName }

/** Means over spans that begin at whole multiples of their length, each at its span's beginning. */
export function inBuckets(series: SeriesByName, bucketMs: number): SeriesByName {
  return new Map(
    [...series].map(([name, points]) => {
      const spans = new Map<number, number[]>()
      for (const [atMs, value] of points) {
        const fromMs = Math.floor(atMs / bucketMs) * bucketMs
        spans.set(fromMs, [...(spans.get(fromMs) ?? []), value])
      }
      const means = [...spans].map(([fromMs, values]) => {
        const sum = values.reduce((total, value) => total + value, 0)
        return [fromMs, sum / values.length] as const
      })
      return [name, means.sort(([one], [other]) => one - other)]
    }),
  )
}

/** Fails unless both show the same, numbers but for what rounding may differ in. */
export function assertSameShown(found: Shown, expected: Shown, about: string): void {
  assert.equal(found.kind, expected.kind, about)
  if (found.kind === 'number' && expected.kind === 'number') {
    assertSameCell(found.value, expected.value, about)
  } else if (found.kind === 'rows' && expected.kind === 'rows') {
    assertSameRows(found.rows, expected.rows, about)
  } else if (found.kind === 'series' && expected.kind === 'series') {
    assertSameSeries(found.series, expected.series, about)
  }
}

function assertSameSeries(found: SeriesByName, expected: SeriesByName, about: string): void {
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort(), about)
  for (const [name, points] of expected) {
    const ours: readonly (readonly [number, number])[] = found.get(name) ?? []
    const times = (all: typeof points) => all.map(([atMs]) => atMs)
    assert.deepEqual(times(ours), times(points), `${about}: times of ${name}`)
    for (const [index, [atMs, value]] of points.entries()) {
      assertSameCell(ours[index]?.[1] ?? null, value, `${about}: ${name} at ${atMs}`)
    }
  }
}

/** In any order of rows: tables are sorted by the viewer. */
function assertSameRows(found: Rows, expected: Rows, about: string): void {
  const [ours, theirs] = [sorted(found), sorted(expected)]
  assert.equal(ours.length, theirs.length, `${about}: rows`)
  for (const [index, row] of theirs.entries()) {
    const other = ours[index] ?? {}
    assert.deepEqual(Object.keys(other).sort(), Object.keys(row).sort(), `${about}: columns`)
    for (const [title, cell] of Object.entries(row)) {
      assertSameCell(other[title] ?? null, cell, `${about}: ${title} of row ${index}`)
    }
  }
}

function sorted(rows: Rows): Rows {
  const key = (row: Rows[number]): string => String(row['Endpoint ID'] ?? row['Feature'] ?? '')
  return [...rows].sort((one, other) => (key(one) < key(other) ? -1 : 1))
}

function assertSameCell(found: Cell, expected: Cell, about: string): void {
  if (typeof found !== 'number' || typeof expected !== 'number') {
    assert.equal(found, expected, about)
    return
  }
  const isNear = Math.abs(found - expected) <= 1e-9 * Math.max(1, Math.abs(expected))
  assert(isNear, `${about}: ${found} and not ${expected}`)
}
