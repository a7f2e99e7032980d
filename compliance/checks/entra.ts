/** What Microsoft Entra ID does, in the order in which it does it. */
import type { Check } from '../trial.ts';
import { checks as endpoints } from './entra/endpoints.ts';
import { checks as groups } from './entra/groups.ts';
import { checks as patching } from './entra/patching.ts';
import { checks as users } from './entra/users.ts';

export const checks: readonly Check[] = [...users, ...patching, ...groups, ...endpoints];
