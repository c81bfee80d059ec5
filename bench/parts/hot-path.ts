import { measureHotPath } from '../hot-path.ts'

console.log(JSON.stringify(measureHotPath(Number(process.argv[2]))))
