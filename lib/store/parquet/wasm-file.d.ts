declare module '*.wasm' {
  /** Name of the file beside the bundle (esbuild, loader `file`). */
  const path: string
  export default path
}
