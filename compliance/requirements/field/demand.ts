/** What clients demand, in one line each: the number, the public page that says so, our own words. */
import type { Feature, Level, Profile, Requirement } from '../../model.ts';

/** A public page. */
export interface Page {
  name: string;
  url: string;
}

type Rest = Partial<Pick<Requirement, 'remedy' | 'unseen' | 'manner'>>;
/** @param number within the prefix, never used again for anything else. @param heading of the page, or its part. */
export type Demand = (
  number: number,
  page: Page,
  heading: string,
  feature: Feature,
  text: string,
  rest?: Rest,
) => Requirement;

/** MUST: the client, or the gate before it, fails without. SHOULD: something of it does not work. */
export function demands(prefix: string, profile: Profile): { must: Demand; should: Demand } {
  const demand =
    (level: Level): Demand =>
    (number, page, heading, feature, text, rest = {}) => ({
      id: `${prefix}-${number}`,
      source: page.name,
      section: heading,
      lines: null,
      url: page.url,
      level,
      feature,
      text,
      profiles: [profile],
      ...rest,
    });
  return { must: demand('MUST'), should: demand('SHOULD') };
}

const LEARN = 'https://learn.microsoft.com/en-us/entra/identity/app-provisioning';
const ENTRA_DOCS = 'https://github.com/MicrosoftDocs/entra-docs/blob/main/docs/identity';
const REFERENCE_CODE = 'https://github.com/AzureAD/SCIMReferenceCode/blob/master';

export const PAGES = {
  entraEndpoint: {
    name: 'Microsoft, Develop and plan provisioning for a SCIM endpoint',
    url: `${LEARN}/use-scim-to-provision-users-and-groups`,
  },
  entraCompliance: {
    name: 'Microsoft, SCIM 2.0 protocol compliance of the provisioning service',
    url: `${LEARN}/application-provisioning-config-problem-scim-compatibility`,
  },
  entraProvisioning: {
    name: 'Microsoft, How provisioning works',
    url: `${LEARN}/how-provisioning-works`,
  },
  entraQuarantine: {
    name: 'Microsoft, Application provisioning in quarantine status',
    url: `${LEARN}/application-provisioning-quarantine-status`,
  },
  entraMappings: {
    name: 'Microsoft, Customize user provisioning attribute mappings',
    url: `${LEARN}/customize-application-attributes`,
  },
  entraGallery: {
    name: 'Microsoft, App gallery user provisioning requirements',
    url: `${ENTRA_DOCS}/enterprise-apps/app-gallery-user-provisioning-requirements.md`,
  },
  entraGalleryTests: {
    name: 'Microsoft, SCIM Provisioning Validation, Test Overview',
    url: `${REFERENCE_CODE}/Microsoft.SCIM.LogicAppValidationTemplate/StandardLogicApp/SCIM-Validation-Test-Overview.md`,
  },
  entraValidator: {
    name: 'Microsoft, Tutorial: Validate a SCIM endpoint',
    url: `${LEARN}/scim-validator-tutorial`,
  },
  entraBooleans: {
    name: 'Microsoft Q&A 5618325',
    url: 'https://learn.microsoft.com/en-us/answers/questions/5618325',
  },
  entraManager: {
    name: 'pranems/SCIMServer, manager as a string',
    url: 'https://github.com/pranems/SCIMServer/blob/master/docs/MANAGER_PATCH_STRING_COERCION.md',
  },
  oktaScim: {
    name: 'Okta, SCIM 2.0 reference',
    url: 'https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20',
  },
  oktaFaqs: { name: 'Okta, SCIM technical questions', url: 'https://developer.okta.com/docs/concepts/scim/faqs/' },
  oktaSpecTest: {
    name: 'Okta, SCIM 2.0 SPEC test',
    url: 'https://developer.okta.com/standards/SCIM/SCIMFiles/Okta-SCIM-20-SPEC-Test.json',
  },
  oktaBridge: {
    name: 'workos/scim-bridge',
    url: 'https://github.com/workos/scim-bridge/blob/main/workers/shared/scim.ts',
  },
  oktaGroupPush: {
    name: 'Metatavu/keycloak-scim-server issue 113',
    url: 'https://github.com/Metatavu/keycloak-scim-server/issues/113',
  },
  authentik: {
    name: 'authentik, SCIM provider',
    url: 'https://github.com/goauthentik/authentik/tree/main/authentik/providers/scim/clients',
  },
  keycloakPlugin: { name: 'mitodl/keycloak-scim', url: 'https://github.com/mitodl/keycloak-scim' },
  oneLogin: { name: 'OneLogin, Implement a SCIM API', url: 'https://developers.onelogin.com/scim/implement-scim-api' },
  memberRemoval: {
    name: 'MicrosoftDocs/azure-docs issue 30826',
    url: 'https://github.com/MicrosoftDocs/azure-docs/issues/30826',
  },
  mergedValues: { name: 'ssoready/ssoready issue 206', url: 'https://github.com/ssoready/ssoready/issues/206' },
  managerForms: {
    name: 'apache/directory-scimple 1244',
    url: 'https://github.com/apache/directory-scimple/pull/1244',
  },
  unknownAttributes: { name: 'fleetdm/fleet issue 44822', url: 'https://github.com/fleetdm/fleet/issues/44822' },
} as const satisfies Record<string, Page>;
