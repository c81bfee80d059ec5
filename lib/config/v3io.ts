import type { Config } from './fields.ts'

/** Whether the settings choose the V3IO store. */
export function choosesV3io({
  storeUrl,
  v3ioApi,
  v3ioFramesd,
}: Pick<Config, 'storeUrl' | 'v3ioApi' | 'v3ioFramesd'>): boolean {
  return storeUrl === 'v3io' || (storeUrl === 'auto' && (v3ioApi !== '' || v3ioFramesd !== ''))
}

/** What the V3IO store lacks, as one sentence; null for nothing. */
export function v3ioComplaint({ v3ioApi, v3ioFramesd }: Config): string | null {
  if (v3ioApi === '') {
    return 'The V3IO store needs V3IO_API, the address of the web API, for example http://v3io-webapi:8081.'
  }
  if (v3ioFramesd === '') {
    return 'The V3IO store needs V3IO_FRAMESD, the address of the frames server, for example http://framesd:8080.'
  }
  return null
}
