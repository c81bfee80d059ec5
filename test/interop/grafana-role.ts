import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { postgresFolder } from './programs.ts'

/**
 * Runs the script of deploy/ that makes the role of Grafana, as the image of PostgreSQL does.
 *
 * @param url  of the database, as its owner
 * @returns    the same for the role
 */
export function makeGrafanaRole(url: string, password: string): string {
  const { hostname, port, username, password: own, pathname } = new URL(url)
  const env = {
    PATH: `${postgresFolder()}:${process.env['PATH'] ?? ''}`,
    PGHOST: hostname,
    PGPORT: port,
    PGPASSWORD: decodeURIComponent(own),
    POSTGRES_USER: username,
    POSTGRES_DB: pathname.slice(1),
    GRAFANA_DB_PASSWORD: password,
  }
  const script = ['deploy/postgres/grafana-role.sh']
  const { status, stdout, stderr } = spawnSync('sh', script, { env, encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}`)
  return `postgres://grafana:${encodeURIComponent(password)}@${hostname}:${port}${pathname}`
}
