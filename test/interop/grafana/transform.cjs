// Reads a JSON list of {frames, transformations} from stdin, and prints for each what Grafana's own transformations
// make of it: frames as lists of {name, values}. Argument: a folder in which @grafana/data is installed.
const { createRequire } = require('node:module')
const { join } = require('node:path')
const { text } = require('node:stream/consumers')

const {
  getFieldDisplayName,
  standardTransformers,
  standardTransformersRegistry,
  toDataFrame,
  transformDataFrame,
} = createRequire(join(process.argv[2], 'any.js'))('@grafana/data')

// Its transformations ask whether they run inside of a browser's page.
globalThis.window = globalThis

standardTransformersRegistry.setInit(() =>
  // One of them has two names.
  [...new Map(Object.values(standardTransformers).map((one) => [one.id, one])).values()].map(
    (transformation) => ({
      id: transformation.id,
      name: transformation.name,
      transformation: async () => transformation,
      editor: () => null,
    }),
  ),
)

async function transformed({ frames, transformations }) {
  const given = frames.map((frame) => toDataFrame(frame))
  const made = await new Promise((resolve, reject) => {
    transformDataFrame(transformations, given, { interpolate: (text) => text }).subscribe({
      next: resolve,
      error: reject,
    })
  })
  return made.map((frame) =>
    frame.fields.map((field) => ({
      name: getFieldDisplayName(field, frame, made),
      values: [...field.values],
    })),
  )
}

text(process.stdin)
  .then(async (given) => await Promise.all(JSON.parse(given).map(transformed)))
  // What it loads keeps timers.
  .then((made) => process.stdout.write(JSON.stringify(made), () => process.exit()))
