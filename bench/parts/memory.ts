import { measureMemory } from '../memory.ts'

console.log(JSON.stringify(measureMemory()))
