// Nuclio drops keys that it does not know without a word, and nuctl has no dry run: every key of
// function.yaml and deploy/function.kafka.yaml is looked up in what Nuclio 1.14 reads, and the rules between the keys are checked.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { settings } from '../../../lib/config/fields.ts'
import { parseConfig } from '../../../lib/config/parse.ts'
import { parquetPath } from '../../../lib/config/paths.ts'
import { DEPLOYED, DEPLOYED_WITH_KAFKA } from '../../../tools/generate/function-env.ts'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** What Nuclio 1.14 reads at each place. */
const KNOWN = {
  root: words('apiVersion kind metadata spec'),
  metadata: words('name namespace labels annotations'),
  spec: words(`
    description runtime handler env envFrom resources replicas minReplicas maxReplicas targetCPU
    scaleToZero autoScaleMetrics customScalingMetricSpecs readinessTimeoutSeconds
    waitReadinessTimeoutBeforeFailure eventTimeout loggerSinks volumes sidecars initContainers
    securityContext serviceAccount nodeSelector affinity tolerations priorityClassName
    preemptionMode deploymentStrategy imagePullPolicy imagePullSecrets disableDefaultHTTPTrigger
    disable platform dataBindings build triggers`),
  build: words(`
    path functionSourceCode baseImage onbuildImage image registry commands directives
    noBaseImagesPull noCache offline codeEntryType codeEntryAttributes args flags mode dependencies
    addedPaths`),
  trigger: words(`
    kind name numWorkers workerAvailabilityTimeoutMilliseconds workerAllocatorName
    workerTerminationTimeout explicitAckMode waitExplicitAckDuringRebalanceTimeout batch url
    username password secret disabled annotations attributes`),
  http: words(`
    port serviceType ingresses maxRequestBodySize readBufferSize reduceMemoryUsage cors mode
    disablePortPublishing`),
  v3ioStream: words(`
    containerName streamPath consumerGroup seekTo readBatchSize recordBatchSizeChan
    numTransportWorkers workerAllocationMode ackWindowSize sessionTimeout heartbeatInterval
    sequenceNumberCommitInterval sequenceNumberShardWaitInterval logLevel`),
  'kafka-cluster': words(`
    brokers topics consumerGroup initialOffset workerAllocationMode ackWindowSize partitions sasl
    sessionTimeout heartbeatInterval maxProcessingTime rebalanceTimeout rebalanceRetryMax
    rebalanceRetryBackoff maxWaitHandlerDuringRebalance channelBufferSize fetchMin fetchDefault
    fetchMax logLevel version secretPath accessKey accessCertificate caCert tls balanceStrategy`),
  resources: words('requests limits'),
  volumeEntry: words('volume volumeMount'),
  volume: words('name persistentVolumeClaim flexVolume hostPath emptyDir configMap secret'),
  persistentVolumeClaim: words('claimName readOnly'),
  flexVolume: words('driver fsType secretRef readOnly options'),
  fuseOptions: words('container subPath accessKey'),
  volumeMount: words('name mountPath readOnly subPath'),
  env: words('name value valueFrom'),
  valueFrom: words('secretKeyRef fieldRef configMapKeyRef resourceFieldRef'),
  secretKeyRef: words('name key optional'),
} as const

type Place = keyof typeof KNOWN
type Keyed = Readonly<Record<string, unknown>>

function keyed(value: unknown): Keyed {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value))
  return value as Keyed
}

function list(value: unknown): readonly Keyed[] {
  assert.ok(Array.isArray(value))
  return value.map(keyed)
}

function assertKnown(place: Place, value: unknown): Keyed {
  const known: readonly string[] = KNOWN[place]
  for (const key of Object.keys(keyed(value))) assert.ok(known.includes(key), `${place}: ${key}`)
  return keyed(value)
}

interface FunctionFile {
  readonly path: string
  /** Of the stream's trigger. */
  readonly kind: 'v3ioStream' | 'kafka-cluster'
  readonly deployed: ReadonlyMap<string, string>
}

function describeFile({ path, kind, deployed }: FunctionFile): void {
  const text = readFileSync(path, 'utf8')
  const root = keyed(parse(text))
  const spec = keyed(root['spec'])
  const triggers = Object.entries(keyed(spec['triggers'])).map(([name, trigger]) => ({
    name,
    trigger: keyed(trigger),
    attributes: keyed(keyed(trigger)['attributes']),
  }))
  const env = list(spec['env'])

  function triggerOf(kind: string) {
    const [found, ...others] = triggers.filter(({ trigger }) => trigger['kind'] === kind)
    assert.ok(found !== undefined && others.length === 0, `one trigger of kind ${kind}`)
    return found
  }

  test('Nuclio knows every key', () => {
    assertKnown('root', root)
    assertKnown('metadata', root['metadata'])
    assertKnown('spec', spec)
    assertKnown('build', spec['build'])
    assertKnown('resources', spec['resources'])
    for (const { trigger, attributes } of triggers) {
      assertKnown('trigger', trigger)
      assertKnown(trigger['kind'] === 'http' ? 'http' : kind, attributes)
    }
    for (const entry of env) {
      const { valueFrom } = assertKnown('env', entry)
      if (valueFrom === undefined) continue
      assertKnown('secretKeyRef', assertKnown('valueFrom', valueFrom)['secretKeyRef'])
    }
  })

  test('every volume is mounted under its own name', () => {
    for (const entry of list(spec['volumes'])) {
      const { volume, volumeMount } = assertKnown('volumeEntry', entry)
      const { persistentVolumeClaim, flexVolume, name } = assertKnown('volume', volume)
      if (persistentVolumeClaim !== undefined) {
        assertKnown('persistentVolumeClaim', persistentVolumeClaim)
      }
      if (flexVolume !== undefined) {
        assertKnown('fuseOptions', assertKnown('flexVolume', flexVolume)['options'])
      }
      assert.equal(assertKnown('volumeMount', volumeMount)['name'], name)
    }
  })

  test('the function is what Nuclio needs for this bundle', () => {
    assert.equal(root['apiVersion'], 'nuclio.io/v1')
    assert.equal(root['kind'], 'NuclioFunction')
    assert.equal(spec['runtime'], 'nodejs')
    assert.equal(spec['handler'], 'handler:handler')
    assert.equal(keyed(spec['build'])['baseImage'], 'node:22-alpine')
    assert.equal(spec['eventTimeout'], undefined, 'a timeout loses events of a stream')
  })

  test('the triggers keep one process to a shard', () => {
    const http = triggerOf('http')
    assert.equal(http.trigger['numWorkers'], 1)
    const stream = triggerOf(kind)
    assert.equal(stream.trigger['numWorkers'], 1)
    assert.equal(stream.attributes['workerAllocationMode'], 'static')
    assert.equal(stream.trigger['explicitAckMode'], 'enable', 'needs static allocation')
    assert.equal(String(stream.attributes['ackWindowSize']), deployed.get('ACK_WINDOW_SIZE'))
    assert.equal(deployed.get('ACK'), 'delivered')
    if (kind === 'v3ioStream') {
      assert.equal(stream.attributes['seekTo'], 'earliest')
      assert.equal(stream.trigger['password'], '$generate', 'no key stands in the file')
    } else {
      assert.equal(stream.attributes['initialOffset'], 'earliest')
      assert.equal(stream.trigger['password'], undefined, 'no key stands in the file')
    }
    assert.equal(spec['minReplicas'], spec['maxReplicas'], 'shards are divided by the replicas')
  })

  test('the environment is every setting with its default or what is meant to be deployed, as texts', () => {
    const given = new Map(env.map((entry) => [entry['name'], entry]))
    const values: Record<string, string> = {}
    for (const { envName, field } of settings) {
      const entry = given.get(envName)
      given.delete(envName)
      if (field.kind === 'text' && field.secret) {
        assert.equal(entry?.['value'], undefined, `${envName} comes from a secret`)
        const ref = keyed(keyed(entry?.['valueFrom'])['secretKeyRef'])
        assert.equal(ref['optional'], true)
      } else if (field.default === '') {
        assert.equal(entry, undefined, `${envName} is only shown, as a comment`)
        assert.ok(text.includes(`# - name: ${envName}\n`))
      } else {
        const value = entry?.['value']
        assert.ok(typeof value === 'string', `${envName} is a text`)
        values[envName] = value
      }
    }
    assert.deepEqual([...given.keys()], [], 'nothing but settings')
    assert.deepEqual(parseConfig(values), parseConfig(Object.fromEntries(deployed)))
  })

  test('what must outlive the container lies on a mounted volume', () => {
    const mountPaths = list(spec['volumes']).map(({ volumeMount }) =>
      String(keyed(volumeMount)['mountPath']),
    )
    const config = parseConfig(Object.fromEntries(deployed))
    for (const path of [config.spoolPath, config.deadLetterPath, parquetPath(config)]) {
      assert.ok(
        mountPaths.some((mountPath) => path.startsWith(`${mountPath}/`)),
        path,
      )
    }
  })
}

const FILES: readonly FunctionFile[] = [
  { path: 'function.yaml', kind: 'v3ioStream', deployed: DEPLOYED },
  { path: 'deploy/function.kafka.yaml', kind: 'kafka-cluster', deployed: DEPLOYED_WITH_KAFKA },
]
for (const file of FILES) describe(file.path, () => describeFile(file))
