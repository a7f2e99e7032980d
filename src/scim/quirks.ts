/**
 * The quirks: what clients do otherwise than RFC 7643 and 7644 ask, and is understood all the same. Whoever reads a
 * message notes them; what the RFCs allow (names in any case in a path or filter, null for "unassigned", readOnly
 * attributes in a PUT) is none. This file owns which there are and what an administrator is told of each; counting them
 * is the directory's.
 */

/** Each rule with one sentence on what the client does and one on what to do about it. */
export const QUIRKS = {
  'array-for-single-value': {
    does: 'Sends a list of one where the attribute has a single value; that one is taken.',
    advice: 'Nothing depends on it; map the attribute as a single value to end it.',
  },
  'attribute-case': {
    does: "Writes attribute names in another case than the schema; RFC 7643 allows it, and the schema's is returned.",
    advice: 'Nothing to do, unless the client looks for its own spelling in the answer.',
  },
  'bare-token': {
    does: 'Sends the token alone in the Authorization header, without the word Bearer.',
    advice: 'Put "Bearer " before the token where the client lets you; other servers refuse a bare one.',
  },
  'created-by-replace': {
    does: 'Replaces a value that is not there, such as emails[type eq "work"]; it is created from the filter.',
    advice: 'Entra does so for values that were never set. Elsewhere, let the client send add.',
  },
  'embedded-json': {
    does: 'Packs a role as JSON into the text of its value; value and display are taken out.',
    advice: 'In Entra, map roles with AssertiveAppRoleAssignmentsComplex to have them sent as objects.',
  },
  'empty-for-unassigned': {
    does: 'Sends "" to clear an attribute, where the RFC has null or remove; it is cleared.',
    advice: 'Nothing to do. To keep an empty text as a value is not possible by PATCH.',
  },
  'empty-path': {
    does: 'Sends path as null or "" in a PATCH operation; it is read as an operation without a path.',
    advice: 'Nothing to do: authentik does so. Another client should leave path out.',
  },
  'flat-key': {
    does: 'Sends nested attributes under one key, such as "name.givenName" or a URN with an attribute; they are nested.',
    advice: 'Nothing to do: Entra does so with aadOptscim062020. In a template, nest the objects.',
  },
  'loose-notation': {
    does: 'Names an attribute of an extension without its URN, or with a dot behind it, in a path or filter.',
    advice: 'Map it as URN:attribute; where two extensions have an attribute of that name, the short form is refused.',
  },
  'missing-schemas': {
    does: 'Leaves out schemas, or the URN that belongs there, such as PatchOp; the message is taken for what it is.',
    advice:
      'Where there is a template, put the 2.0 URN in; a version 1.1 URN means that the client is set to SCIM 1.1.',
  },
  'op-case': {
    does: 'Writes op in capitals, such as "Replace"; it is read without case.',
    advice: 'Nothing to do. In Entra, aadOptscim062020 at the end of the tenant URL ends it.',
  },
  'patched-schemas': {
    does: 'Adds URNs to schemas by PATCH; schemas follow from the attributes that are there.',
    advice: 'Nothing to do.',
  },
  'read-only-in-patch': {
    does: 'Sends attributes that only the server sets, such as id, in a PATCH value; they are passed over.',
    advice: 'Nothing to do: Okta and authentik do so with every change of a group.',
  },
  'remove-with-value': {
    does: 'Removes with a list of values instead of a filter in the path; only those values are removed.',
    advice: 'Nothing to do here. Servers that read it as "remove all" empty the group.',
  },
  'single-value-for-array': {
    does: 'Sends one value where the attribute has a list, such as emails as an object; a list is made of it.',
    advice: 'Where there is a template, put the value in brackets; further values cannot be sent like this.',
  },
  'string-boolean-in-filter': {
    does: 'Compares a boolean with a text in a filter, such as active eq "True"; it is compared as a boolean.',
    advice: 'Write true or false without quotation marks and capitals in the mapping.',
  },
  'string-for-boolean': {
    does: 'Sends booleans as text, such as "active": "False"; they are stored and returned as booleans.',
    advice:
      'Nothing to do. In Entra, aadOptscim062020 at the end of the tenant URL ends it; in a template, drop the quotes.',
  },
  'string-for-complex': {
    does: "Sends a text where an object belongs, such as the manager's id; it becomes the object's value.",
    advice: 'Nothing to do: Entra sends managers like this.',
  },
  'sub-attribute-after-filter': {
    does: 'Filters by emails[type eq "work"].value eq "...", which only PATCH paths allow; it is asked of one value.',
    advice: 'Nothing to do: Entra does so. Elsewhere, write emails[type eq "work" and value eq "..."].',
  },
  'undeclared-extension': {
    does: "Sends attributes of an extension whose URN is not in the body's schemas; they are stored.",
    advice: 'Nothing to do; other servers drop such attributes without a word.',
  },
  'unknown-attribute': {
    does: 'Sends attributes that no schema has; they are ignored, and refused in the profile strict.',
    advice: 'If the attribute matters, map it to one of the schema; otherwise take it out of the mapping.',
  },
  'unknown-member': {
    does: 'Puts members into a group who are no resource of this tenant; they are kept and grant nothing.',
    advice:
      'Provision the user first, then add the id that was answered; an id from elsewhere never becomes somebody here.',
  },
  'unknown-schema': {
    does: 'Names a URN in schemas that no resource here has; it is ignored.',
    advice:
      "Nothing to do for Entra's group URN; otherwise its attributes are missing here, so look for unknown-attribute.",
  },
  'unquoted-filter-value': {
    does: 'Compares with a text without quotation marks in a filter, such as userName eq jane; the word is taken.',
    advice: 'Update the client (old authentik does so): names with a space or a bracket are refused like this.',
  },
} as const satisfies Record<string, { does: string; advice: string }>;

export type QuirkRule = keyof typeof QUIRKS;

/** One quirk in one message. `path` is an attribute path, a URN or a key as sent (cut to 128 characters), never a value. */
export interface Note {
  rule: QuirkRule;
  path: string;
}

/** A hostile body must not make a message's notes grow without bound. */
const MAX_NOTES = 50;

/**
 * Each rule once for each path.
 *
 * @param at where it was seen; of elements of a list, which one it was does not matter.
 */
export function note({ notes }: { readonly notes: Note[] }, rule: QuirkRule, at: string): void {
  if (notes.length >= MAX_NOTES) return;
  const path = at
    .replace(/\[\d+\]/g, '')
    .slice(0, 128)
    .toWellFormed()
    // A key may hold anything, and the path is shown on terminals.
    .replace(/\p{C}/gu, '?');
  if (!notes.some((known) => known.rule === rule && known.path === path)) notes.push({ rule, path });
}
