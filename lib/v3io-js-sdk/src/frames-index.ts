export { frameComplaint, kvFrameComplaint, tsdbFrameComplaint } from './frames-checks.ts'
export type {
  Backend,
  CreateTable,
  DeleteFrames,
  ExecuteCommand,
  FramesClientOptions,
  FramesTable,
  ReadFrames,
  WriteFrames,
  WrittenFrames,
} from './frames-client.ts'
export { FramesClient } from './frames-client.ts'
export type { Column, ColumnValues, Frame, LabelValue } from './frames-types.ts'
export { columnRows, frameRows, msOf } from './frames-types.ts'
