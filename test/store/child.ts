/**
 * Another process on the same database: `child.ts <what> <url>`.
 * - `open`: opens and closes the store.
 * - `write`: adds tenants for ever and prints the name of each when it is acknowledged.
 * - `hold`: takes the write lock of a SQLite file, says so, and keeps it.
 */
import Sqlite from 'better-sqlite3';
import { openStore } from '../../src/store/store.ts';
import { tenant } from './rows.ts';

const [what, url = ''] = process.argv.slice(2);

if (what === 'open') {
  await (await openStore(url)).close();
} else if (what === 'write') {
  const store = await openStore(url);
  for (let n = 0; ; n++) {
    const name = `tenant-${process.pid}-${n}`;
    await store.write((trx) => trx.insertInto('tenants').values(tenant(name)).execute());
    process.stdout.write(`${name}\n`);
  }
} else if (what === 'hold') {
  const database = new Sqlite(url.replace('sqlite:', ''));
  database.exec('begin immediate');
  process.stdout.write('held\n');
  setInterval(() => {}, 60_000);
}
