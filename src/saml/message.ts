// A response and an assertion as plain values, read from XML once, so that the rules look at values and not at trees.
import { attributeOf, childNamed, childrenNamed, isNamed, textOf } from './xml.ts';

export interface SamlResponse {
  readonly isResponse: boolean;
  readonly id: string | null;
  readonly version: string | null;
  readonly issuer: string | null;
  readonly destination: string | null;
  readonly inResponseTo: string | null;
  /** The status codes, outermost first. */
  readonly status: readonly string[];
  readonly statusMessage: string | null;
  readonly assertions: number;
  readonly encryptedAssertions: number;
}

export interface NameId {
  readonly value: string;
  readonly format: string | null;
  readonly nameQualifier: string | null;
  readonly spNameQualifier: string | null;
}

export interface Confirmation {
  readonly method: string | null;
  readonly recipient: string | null;
  readonly notBefore: string | null;
  readonly notOnOrAfter: string | null;
  readonly inResponseTo: string | null;
}

export interface Assertion {
  readonly id: string | null;
  readonly version: string | null;
  readonly issuer: string | null;
  readonly hasSubject: boolean;
  readonly nameId: NameId | null;
  readonly confirmations: readonly Confirmation[];
  readonly conditions: readonly {
    readonly notBefore: string | null;
    readonly notOnOrAfter: string | null;
    /** Audiences of each AudienceRestriction: one of each must be us. */
    readonly audiences: readonly (readonly string[])[];
  }[];
  readonly authnStatements: readonly {
    readonly sessionIndex: string | null;
    readonly sessionNotOnOrAfter: string | null;
  }[];
  /** As written, duplicate names joined; values trimmed, empty ones kept out. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

export function readResponse(root: Element): SamlResponse {
  const status = childNamed(root, 'protocol', 'Status');
  return {
    isResponse: isNamed(root, 'protocol', 'Response'),
    id: attributeOf(root, 'ID'),
    version: attributeOf(root, 'Version'),
    issuer: textOf(childNamed(root, 'assertion', 'Issuer')),
    destination: attributeOf(root, 'Destination'),
    inResponseTo: attributeOf(root, 'InResponseTo'),
    status: status === null ? [] : statusCodes(status),
    statusMessage: status === null ? null : textOf(childNamed(status, 'protocol', 'StatusMessage')),
    assertions: childrenNamed(root, 'assertion', 'Assertion').length,
    encryptedAssertions: childrenNamed(root, 'assertion', 'EncryptedAssertion').length,
  };
}

export function statusCodes(status: Element): string[] {
  const codes: string[] = [];
  for (let code = childNamed(status, 'protocol', 'StatusCode'); code !== null; ) {
    codes.push(attributeOf(code, 'Value') ?? '');
    code = childNamed(code, 'protocol', 'StatusCode');
  }
  return codes;
}

export function readAssertion(root: Element): Assertion {
  const subject = childNamed(root, 'assertion', 'Subject');
  return {
    id: attributeOf(root, 'ID'),
    version: attributeOf(root, 'Version'),
    issuer: textOf(childNamed(root, 'assertion', 'Issuer')),
    hasSubject: subject !== null,
    nameId: subject === null ? null : readNameId(childNamed(subject, 'assertion', 'NameID')),
    confirmations: subject === null ? [] : childrenNamed(subject, 'assertion', 'SubjectConfirmation').map(confirmation),
    conditions: childrenNamed(root, 'assertion', 'Conditions').map((conditions) => ({
      notBefore: attributeOf(conditions, 'NotBefore'),
      notOnOrAfter: attributeOf(conditions, 'NotOnOrAfter'),
      audiences: childrenNamed(conditions, 'assertion', 'AudienceRestriction').map((restriction) =>
        childrenNamed(restriction, 'assertion', 'Audience').map((audience) => textOf(audience) ?? ''),
      ),
    })),
    authnStatements: childrenNamed(root, 'assertion', 'AuthnStatement').map((statement) => ({
      sessionIndex: attributeOf(statement, 'SessionIndex'),
      sessionNotOnOrAfter: attributeOf(statement, 'SessionNotOnOrAfter'),
    })),
    attributes: readAttributes(root),
  };
}

export function readNameId(element: Element | null): NameId | null {
  const value = textOf(element);
  if (element === null || value === null) return null;
  return {
    value,
    format: attributeOf(element, 'Format'),
    nameQualifier: attributeOf(element, 'NameQualifier'),
    spNameQualifier: attributeOf(element, 'SPNameQualifier'),
  };
}

function confirmation(element: Element): Confirmation {
  const data = childNamed(element, 'assertion', 'SubjectConfirmationData');
  const read = (name: string): string | null => (data === null ? null : attributeOf(data, name));
  return {
    method: attributeOf(element, 'Method'),
    recipient: read('Recipient'),
    notBefore: read('NotBefore'),
    notOnOrAfter: read('NotOnOrAfter'),
    inResponseTo: read('InResponseTo'),
  };
}

function readAttributes(root: Element): Map<string, readonly string[]> {
  const attributes = new Map<string, string[]>();
  for (const statement of childrenNamed(root, 'assertion', 'AttributeStatement')) {
    for (const attribute of childrenNamed(statement, 'assertion', 'Attribute')) {
      const name = attributeOf(attribute, 'Name') ?? '';
      const values = attributes.get(name) ?? [];
      for (const value of childrenNamed(attribute, 'assertion', 'AttributeValue')) {
        const text = textOf(value);
        if (text !== null) values.push(text);
      }
      attributes.set(name, values);
    }
  }
  return attributes;
}
