import type { TestContext } from 'node:test'
import { startFramesdDouble } from '../doubles/framesd/framesd-double.ts'
import { startV3ioDouble } from '../doubles/v3io/v3io-double.ts'

export const ACCESS_KEY = 'any-access-key'
export const PROJECT = 'demo'

/** A platform of doubles, and how the function is told of it. */
export interface Platform {
  readonly webApi: string
  readonly framesd: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * Starts both doubles, which end with the test.
 *
 * @param pageItemsMax  entries of a page at most; few make readers ask again
 */
export async function startPlatform(
  context: TestContext,
  { pageItemsMax = 3 }: { readonly pageItemsMax?: number } = {},
): Promise<Platform> {
  const v3io = await startV3ioDouble({ accessKey: ACCESS_KEY, pageItemsMax })
  context.after(() => v3io.close())
  const framesd = await startFramesdDouble({ accessKey: ACCESS_KEY, webApiUrl: v3io.url })
  context.after(() => framesd.close())
  return {
    webApi: v3io.url,
    framesd: framesd.url,
    env: {
      STORE_URL: 'v3io',
      V3IO_API: v3io.url,
      V3IO_FRAMESD: framesd.url,
      V3IO_ACCESS_KEY: ACCESS_KEY,
      PROJECT,
    },
  }
}
