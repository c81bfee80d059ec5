import { measureToFile } from '../to-file.ts'

measureToFile().then((result) => console.log(JSON.stringify(result)))
