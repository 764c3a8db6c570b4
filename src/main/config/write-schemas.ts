import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configSchemas } from './shapes.js';

/** Writes `config/schema/*.json` from the shapes. Run it after a change of `shapes.ts`: `node --import tsx src/main/config/write-schemas.ts`. */
const folder = resolve(import.meta.dirname, '../../../config/schema');
for (const [name, schema] of Object.entries(configSchemas())) {
  writeFileSync(join(folder, `${name}.schema.json`), `${JSON.stringify(schema, null, 2)}\n`);
}
