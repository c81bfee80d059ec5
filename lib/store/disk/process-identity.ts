import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** What tells a process from every other one, also from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  readonly host: string
  /** Changes with every boot of the machine; '' where the system has none (not Linux). */
  readonly bootId: string
  /** Where the pid means something: containers each have their own; '' where there is none. */
  readonly pidNamespace: string
  /** When the process started, as the system spells it; '' where it does not tell (Windows). */
  readonly startedAt: string
}

/** Whether a process runs; `unknown` when it belongs to another container, boot or machine. */
export type Liveness = 'alive' | 'dead' | 'unknown'

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    host: hostname(),
    bootId: readOrEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    pidNamespace: readOrEmpty(() => readlinkSync('/proc/self/ns/pid')),
    startedAt: startOf(process.pid) ?? '',
  }
}

/** Does the process of that identity run? Exact wherever its pid can be looked up from here. */
export function livenessOf(other: ProcessIdentity, own: ProcessIdentity): Liveness {
  const isWithinSight =
    other.host === own.host &&
    other.bootId === own.bootId &&
    other.pidNamespace === own.pidNamespace
  if (!isWithinSight) return 'unknown'
  const startedAt = startOf(other.pid)
  return startedAt === undefined || startedAt !== other.startedAt ? 'dead' : 'alive'
}

/** When the process with that pid started; undefined when there is none, or only its corpse. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') return startOnLinux(pid)
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and is another user's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return undefined
  }
  // Without a start time a pid that was given to another process looks alive: the safe side.
  if (process.platform === 'win32') return ''
  return readOrEmpty(() => {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
  })
}

function startOnLinux(pid: number): string | undefined {
  const stat = readOrEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // `pid (name) state ppid ...`; the name may hold blanks and brackets. proc(5): field 3 is the
  // state, field 22 the start in clock ticks since boot. Z and X are dead and not yet buried.
  const [state, ...others] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === undefined || 'ZX'.includes(state) ? undefined : others[18]
}

function readOrEmpty(read: () => string): string {
  try {
    return read().trim()
  } catch {
    return '' // this system has no such file or command, or the process is gone
  }
}
