/** The bounds that the settings have by default. */
export const BOUNDS = {
  rowsMax: 10_000,
  textCharsMax: 4096,
  nameCharsMax: 512,
  labelsMax: 64,
  whenSkewMaxUs: 600_000_000,
}

/** An arrival that lies behind every recorded event. */
export const LATER_US = Date.parse('2026-11-24T00:00:00Z') * 1000
