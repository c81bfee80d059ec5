import { measureLoad } from '../load.ts'

console.log(JSON.stringify(measureLoad()))
