import { longestGap, parquetCostPerRow } from '../parquet.ts'

async function measure(): Promise<void> {
  const parquet = await parquetCostPerRow()
  console.log(JSON.stringify({ parquet, gap: await longestGap() }))
}

void measure() // a rejection ends the process, and the table says that the part failed
