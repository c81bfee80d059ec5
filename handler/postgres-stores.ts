// Entry of dist/postgres-stores.js.
export { openEmbedded } from '../lib/store/postgres/open-embedded.ts'
export { openPostgres } from '../lib/store/postgres/open-postgres.ts'
export { templatePath } from '../lib/store/postgres/pglite-template.ts'
