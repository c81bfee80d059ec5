import assert from 'node:assert'
import { audit, type Difference } from '../lib/audit/audit.ts'
import { auditFactsOf } from '../test/support/audit-facts.ts'
import type { SimulatedLines } from './simulated-lines.ts'
import type { World } from './world.ts'

const AUDIT_MS = 9_000

/** A log's dead letters. */
interface LetteredLog {
  readonly lines: SimulatedLines
}

/** At the end files, dead letters and tables alone prove that all is accounted for. */
export async function checkLedger(world: World, logs: readonly LetteredLog[]): Promise<void> {
  const { unaccounted, differences, logs: books, endpoints } = await auditOf(world, logs)
  // Processes that share an endpoint each write the errors that they know of.
  const { hasSameEndpoints } = world.scenario
  const others = differences.filter(({ kind }) => !(hasSameEndpoints && kind === 'record-errors'))
  assert.deepStrictEqual({ unaccounted, others }, { unaccounted: 0, others: [] })
  assert.equal(books.length, logs.length, 'the ledger knows each log')
  for (const { quality, endpoint_id: id } of endpoints) {
    if (quality?.state === 'proven') world.faults.count('values proven')
    // Nothing came since another training set was registered.
    else if (quality?.state === 'unproven') assert.equal(quality.reason, 'other-reference', id)
  }
  for (const { rows, offset, delivered_before: before } of books) {
    assert.equal(rows.pending, 0, 'nothing is pending by the ledger')
    assert.equal(before, offset + 1, 'all is delivered by the ledger')
  }
}

/**
 * Looks now and then in the middle of everything: rows may be pending then, but none is gone, there twice, or
 * unknown to the books.
 *
 * @param troubleMs  between two looks while there is trouble
 */
export function beginAudits(
  world: World,
  logs: readonly LetteredLog[],
  troubleMs = AUDIT_MS,
): void {
  // Not promised of rows that settings which change decide about.
  if (world.scenario.trouble?.changesSkew === true) return
  world.scheduler.after(world.isHealed ? AUDIT_MS : troubleMs, () => {
    auditOf(world, logs).then(
      ({ differences, logs: books }) => {
        world.faults.count('audited in the middle')
        // A process may die before its first line.
        const known = new Set(books.map(({ log }) => log))
        const rows = differences.filter(
          ({ kind, log }) =>
            known.has(log) && (kind.startsWith('rows-') || isOfValues(kind, world)),
        )
        // A power cut may take refused rows' letters, until a replay writes them again.
        const { hasRefusals } = world.scenario
        const wrong = rows.filter(({ kind }) => !(hasRefusals && kind === 'rows-missing'))
        if (wrong.length > 0) world.fail(new Error(`Audited: ${JSON.stringify(wrong)}`))
      },
      (error: unknown) => world.fail(error),
    )
    beginAudits(world, logs, troubleMs)
  })
}

/** A power cut may take letters of values as well, until a replay writes them again. */
function isOfValues(kind: Difference['kind'], { scenario }: World): boolean {
  return kind === 'values-differ' && !scenario.syncEvery && !scenario.hasRefusals
}

function auditOf(world: World, logs: readonly LetteredLog[]) {
  const letters = logs.flatMap(({ lines }) => lines.letters)
  return audit(auditFactsOf(world.store.memory, letters))
}
