/** Edges as numpy.linspace gives them, as numpy.histogram cuts a range. */
export function evenEdges(least: number, most: number, binCount: number): Float64Array {
  const step = (most - least) / binCount
  const edges = Float64Array.from({ length: binCount + 1 }, (_, bin) => least + bin * step)
  edges[binCount] = most
  return edges
}

/** Whether they are these very edges, and a quotient finds a value's bin or its neighbour. */
export function areEven(edges: readonly number[]): boolean {
  const binCount = edges.length - 1
  const [least = 0, most = 0] = [edges[0], edges[binCount]]
  const step = (most - least) / binCount
  const even = evenEdges(least, most, binCount)
  return edges.every((edge, bin) => {
    // The guess only grows with the value, so it is one bin off at most if it is so at each edge.
    const guess = Math.floor((edge - least) / step)
    return edge === even[bin] && (bin === binCount || guess === bin || guess === bin - 1)
  })
}
