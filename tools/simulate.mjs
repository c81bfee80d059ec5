// Runs the whole core under seeded schedules of crashes and trouble, and holds the end of each to every promise:
//   node tools/simulate.mjs [--seeds N] [--seed S] [--crash POINT] [--bug NAME]
//   --seeds N      a crash at every port call of fixed scenarios, then the seeds 1 to N (default 200)
//   --seed S       one seed; with --seeds, the first one, and no sweep
//   --crash POINT  one crash of the sweep, as a failure prints it
//   --bug NAME     with that bug put in; succeeds when it is found. `all` for each of them, `list` for names
import { parseArgs } from 'node:util'
import { loadSimulation } from './load-simulation.mjs'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    crash: { type: 'string' },
    bug: { type: 'string' },
  },
})
const seedCount = wholeNumber('seeds', values.seed === undefined ? 200 : 1)
const firstSeed = wholeNumber('seed', 1)
const plan = { firstSeed, seedCount, sweep: values.seed === undefined ? 'first' : 'none' }

if (values.bug === undefined) process.exitCode = await runPlain()
else if (values.bug === 'list' || values.bug === 'all') process.exitCode = await runAllBugs()
else if (values.seed !== undefined || values.crash !== undefined) {
  process.exitCode = await runPlain(values.bug)
} else process.exitCode = (await huntFor(values.bug)) ? 0 : 1

function wholeNumber(name, byDefault) {
  const text = values[name]
  if (text === undefined) return byDefault
  if (/^\d{1,9}$/.test(text)) return Number(text)
  console.error(`--${name}: given ${text}, wanted a whole number.`)
  process.exit(2)
}

async function runPlain(bug = null) {
  const simulation = await loadSimulation(bug)
  const begin = performance.now()
  if (values.crash !== undefined) {
    const result = await simulation.simulatePoint(values.crash)
    if (result === null) {
      console.error(`--crash: given ${values.crash}, wanted such as every:120:after.`)
      return 2
    }
    console.log(result.lastSteps.join('\n'))
    if (result.failure === null) console.log(`Every promise was kept. Trace ${result.digest}.`)
    else console.error(result.failure)
    return result.failure === null ? 0 : 1
  }
  const result = await simulation.simulate(plan)
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  const { failure, missing } = result
  if (failure !== null) {
    console.error('The last steps:')
    console.error(failure.lastSteps.map((line) => `  ${line}`).join('\n'))
    console.error(failure.error)
    const bugPart = bug === null ? '' : ` --bug ${bug}`
    console.error(
      `A promise was broken. Repeat it with:\n  npm run simulate -- ${failure.repeat}${bugPart}`,
    )
    return 1
  }
  console.log(simulation.faultTable(result.faults))
  console.log(
    `${result.seedCount} seeds, ${result.sweepCount} crashes of the sweep, ${result.deathCount} deaths, ` +
      `${result.startCount} starts, ${seconds} s. Trace ${result.digest}.`,
  )
  if (missing.length === 0) return 0
  console.error(`No schedule met: ${missing.join(', ')}.`)
  return 1
}

async function runAllBugs() {
  const { BUGS } = await loadSimulation(null)
  let isEachFound = true
  for (const { name, what } of BUGS) {
    if (values.bug === 'list') console.log(`${name.padEnd(28)}${what}`)
    else isEachFound = (await huntFor(name)) && isEachFound
  }
  return isEachFound ? 0 : 1
}

/** Whether the bug was found; says how. */
async function huntFor(bug) {
  const simulation = await loadSimulation(bug)
  const begin = performance.now()
  const { hint, mode = 'spooled' } = simulation.BUGS.find(({ name }) => name === bug) ?? {}
  const result = await simulation.simulate({
    firstSeed: hint?.seed ?? firstSeed,
    mode,
    seedCount: values.seeds === undefined ? 200 : plan.seedCount,
    sweep: hint === 'sweep' ? 'first' : 'last',
  })
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  const { failure, seedCount, sweepCount } = result
  const runs = `${seedCount} seeds${sweepCount > 0 ? ` and ${sweepCount} crashes of the sweep` : ''}`
  if (failure === null) {
    console.error(`${bug.padEnd(28)} NOT FOUND in ${runs}, ${seconds} s`)
    return false
  }
  const [message] = String(failure.error?.message ?? failure.error).split('\n')
  console.log(`${bug.padEnd(28)} ${failure.repeat.padEnd(28)} ${runs}, ${seconds} s: ${message}`)
  return true
}
