/** By which rules what is derived from documents was last made. */
import { createTable, type Migration } from './migration.ts';

export const derived: Migration = {
  name: '0006-derived',
  async up(db, ddl) {
    const { text } = ddl;
    await createTable(db, ddl, 'derived', { columns: { name: text, made_by: text }, key: ['name'] });
  },
};
