import { spawn } from 'node:child_process'

/** What is known of where the command runs. */
export interface Desk {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether a person sits at both ends. */
  readonly isTerminal: boolean
}

/**
 * The command that opens a page in the browser; null where nobody would see it: without a terminal or a
 * display, or with BROWSER=none.
 */
export function browserCommand({ platform, env, isTerminal }: Desk): readonly string[] | null {
  if (!isTerminal || env['BROWSER'] === 'none' || env['CI'] || env['SSH_CONNECTION']) return null
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['cmd', '/c', 'start', '""']
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : null
}

/** Opens a page; the address is printed too, so nothing is said where that fails. */
export function openBrowser([program, ...args]: readonly string[], url: string): void {
  if (program === undefined) return
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', () => undefined) // there is no such program
  child.unref()
}
