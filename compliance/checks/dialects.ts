/** What clients in the field send that the standards do not ask for. */
import type { Check } from '../trial.ts';
import { checks as asking } from './dialects/asking.ts';
import { checks as groups } from './dialects/groups.ts';
import { checks as patching } from './dialects/patching.ts';
import { checks as writing } from './dialects/writing.ts';

export const checks: readonly Check[] = [...patching, ...groups, ...writing, ...asking];
