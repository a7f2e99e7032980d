/**
 * The errors of the store: the closed set that callers tell apart. Whatever else a store throws is a bug in a statement
 * and keeps the shape its driver gave it.
 */

/** Nothing was kept, or nothing could be read; later it may work. The message says why, in a sentence fit to show. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** Another row has the same key. The same on both stores. */
export class UniqueViolation extends Error {
  override readonly name = 'UniqueViolation';
  readonly table: string;
  /** The columns of the unique key, in its order. */
  readonly columns: readonly string[];

  constructor(table: string, columns: readonly string[], options?: ErrorOptions) {
    super(`Another row of ${table} has the same ${columns.join(', ')}.`, options);
    this.table = table;
    this.columns = columns;
  }
}

/** `openStore` did not succeed. The message says what, where and what to do, and never shows a password. */
export class CannotOpenStore extends Error {
  override readonly name = 'CannotOpenStore';
}
