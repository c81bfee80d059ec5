/** What the paths are made of. */
export interface PathSettings {
  readonly project: string
  readonly container: string
}

/** The template with `{project}` and `{container}` replaced, whatever these hold themselves. */
export function renderPath(template: string, { project, container }: PathSettings): string {
  return template.replace(/\{(project|container)\}/g, (_match, name: string) =>
    name === 'project' ? project : container,
  )
}

/** The parts of a path between its slashes, without those at either end. */
export function partsOf(path: string): readonly string[] {
  return path.replace(/^\/+|\/+$/g, '').split('/')
}

/** Table of the endpoint records inside the container, without slash at either end. */
export function kvPath(config: PathSettings & { readonly kvPathTemplate: string }): string {
  return partsOf(renderPath(config.kvPathTemplate, config)).join('/')
}

/**
 * Container and table of the metrics: the first part of the path, and the rest with one slash in
 * front and none at its end.
 */
export function tsdbPath(config: PathSettings & { readonly tsdbPathTemplate: string }): {
  readonly container: string
  readonly table: string
} {
  const [container = '', ...rest] = partsOf(renderPath(config.tsdbPathTemplate, config))
  return { container, table: `/${rest.join('/')}` }
}

/** Where Parquet files go: a mounted directory, or objects of a V3IO container. */
export type ParquetPlace =
  | { readonly kind: 'directory'; readonly path: string }
  /** `path` is inside the container, without slash at either end. */
  | { readonly kind: 'v3io'; readonly container: string; readonly path: string }

/** The place that PARQUET_PATH_TEMPLATE names. */
export function parquetPlace(
  config: PathSettings & { readonly parquetPathTemplate: string },
): ParquetPlace {
  const whole = parquetPath(config)
  if (!whole.startsWith(V3IO_SCHEME)) return { kind: 'directory', path: whole }
  const [container = '', ...rest] = partsOf(whole.slice(V3IO_SCHEME.length))
  return { kind: 'v3io', container, path: rest.join('/') }
}

const V3IO_SCHEME = 'v3io://'

/** The place as one text, without slash at its end. */
export function parquetPath(
  config: PathSettings & { readonly parquetPathTemplate: string },
): string {
  const path = renderPath(config.parquetPathTemplate, config)
  return path.replace(/\/+$/, '') || '/'
}
