import { measureWrapper } from '../wrapper.ts'

measureWrapper().then((result) => console.log(JSON.stringify(result)))
