/** RFC 9865: pages by cursor. */
import type { Check } from '../trial.ts';
import { checks as configuration } from './cursor/configuration.ts';
import { checks as pages } from './cursor/pages.ts';
import { checks as refusals } from './cursor/refusals.ts';

export const checks: readonly Check[] = [...pages, ...refusals, ...configuration];
