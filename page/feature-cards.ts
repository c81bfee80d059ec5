import { histogram } from './charts.ts'
import { byId, el, sign } from './dom.ts'
import { changeText, type Feature, ODD_KINDS, oddText, ordered } from './features.ts'
import { fixedText, minuteText, NONE, percentText, shortText, wholeText } from './format.ts'
import type { FeatureOrder } from './hash-state.ts'

/** Draws a card for each feature, and the table with all of its numbers. */
export function drawFeatures(features: readonly Feature[], order: FeatureOrder): void {
  const all = ordered(features, order)
  byId('features').replaceChildren(...all.map(cardOf))
  byId('feature-numbers').replaceChildren(...(all.length === 0 ? [] : numbersOf(all)))
}

function cardOf(feature: Feature): HTMLElement {
  const { name, bins, tvd, expectedMean, actualMean, changedSinceMs } = feature
  const hasChanged = changedSinceMs !== null
  const means = `${shortText(expectedMean)} → ${shortText(actualMean)}`
  const label = `${name}: mean ${means}, TVD ${fixedText(tvd, 2)}`
  const odd = oddText(feature)
  return el(
    'article',
    { class: hasChanged ? 'panel feature changed-feature' : 'panel feature' },
    el('h3', { title: name }, name),
    hasChanged
      ? el(
          'p',
          { class: 'verdict warn', title: `since ${minuteText(changedSinceMs)}` },
          sign('▲'),
          sentence(changeText(feature)),
        )
      : el('p', { class: 'verdict none' }, quietWords(feature)),
    bins.length > 0 ? histogram(bins, label) : el('p', { class: 'nothing' }, 'No histogram'),
    endsOf(feature),
    el(
      'dl',
      { class: 'pairs' },
      pair('Mean', means),
      pair('TVD', fixedText(tvd, 2)),
      pair('Chance p', chanceText(feature.p)),
    ),
    el(
      'p',
      { class: odd ? 'odd' : 'odd minor' },
      odd === null ? 'Values not looked at' : odd === '' ? 'All values good' : odd,
    ),
  )
}

function quietWords({ p, tvd, reason }: Feature): string {
  if (p !== null) return 'As in training'
  // Predictions: they are not distributed as labels are.
  if (tvd !== null) return 'Measured, does not alarm'
  return reason === null ? 'Not measured' : `Not measured: ${reason}`
}

/** The range of the training set, below its bins. */
function endsOf({ bins }: Feature): HTMLElement {
  const inner = bins.slice(1, -1)
  const [low, high] = [inner[0]?.from ?? null, inner.at(-1)?.to ?? null]
  const below = bins[0]?.actual ?? 0
  const above = bins.at(-1)?.actual ?? 0
  return el(
    'div',
    { class: 'ends' },
    el('span', {}, below > 0 ? `${percentText(below)} below ${shortText(low)}` : shortText(low)),
    el('span', {}, above > 0 ? `${percentText(above)} above ${shortText(high)}` : shortText(high)),
  )
}

/** The chance of as much by luck; one that is 1 says that nothing is to be seen. */
function chanceText(p: number | null): string {
  if (p === null) return NONE
  return p < 1e-10 ? '< 1e-10' : shortText(p)
}

function pair(name: string, value: string): HTMLElement {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value))
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

const NUMBERS: readonly (readonly [string, (feature: Feature) => string])[] = [
  ['Mean in training', ({ expectedMean }) => shortText(expectedMean)],
  ['Mean now', ({ actualMean }) => shortText(actualMean)],
  ['Min now', ({ actualMin }) => shortText(actualMin)],
  ['Max now', ({ actualMax }) => shortText(actualMax)],
  ['Values', ({ count }) => wholeText(count)],
  ['TVD', ({ tvd }) => fixedText(tvd, 3)],
  ['Hellinger', ({ hellinger }) => fixedText(hellinger, 3)],
  ['KLD', ({ kld }) => fixedText(kld, 3)],
  ['PSI', ({ psi }) => fixedText(psi, 3)],
  ['Jensen-Shannon', ({ jensenShannon }) => fixedText(jensenShannon, 3)],
  ['KS', ({ ks }) => fixedText(ks, 3)],
  ['Wasserstein', ({ wasserstein }) => fixedText(wasserstein, 3)],
  ['Chance p', ({ p }) => chanceText(p)],
  ...ODD_KINDS.map(
    ([kind, words]) =>
      [
        words.slice(0, 1).toUpperCase() + words.slice(1),
        ({ odd }: Feature) => wholeText(odd.get(kind) ?? null),
      ] as const,
  ),
]

function numbersOf(features: readonly Feature[]): readonly HTMLElement[] {
  const titles = NUMBERS.map(([title]) => el('th', { scope: 'col', class: 'number' }, title))
  const rows = features.map((feature) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, feature.name),
      ...NUMBERS.map(([, text]) => el('td', { class: 'number' }, text(feature))),
    ),
  )
  return [
    el('caption', { class: 'unseen' }, 'Numbers of the features'),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Feature'), ...titles)),
    el('tbody', {}, ...rows),
  ]
}
