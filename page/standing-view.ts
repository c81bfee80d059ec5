import { isKey, storedKey, storeKey } from './ask.ts'
import { byId, setText } from './dom.ts'
import type { Standing } from './feeds.ts'
import { agoText, timeText } from './format.ts'

/** Answers that are older than this are said to be. */
const STALE_MS = 20_000
const TICK_MS = 1000
const NO_KEY = 'Without it nothing is shown here.'
const WRONG = 'That key may not read here.'

/** Says how the page stands with the server: at the top for eyes, once at each change for ears. */
export class StandingView {
  #standing: Standing = { kind: 'starting' }
  #said = ''

  /** @param onKey  a key was given, or forgotten */
  constructor(onKey: () => void) {
    byId('key-form').addEventListener('submit', (event) => {
      event.preventDefault()
      const input = byId('key')
      const key = input instanceof HTMLInputElement ? input.value.trim() : ''
      if (!isKey(key)) {
        setText(byId('key-message'), 'A key has letters, digits and signs only, and no spaces.')
        return
      }
      storeKey(key)
      onKey()
    })
    byId('forget').addEventListener('click', () => {
      storeKey('')
      onKey()
    })
    setInterval(() => this.#draw(), TICK_MS)
  }

  /** Takes another standing. */
  show(standing: Standing): void {
    const wasKey = this.#standing.kind === 'no-key'
    this.#standing = standing
    this.#draw()
    if (standing.kind === 'no-key') this.#askForKey()
    else if (standing.kind === 'live' && wasKey) this.#takeKey()
    byId('forget').hidden = storedKey() === '' || standing.kind === 'no-key'
  }

  #askForKey(): void {
    const isWrong = storedKey() !== ''
    storeKey('')
    byId('key-form').hidden = false
    document.body.classList.add('locked')
    setText(byId('key-message'), isWrong ? WRONG : NO_KEY)
    byId('key').focus()
  }

  #takeKey(): void {
    const input = byId('key')
    if (input instanceof HTMLInputElement) input.value = ''
    byId('key-form').hidden = true
    document.body.classList.remove('locked')
    byId('main').focus()
  }

  #draw(): void {
    const standing = this.#standing
    const [mark, words, kind] = wordsOf(standing, Date.now())
    const place = byId('standing')
    const isSame = place.dataset['kind'] === kind
    place.dataset['kind'] = kind
    const [sign, text] = place.children
    if (sign !== undefined && text !== undefined) {
      setText(sign, mark)
      setText(text, words)
    }
    document.body.classList.toggle('stale', kind === 'stale' || kind === 'trouble')
    const trouble = byId('trouble')
    trouble.hidden = standing.kind !== 'trouble'
    if (standing.kind === 'trouble') {
      const since = standing.sinceMs
      const old = since === null ? '' : ` What is shown is of ${timeText(since)}.`
      setText(trouble, `${standing.message} Trying again.${old}`)
    }
    // Ages change each second: they are not read out.
    const said = standing.kind === 'trouble' ? standing.message : words.replace(/,.*/, '')
    if (!isSame && said !== this.#said && standing.kind !== 'starting') {
      this.#said = said
      setText(byId('live'), said)
    }
  }
}

function wordsOf(standing: Standing, nowMs: number): readonly [string, string, string] {
  switch (standing.kind) {
    case 'starting':
      return ['…', 'Reading', 'starting']
    case 'live': {
      const isStale = nowMs - standing.atMs > STALE_MS
      const ago = agoText(standing.atMs, nowMs)
      return isStale ? ['▲', `Stale, ${ago}`, 'stale'] : ['●', `Live, ${ago}`, 'live']
    }
    case 'paused':
      return ['‖', 'Paused', 'paused']
    case 'no-key':
      return ['◆', 'Key needed', 'no-key']
    case 'trouble':
      return ['◆', 'No answer', 'trouble']
  }
}
