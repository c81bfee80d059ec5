import { type Answer, jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { getItem, putItem, updateItem } from './items.ts'
import { listContainers, listDirectory } from './listing.ts'
import { deleteObject, getObject, headObject, putObject } from './objects.ts'
import { putRecords } from './put-records.ts'
import { invalid, notFound, wrongMethod } from './refusal.ts'
import type { Scanner } from './scan.ts'
import {
  createStream,
  describeStream,
  getRecords,
  seekShard,
  updateStream,
} from './stream-functions.ts'

/** How a function is called, and what carries it out. */
interface Route {
  readonly method: 'PUT' | 'POST'
  /** An item's path has no slash at its end, a directory's has one; a container has no path. */
  readonly place: 'item' | 'directory' | 'container'
  readonly run: (call: Call) => Answer
}

const OBJECT_OPERATIONS: ReadonlyMap<string, (call: Call) => Answer> = new Map([
  ['PUT', putObject],
  ['GET', getObject],
  ['HEAD', headObject],
  ['DELETE', deleteObject],
])

/** The functions of X-v3io-function by name. */
export function routes(scanner: Scanner): ReadonlyMap<string, Route> {
  const seek: Route = { method: 'PUT', place: 'directory', run: seekShard }
  return new Map<string, Route>([
    ['PutItem', { method: 'PUT', place: 'item', run: putItem }],
    ['UpdateItem', { method: 'POST', place: 'item', run: updateItem }],
    ['GetItem', { method: 'PUT', place: 'item', run: getItem }],
    ['GetItems', { method: 'PUT', place: 'directory', run: (call) => scanner.getItems(call) }],
    ['CreateStream', { method: 'POST', place: 'directory', run: createStream }],
    ['UpdateStream', { method: 'POST', place: 'directory', run: updateStream }],
    ['DescribeStream', { method: 'PUT', place: 'directory', run: describeStream }],
    ['PutRecords', { method: 'POST', place: 'directory', run: putRecords }],
    ['SeekShard', seek],
    ['Seek', seek],
    ['GetRecords', { method: 'PUT', place: 'directory', run: getRecords }],
    ['GetClusterMD', { method: 'PUT', place: 'container', run: clusterMetadata }],
  ])
}

/**
 * Carries out a request that names a function.
 *
 * @throws Refusal
 */
export function runFunction(route: Route, name: string, call: Call): Answer {
  const { target, method } = call
  if (method !== route.method) throw wrongMethod(`${name} is called by ${route.method}`)
  if (target.query !== undefined) throw invalid('a raw ? cuts the path')
  checkContainer(call)
  if (route.place === 'container' && target.names.length > 0) {
    throw invalid(`${name} takes a container without a path`)
  }
  if (route.place === 'item' && (target.isDirectory || target.names.length === 0)) {
    throw invalid(`${name} takes the path of an item, without a slash at its end`)
  }
  if (route.place === 'directory' && !target.isDirectory) {
    throw invalid(`${name} takes a directory, whose path ends in a slash`)
  }
  return route.run(call)
}

/**
 * Carries out a request without a function: on an object, a directory, a container or the root.
 *
 * @throws Refusal
 */
export function runObjectOperation(call: Call): Answer {
  const { target, method, store } = call
  if (target.container === '') {
    if (method !== 'GET') throw wrongMethod(`${method} /`)
    if (target.query !== undefined) throw invalid('the list of containers has no parameters')
    return listContainers(store)
  }
  checkContainer(call)
  if (target.names.length === 0) {
    if (method === 'GET') return listDirectory(call)
    if (method !== 'HEAD') throw wrongMethod(`${method} of a container`)
  }
  if (target.query !== undefined) throw invalid('a raw ? cuts the path')
  const run = OBJECT_OPERATIONS.get(method)
  if (run === undefined) throw wrongMethod(`${method} without X-v3io-function`)
  return run(call)
}

function checkContainer({ store, target }: Call): void {
  if (!store.containers.has(target.container)) throw notFound()
}

function clusterMetadata({ body }: Call): Answer {
  if (body.length > 0) throw invalid('GetClusterMD has no body')
  return jsonAnswer({ NumberOfVNs: 2 })
}
