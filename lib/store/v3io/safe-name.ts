import { createHash } from 'node:crypto'

const ATTRIBUTE = /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const ATTRIBUTE_CHARS_MAX = 255
/** The TSDB adds 30 characters and makes a file name of 255 at most. */
const METRIC_CHARS_MAX = 200
const KEPT_CHARS_MAX = 180

/**
 * The name of an attribute of an item, from any text. Names that V3IO takes stay as they are; in
 * any other every letter that it does not take becomes `_`, and `_` and 8 hex digits of the SHA-1 of
 * the whole name follow, so that two names never meet: `a-b` is `a_b_34fafddd`.
 *
 * Not taken: anything but `A-Z a-z 0-9 _`, a digit in front, two underscores in front (the system's
 * own), more than 255 characters.
 */
export function attributeName(name: string): string {
  let safeName = attributeNames.get(name)
  if (safeName === undefined) {
    safeName = isTaken(name, ATTRIBUTE, ATTRIBUTE_CHARS_MAX) ? name : renamed(name)
    if (attributeNames.size < ATTRIBUTE_NAMES_MAX) attributeNames.set(name, safeName)
  }
  return safeName
}

/** Every record has the same few names; labels may add any number. */
const attributeNames = new Map<string, string>()
const ATTRIBUTE_NAMES_MAX = 5_000

/**
 * The name under which numbers of a metric are in the time series table, by the same rule; colons and
 * two underscores in front are taken, 200 characters. A metric of the table has values of one type, for
 * all endpoints, so a name that ends like those of texts is one that is not taken.
 */
export function numberMetricName(name: string): string {
  return isTaken(name, METRIC, METRIC_CHARS_MAX) && !name.endsWith(TEXT_SUFFIX)
    ? name
    : renamed(name)
}

/** The name for texts of a metric: `prediction` is `prediction_text`. */
export function textMetricName(name: string): string {
  const textName = `${name}${TEXT_SUFFIX}`
  return isTaken(textName, METRIC, METRIC_CHARS_MAX) ? textName : renamed(textName)
}

/** The metric that has its texts under this name; a name that had to be changed stays so. */
export function metricOfTexts(textName: string): string {
  return textName.endsWith(TEXT_SUFFIX) ? textName.slice(0, -TEXT_SUFFIX.length) : textName
}

const TEXT_SUFFIX = '_text'

function isTaken(name: string, pattern: RegExp, charsMax: number): boolean {
  return name.length <= charsMax && pattern.test(name)
}

function renamed(name: string): string {
  const readable = name
    .replace(/[^A-Za-z0-9_]/gu, '_')
    .replace(/^_+/, '')
    .slice(0, KEPT_CHARS_MAX)
  const digest = createHash('sha1').update(name, 'utf8').digest('hex').slice(0, 8)
  const front = /^[A-Za-z]/.test(name) ? '' : '_'
  return front + (readable === '' ? digest : `${readable}_${digest}`)
}
