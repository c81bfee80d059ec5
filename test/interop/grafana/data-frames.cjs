// Reads a JSON list of answers from stdin and prints, as JSON, the fields that Grafana makes of each: name, type and
// values. Argument: a folder in which @grafana/data is installed.
const { createRequire } = require('node:module')
const { join } = require('node:path')
const { text } = require('node:stream/consumers')

const { toDataFrame } = createRequire(join(process.argv[2], 'any.js'))('@grafana/data')

text(process.stdin).then((given) => {
  const frames = JSON.parse(given).map((answer) =>
    toDataFrame(answer).fields.map(({ name, type, values }) => ({
      name,
      type,
      values: [...values],
    })),
  )
  // What it loads keeps timers.
  process.stdout.write(JSON.stringify(frames), () => process.exit())
})
