/**
 * What kind of trouble an account is in, which says who can end it:
 *
 * - `transient` nobody has to: it passes, and is tried again.
 * - `account`   a person, about this account.
 * - `target`    a person, about the whole target: credentials or configuration.
 * - `unknown`   nobody knows yet whether a call took effect: it is looked at before anything is repeated.
 */
import type { AccountsTable } from '../../store/tables.ts';
import type { Failure } from '../../targets/outcome.ts';

export type FailureClass = NonNullable<AccountsTable['failure']>;

/** @param unclear whether a call of this pass may yet take effect. @returns null: to wait for something is no failure. */
export function failureClass(failure: Failure | null, unclear: boolean): FailureClass | null {
  switch (failure?.kind) {
    case 'retry':
      return unclear || failure.unclear ? 'unknown' : 'transient';
    case 'reject':
      return 'account';
    case 'pause':
      return 'target';
    default:
      return null;
  }
}
