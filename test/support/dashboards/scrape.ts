import assert from 'node:assert/strict'

const PREFIX = 'mlrun_model_monitoring_'
/** Of each process its own; all the rest is the same whichever process answers. */
const OWN = /^(?:sink_|catching_up)/

interface Line {
  readonly name: string
  readonly labels: string
  readonly value: number
}

/** What Prometheus has of two replicas after an hour: the second one's own numbers are greater by seven. */
export class Scrape {
  readonly #lines: readonly Line[]

  /** @param text  what `GET /metrics` answers */
  constructor(text: string) {
    const first = text
      .split('\n')
      .filter((line) => line.startsWith(PREFIX))
      .map((line) => {
        const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
        assert(value !== undefined, line)
        return { name: name.slice(PREFIX.length), labels, value: Number(value) }
      })
    assert(first.length > 0)
    const second = first.map((line) => {
      return OWN.test(line.name) ? { ...line, value: line.value + 7 } : line
    })
    const at = (instance: string) => (line: Line) => ({
      ...line,
      labels: [line.labels, `instance="${instance}",job="model-monitoring"`]
        .filter(Boolean)
        .join(','),
    })
    this.#lines = [...first.map(at('one:8080')), ...second.map(at('other:8080'))]
  }

  /** Series of a rule test, a sample a minute: counters come evenly from 0, gauges stand still. */
  get series(): readonly { readonly series: string; readonly values: string }[] {
    return this.#lines.map(({ name, labels, value }) => ({
      series: `${PREFIX}${name}{${labels}}`,
      values: name.endsWith('_total') ? `0+${value / 60}x60` : `${value}+0x60`,
    }))
  }

  /** Sum of a metric over the replicas, with a label if one is given. */
  sum(name: string, label = ''): number {
    const chosen = this.#lines.filter((line) => line.name === name && line.labels.includes(label))
    return chosen.reduce((sum, { value }) => sum + value, 0)
  }
}
