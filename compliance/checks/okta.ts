/** What Okta does: its SPEC test, its test application (PATCH) and its wizard's applications (PUT). */
import type { Check } from '../trial.ts';
import { checks as applications } from './okta/applications.ts';
import { checks as groups } from './okta/groups.ts';
import { checks as specTest } from './okta/spec-test.ts';

export const checks: readonly Check[] = [...specTest, ...applications, ...groups];
