/**
 * What RFC 7643 lists in sections 8.7.1 and 8.7.2, one attribute a line: its path, its type, and those characteristics
 * that are not what section 2.2 gives where nothing is said (readWrite, returned by default, unique to none, ...).
 */
export const USER = `
userName string required uniqueness:server
name complex
name.formatted string
name.familyName string
name.givenName string
name.middleName string
name.honorificPrefix string
name.honorificSuffix string
displayName string
nickName string
profileUrl reference referenceTypes:external
title string
userType string
preferredLanguage string
locale string
timezone string
active boolean
password string writeOnly returned:never
emails complex multiValued
emails.value string
emails.display string
emails.type string canonicalValues:work,home,other
emails.primary boolean
phoneNumbers complex multiValued
phoneNumbers.value string
phoneNumbers.display string
phoneNumbers.type string canonicalValues:work,home,mobile,fax,pager,other
phoneNumbers.primary boolean
ims complex multiValued
ims.value string
ims.display string
ims.type string canonicalValues:aim,gtalk,icq,xmpp,msn,skype,qq,yahoo
ims.primary boolean
photos complex multiValued
photos.value reference referenceTypes:external
photos.display string
photos.type string canonicalValues:photo,thumbnail
photos.primary boolean
addresses complex multiValued
addresses.formatted string
addresses.streetAddress string
addresses.locality string
addresses.region string
addresses.postalCode string
addresses.country string
addresses.type string canonicalValues:work,home,other
groups complex multiValued readOnly
groups.value string readOnly
groups.$ref reference readOnly referenceTypes:User,Group
groups.display string readOnly
groups.type string readOnly canonicalValues:direct,indirect
entitlements complex multiValued
entitlements.value string
entitlements.display string
entitlements.type string
entitlements.primary boolean
roles complex multiValued
roles.value string
roles.display string
roles.type string
roles.primary boolean
x509Certificates complex multiValued
x509Certificates.value binary
x509Certificates.display string
x509Certificates.type string
x509Certificates.primary boolean
`;

export const GROUP = `
displayName string
members complex multiValued
members.value string immutable
members.$ref reference immutable referenceTypes:User,Group
members.type string immutable canonicalValues:User,Group
`;

export const ENTERPRISE_USER = `
employeeNumber string
costCenter string
organization string
division string
department string
manager complex
manager.value string
manager.$ref reference referenceTypes:User
manager.displayName string readOnly
`;

export const PROVIDER_CONFIG = `
documentationUri reference readOnly referenceTypes:external
patch complex required readOnly
patch.supported boolean required readOnly
bulk complex required readOnly
bulk.supported boolean required readOnly
bulk.maxOperations integer required readOnly
bulk.maxPayloadSize integer required readOnly
filter complex required readOnly
filter.supported boolean required readOnly
filter.maxResults integer required readOnly
changePassword complex required readOnly
changePassword.supported boolean required readOnly
sort complex required readOnly
sort.supported boolean required readOnly
authenticationSchemes complex multiValued required readOnly
authenticationSchemes.name string required readOnly
authenticationSchemes.description string required readOnly
authenticationSchemes.specUri reference readOnly referenceTypes:external
authenticationSchemes.documentationUri reference readOnly referenceTypes:external
`;

export const RESOURCE_TYPE = `
id string readOnly
name string required readOnly
description string readOnly
endpoint reference required readOnly referenceTypes:uri
schema reference required caseExact readOnly referenceTypes:uri
schemaExtensions complex required readOnly
schemaExtensions.schema reference required caseExact readOnly referenceTypes:uri
schemaExtensions.required boolean required readOnly
`;

export const SCHEMA = `
id string required readOnly
name string required readOnly
description string readOnly
attributes complex multiValued required readOnly
attributes.name string required caseExact readOnly
attributes.type string required readOnly canonicalValues:string,complex,boolean,decimal,integer,dateTime,reference
attributes.multiValued boolean required readOnly
attributes.description string caseExact readOnly
attributes.required boolean readOnly
attributes.canonicalValues string multiValued caseExact readOnly
attributes.caseExact boolean readOnly
attributes.mutability string caseExact readOnly canonicalValues:readOnly,readWrite,immutable,writeOnly
attributes.returned string caseExact readOnly canonicalValues:always,never,default,request
attributes.uniqueness string caseExact readOnly canonicalValues:none,server,global
attributes.referenceTypes string multiValued caseExact readOnly
attributes.subAttributes complex multiValued readOnly
attributes.subAttributes.name string required caseExact readOnly
attributes.subAttributes.type string required readOnly canonicalValues:string,complex,boolean,decimal,integer,dateTime,reference
attributes.subAttributes.multiValued boolean required readOnly
attributes.subAttributes.description string caseExact readOnly
attributes.subAttributes.required boolean readOnly
attributes.subAttributes.canonicalValues string multiValued caseExact readOnly
attributes.subAttributes.caseExact boolean readOnly
attributes.subAttributes.mutability string caseExact readOnly canonicalValues:readOnly,readWrite,immutable,writeOnly
attributes.subAttributes.returned string caseExact readOnly canonicalValues:always,never,default,request
attributes.subAttributes.uniqueness string caseExact readOnly canonicalValues:none,server,global
attributes.subAttributes.referenceTypes string caseExact readOnly
`;

export interface ShownAttribute {
  name: string;
  type: string;
  multiValued: boolean;
  required: boolean;
  caseExact?: boolean;
  mutability: string;
  returned: string;
  uniqueness: string;
  canonicalValues?: string[];
  referenceTypes?: string[];
  subAttributes?: ShownAttribute[];
}

/** An attribute as `/Schemas` shows it, in the lines' form. */
export function linesOf(attributes: readonly ShownAttribute[], prefix = ''): string[] {
  return attributes.flatMap((attribute) => {
    const { mutability, returned, uniqueness, canonicalValues = [], referenceTypes = [] } = attribute;
    const path = prefix + attribute.name;
    const line = [
      path,
      attribute.type,
      attribute.multiValued && 'multiValued',
      attribute.required && 'required',
      attribute.caseExact && 'caseExact',
      mutability !== 'readWrite' && mutability,
      returned !== 'default' && `returned:${returned}`,
      uniqueness !== 'none' && `uniqueness:${uniqueness}`,
      canonicalValues.length > 0 && `canonicalValues:${canonicalValues}`,
      referenceTypes.length > 0 && `referenceTypes:${referenceTypes}`,
    ];
    return [line.filter(Boolean).join(' '), ...linesOf(attribute.subAttributes ?? [], `${path}.`)];
  });
}
