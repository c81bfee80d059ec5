const TEMPLATE = {
  body: '',
  'content-type': '',
  content_type: '',
  fields: null,
  headers: { 'content-type': 'YXBwbGljYXRpb24vanNvbg==' },
  id: '188a90c1-80a1-4dfc-9cb1-0f4d49cef74d',
  method: '',
  num_shards: 0,
  offset: 0,
  path: 'events',
  shard_id: 0,
  size: 0,
  timestamp: 1_793_606_400,
  topic: 'events',
  trigger: { kind: 'kafka-cluster', name: 'model-endpoints' },
  type: '',
  type_version: '',
  url: '',
  version: '',
}

/** A line as Nuclio's processor writes it for a message of a Kafka topic. */
export function eventLine(body: Buffer | undefined, changes: object = {}): string {
  const event = { ...TEMPLATE, body: body?.toString('base64') ?? '', size: body?.length ?? 0 }
  return `${JSON.stringify({ ...event, ...changes })}\n`
}
