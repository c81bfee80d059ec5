import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { programPath } from './programs.ts'

const ANSWER_MS_MAX = 30_000
const PAUSE_MS = 200

/** A real server. */
export interface PrometheusServer {
  /** The data of an answer of its HTTP API, asked again until it is what is wanted. */
  readonly ask: (path: string, isWanted: (data: unknown) => boolean) => Promise<unknown>
  readonly stop: () => Promise<void>
}

/** Starts a server on 127.0.0.1. */
export async function startPrometheus(config: string, folder: string): Promise<PrometheusServer> {
  const port = await freePort()
  const options = {
    'config.file': config,
    'storage.tsdb.path': folder,
    'web.listen-address': `127.0.0.1:${port}`,
    'log.level': 'error',
  }
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const child = spawn(programPath('INTEROP_PROMETHEUS'), args, {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  const closed = once(child, 'close')
  return {
    ask: async (path, isWanted) => {
      const endMs = Date.now() + ANSWER_MS_MAX
      for (let last: unknown = null; ; await wait(PAUSE_MS)) {
        assert(child.exitCode === null, `Prometheus has ended: ${told}`)
        assert(Date.now() < endMs, `${path}: ${JSON.stringify(last)} ${told}`)
        const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null)
        if (response === null) continue
        last = await response.json()
        const { data } = last as { readonly data?: unknown }
        if (data !== undefined && isWanted(data)) return data
      }
    },
    stop: async () => {
      child.kill('SIGTERM')
      await closed
    },
  }
}
