/** The two ways to answer an event: ACK=spooled and ACK=delivered. */
export type Mode = 'spooled' | 'delivered'

/** Of so many seeds one is run with ACK=delivered. */
const DELIVERED_EVERY = 3

/** In which mode a seed is run. */
export function modeOf(seed: number): Mode {
  return seed % DELIVERED_EVERY === 0 ? 'delivered' : 'spooled'
}
