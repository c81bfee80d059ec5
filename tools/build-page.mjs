import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { build } from 'esbuild'

const FOLDER = 'page'
/** What the page is compiled for: browsers of 2024 and newer. */
const TARGET = ['chrome123', 'firefox120', 'safari17.5']

/**
 * The status page as one text, with what lets its script and its style run and nothing else.
 *
 * @returns  {html, policy, etag}, as handler/read-answer.ts sends them
 */
export async function buildPage() {
  // Escaped, so that no text of it can end the element that it stands in.
  const script = (await bundled('main.ts')).replaceAll('</', '<\\/')
  const style = await bundled('page.css')
  const html = readFileSync(`${FOLDER}/page.html`, 'utf8')
    .replace('/*style*/', () => style)
    .replace('/*script*/', () => script)
  return { html, policy: policyOf(script, style), etag: `"${digestOf(html, 'base64url')}"` }
}

/** A file of the page with everything that it imports, as one text. */
async function bundled(name) {
  const { outputFiles } = await build({
    entryPoints: [`${FOLDER}/${name}`],
    bundle: true,
    format: 'iife',
    target: TARGET,
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  })
  return outputFiles[0].text.trim()
}

function policyOf(script, style) {
  return [
    "default-src 'none'",
    `script-src 'sha256-${digestOf(script, 'base64')}'`,
    `style-src 'sha256-${digestOf(style, 'base64')}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // No text ever becomes markup: the browser itself refuses innerHTML.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

function digestOf(text, encoding) {
  return createHash('sha256').update(text).digest(encoding)
}
