/**
 * Every table, as Kysely sees it. Rules that hold for all of them:
 * - Each leads with `tenant` (but `tenants`, `processes` and `remote_links`), so PostgreSQL can partition by it.
 * - The same TypeScript type on both stores: flags are 0 or 1, instants are milliseconds since 1970 (UTC), JSON is text,
 *   except `resources.search`, which is JSONB in both because filters look inside it.
 * - Text compares by code point on both stores. What must compare without case is folded before it is stored.
 */
import type {
  AccountsTable,
  CallsTable,
  IntentsTable,
  PasswordsTable,
  ProcessesTable,
  ReceiptsTable,
  RemoteLinksTable,
  TargetsTable,
} from './tables/accounts.ts';
import type {
  ActivityTable,
  ChangesTable,
  DerivedTable,
  LookupsTable,
  MembersTable,
  QuirksTable,
  ResourcesTable,
  TenantsTable,
  TokensTable,
  TombstonesTable,
} from './tables/directory.ts';
import type {
  ActionsTable,
  CatalogueLooksTable,
  CatalogueTable,
  FindingsTable,
  HoldItemsTable,
  HoldsTable,
  ListedTable,
  ReconcilesTable,
  StartsTable,
} from './tables/oversight.ts';

export type * from './tables/accounts.ts';
export type * from './tables/directory.ts';
export type * from './tables/oversight.ts';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Millis = number;

export interface Database {
  tenants: TenantsTable;
  tokens: TokensTable;
  resources: ResourcesTable;
  lookups: LookupsTable;
  tombstones: TombstonesTable;
  members: MembersTable;
  changes: ChangesTable;
  activity: ActivityTable;
  targets: TargetsTable;
  accounts: AccountsTable;
  intents: IntentsTable;
  passwords: PasswordsTable;
  receipts: ReceiptsTable;
  calls: CallsTable;
  remote_links: RemoteLinksTable;
  processes: ProcessesTable;
  holds: HoldsTable;
  hold_items: HoldItemsTable;
  starts: StartsTable;
  actions: ActionsTable;
  reconciles: ReconcilesTable;
  listed: ListedTable;
  findings: FindingsTable;
  catalogue: CatalogueTable;
  catalogue_looks: CatalogueLooksTable;
  derived: DerivedTable;
  quirks: QuirksTable;
}
