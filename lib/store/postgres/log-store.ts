import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { LogStore } from '../../stream/ports.ts'
import { safeText } from '../safe-text.ts'
import type { Database } from './database.ts'
import { numberOf, readFrom, unavailable } from './database.ts'

const compress = promisify(gzip)
const decompress = promisify(gunzip)

// Bytes as base64, which both engines read and write alike. The first epoch is the time in seconds, so that a log
// that was deleted and begins anew has a greater one than those in the records (record-version.ts).
const TAKE_OVER = `
  INSERT INTO stream_logs AS logs (log, epoch) VALUES ($1::text, extract(epoch FROM now())::bigint)
  ON CONFLICT (log) DO UPDATE SET epoch = logs.epoch + 1
  RETURNING epoch::float8, checkpoint_offset::float8,
    translate(encode(checkpoint, 'base64'), E'\\n', '') AS checkpoint`

const LOOK = `
  SELECT epoch::float8, checkpoint_offset::float8 FROM stream_logs WHERE log = $1::text`

const WRITE = `
  UPDATE stream_logs SET checkpoint_offset = $3::bigint, checkpoint = decode($4::text, 'base64')
  WHERE log = $1::text AND epoch = $2::bigint
  RETURNING true AS written`

/** Logs in `stream_logs`; checkpoints are compressed. */
export function createLogStore(database: Database): LogStore {
  return {
    async takeOver(log) {
      try {
        const [row] = await database.query(TAKE_OVER, [safeText(log)])
        if (row === undefined) throw new Error('no row came back')
        const epoch = numberOf(row, 'epoch')
        const { checkpoint } = row
        if (typeof checkpoint !== 'string') return { epoch, checkpoint: null }
        const bytes = await decompress(Buffer.from(checkpoint, 'base64'))
        return { epoch, checkpoint: { offset: numberOf(row, 'checkpoint_offset'), bytes } }
      } catch (cause) {
        throw unavailable('A log could not be taken over', cause)
      }
    },
    async look(log) {
      const [row] = await readFrom(database, LOOK, [safeText(log)])
      if (row === undefined) return { epoch: 0, offset: null }
      const { checkpoint_offset: offset } = row
      return { epoch: numberOf(row, 'epoch'), offset: typeof offset === 'number' ? offset : null }
    },
    async writeCheckpoint(log, { epoch, offset, bytes }) {
      const text = (await compress(bytes)).toString('base64')
      try {
        return (await database.query(WRITE, [safeText(log), epoch, offset, text])).length === 1
      } catch (cause) {
        throw unavailable('A checkpoint could not be written', cause)
      }
    },
  }
}
