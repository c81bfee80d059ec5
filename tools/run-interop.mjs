// Runs the tests that need programs from outside npm: what we write is read back by the platform's own
// Python clients, by pyarrow, by pandas and by Grafana's code, a real PostgreSQL server is written to, a real
// Prometheus scrapes, and the status page is opened in Chromium.
//   node tools/run-interop.mjs [PATH ...]   only the test files whose path starts with one of PATH
// It wants Python 3.11 with venv and pip, PostgreSQL's server programs, Prometheus and Chromium; as root on Debian it
// installs what is missing. The Python packages go into .build/interop-venv, those of Grafana into .build/interop-grafana.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { buildProduct } from '../build.mjs'
import { findTests, runTestFiles } from './test-files.mjs'

const TESTS = 'test/interop'
const OUT = '.build/interop'
const VENV = '.build/interop-venv'
const REQUIREMENTS = join(TESTS, 'requirements.txt')
const GRAFANA = '.build/interop-grafana'
const GRAFANA_SOURCE = join(TESTS, 'grafana')
const DEBIAN_POSTGRES = '/usr/lib/postgresql'

/** Ends the run with one sentence. */
function giveUp(sentence) {
  console.error(sentence)
  process.exit(1)
}

/** What a program prints; null when it fails or is not there. */
function outputOf(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : null
}

/** What `find` finds, perhaps only after Debian's packages were installed. */
function found(find, { packages, missing }) {
  const first = find()
  if (first !== null) return first
  const canInstall = process.getuid?.() === 0 && outputOf('apt-get', ['--version']) !== null
  const install = `apt-get install ${packages.join(' ')}`
  if (!canInstall) giveUp(`${missing}: install it, on Debian with "${install}".`)
  installPackages(packages)
  return find() ?? giveUp(`${missing}, also after "${install}": install it.`)
}

function installPackages(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = ['--yes', '--no-install-recommends', '--no-upgrade']
  for (const args of [['update'], ['install', ...options, ...packages]]) {
    // Its output is not the tests': stdout is left to them.
    spawnSync('apt-get', args, { env, stdio: ['ignore', 2, 2] })
  }
}

/** A Python that can make environments. */
function findPython() {
  const script = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
  const names = ['python3.11', 'python3', 'python']
  return names.find((name) => outputOf(name, ['-c', script]) !== null) ?? null
}

/** The folder of `initdb` and `postgres`. */
function findPostgres() {
  const versions = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES) : []
  const newestFirst = versions.sort((one, other) => Number(other) - Number(one))
  return (
    [
      outputOf('pg_config', ['--bindir']),
      ...newestFirst.map((version) => join(DEBIAN_POSTGRES, version, 'bin')),
    ].find(
      (folder) => folder && ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
    ) ?? null
  )
}

/** The programs of Prometheus, which are called by their names. */
function findPrometheus() {
  const names = ['prometheus', 'promtool']
  return names.every((name) => outputOf(name, ['--version']) !== null) ? names : null
}

function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  return names.map((name) => outputOf('which', [name])).find((path) => path !== null) ?? null
}

/** The Python with our packages: made anew when it is not there or another list made it. */
function pythonWithPackages(python) {
  const version = outputOf(python, ['-c', 'import sys; print(sys.version)'])
  const key = createHash('sha256')
    .update(`${version}\n${readFileSync(REQUIREMENTS, 'utf8')}`)
    .digest('hex')
  const stamp = join(VENV, 'made-from')
  const own = resolve(VENV, 'bin/python')
  const isMade = existsSync(stamp) && readFileSync(stamp, 'utf8') === key
  if (isMade && outputOf(own, ['--version']) !== null) return own
  rmSync(VENV, { recursive: true, force: true })
  mustRun(python, ['-m', 'venv', VENV])
  const options = ['--quiet', '--disable-pip-version-check', '--no-input']
  mustRun(own, ['-m', 'pip', 'install', ...options, '--requirement', REQUIREMENTS])
  // Last, so that an installation that was broken off is not taken for a whole one.
  writeFileSync(stamp, key)
  return own
}

/** The folder with the code of Grafana that parses answers: made anew when other versions are wanted. */
function grafanaData() {
  const manifest = readFileSync(join(GRAFANA_SOURCE, 'package.json'), 'utf8')
  const stamp = join(GRAFANA, 'made-from')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === manifest) return resolve(GRAFANA)
  rmSync(GRAFANA, { recursive: true, force: true })
  mkdirSync(GRAFANA, { recursive: true })
  writeFileSync(join(GRAFANA, 'package.json'), manifest)
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
  mustRun('npm', ['install', '--prefix', GRAFANA, ...options])
  writeFileSync(stamp, manifest)
  return resolve(GRAFANA)
}

function mustRun(program, args) {
  const { status } = spawnSync(program, args, { stdio: ['ignore', 2, 2] })
  if (status !== 0)
    giveUp(`"${[program, ...args].join(' ')}" failed: what it says above tells why.`)
}

const prefixes = process.argv.slice(2).map((path) => relative('.', path))
const isChosen = (path) => prefixes.length === 0 || prefixes.some((one) => path.startsWith(one))
const entryPoints = findTests(TESTS).sort().filter(isChosen)
if (entryPoints.length === 0) giveUp(`No test file begins with ${prefixes.join(' or ')}.`)

const postgres = found(findPostgres, {
  packages: ['postgresql'],
  missing: "PostgreSQL's server programs (initdb, postgres) are not there",
})
const python = found(findPython, {
  packages: ['python3', 'python3-venv'],
  missing: 'Python 3.11 or newer with venv and pip is not there',
})
const [prometheus, promtool] = found(findPrometheus, {
  packages: ['prometheus'],
  missing: 'Prometheus with its promtool is not there',
})
const env = {
  INTEROP_PROMETHEUS: prometheus,
  INTEROP_PROMTOOL: promtool,
  INTEROP_POSTGRES: postgres,
  INTEROP_PYTHON: pythonWithPackages(python),
  INTEROP_GRAFANA: grafanaData(),
  INTEROP_CHROMIUM: found(findChromium, {
    packages: ['chromium', 'fonts-inter'],
    missing: 'Chromium is not there',
  }),
}
await buildProduct({ quiet: true })
process.exit(await runTestFiles(entryPoints, { out: OUT, env }))
