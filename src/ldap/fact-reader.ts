// What one directory entry says of people, groups and who is in them. It does not decide whose account somebody is: two
// people with one mail both go on, and so does one with none; losing either here would look like a departure.
import { parentKey, tryDnKey } from '../connection/dn.ts';
import type { LdapSettings } from '../connection/ldap.ts';
import { isAddress } from '../core/fact.ts';
import type { Instant } from '../core/ids.ts';
import type { DirectoryItem } from '../core/reading.ts';
import { primaryGroupSid, sidText } from './binary-id.ts';
import { isDisabled } from './disabled.ts';
import { type Entry, octetsText } from './entry.ts';
import { withoutUid } from './matching-rules.ts';
import { missingRange } from './member-ranges.ts';
import type { DisabledRule, ServerKind } from './server-kinds.ts';
import { readStableId } from './stable-id.ts';

type Link = { readonly group: string; readonly member: string };

/** Small enough that a group of a million is never held twice, large enough that nobody notices the cut. */
const LINKS_AN_ITEM = 1_000;

/** Examples that a warning names; the number tells the rest. */
const NAMED_IN_WARNING = 3;

export interface FactReaderOptions {
  readonly settings: LdapSettings;
  readonly kind: ServerKind;
  readonly at: Instant;
  /**
   * Groups (DN keys) that were read without any member list. Only for these does memberOf count: beside a list it says
   * nothing new, and a back-link that the server forgot to remove would keep in the group whom the list no longer names.
   */
  readonly groupsWithoutList: ReadonlySet<string>;
  /** Every group is read before the first person: then uids are told only where one of them named somebody by uid. */
  readonly groupsFirst?: boolean;
}

export class FactReader {
  readonly #options: FactReaderOptions;
  readonly #idAttribute: string;
  readonly #disabled: readonly DisabledRule[];
  readonly #at: number;
  readonly #withoutMail: string[] = [];
  readonly #incomplete: string[] = [];
  readonly #flattened = new Set<string>();
  /** Whether somebody may be named by uid. */
  #uidsWanted: boolean;
  #peopleWithoutMail = 0;
  #matched = 0;
  #identified = 0;

  constructor(options: FactReaderOptions) {
    const { settings, kind } = options;
    this.#options = options;
    this.#idAttribute = settings.users.attributes.id ?? kind.stableId;
    const configured = settings.users.disabled;
    this.#disabled = configured === null ? kind.disabled : [...kind.disabled, { kind: 'values', ...configured }];
    this.#at = Date.parse(options.at);
    this.#uidsWanted = options.groupsFirst !== true;
  }

  /** The entry as a person: who it is, and the groups that only the person's own entry names. */
  *person(entry: Entry): Generator<DirectoryItem> {
    this.#matched += 1;
    const key = tryDnKey(entry.dn);
    const id = this.#id(entry, this.#idAttribute, key);
    if (id.kind === 'skipped') {
      yield id;
      return;
    }
    this.#identified += 1;
    const { attributes: own } = this.#options.settings.users;
    const { person: standard } = this.#options.kind;
    const problems: string[] = [];
    const read = (configured: string | null, usual: readonly string[]) =>
      firstText(entry, configured === null ? usual : [configured], problems);
    const email = addressIn(read(own.email, standard.email));
    const userName = read(own.userName, standard.userName);
    if (email === null) this.#noMail(entry.dn);
    yield {
      kind: 'person',
      externalId: id.id,
      active: !isDisabled(entry, this.#disabled, this.#at),
      attributes: {
        email,
        userName,
        firstName: read(own.firstName, standard.firstName),
        lastName: read(own.lastName, standard.lastName),
        locator: entry.dn,
      },
      aliases: this.#uidsWanted ? [`dn:${id.key}`, ...uidAliases(entry, userName)] : [`dn:${id.key}`],
      container: parentKey(id.key),
    };
    for (const reason of problems) yield skipped(entry.dn, reason);
    yield* inBatches([...this.#memberOf(entry, id.key), ...this.#primaryGroup(entry, id.key)]);
  }

  /** The entry as a group: what it is called, and its direct members. */
  *group(entry: Entry): Generator<DirectoryItem> {
    const key = tryDnKey(entry.dn);
    const id = this.#id(entry, this.#options.kind.stableId, key);
    if (id.kind === 'skipped') {
      yield id;
      return;
    }
    const sids = entry
      .octets('objectSid')
      .map(sidText)
      .filter((sid) => sid !== null);
    yield {
      kind: 'group',
      externalId: id.id,
      name: entry.dn,
      nameKey: id.key,
      aliases: [`dn:${id.key}`, ...sids.map((sid) => `sid:${sid}`)],
    };
    if (entry.has('memberURL')) {
      yield skipped(
        entry.dn,
        'the group is defined by a search ("memberURL"), which is not followed: whom it finds is not in it here',
      );
    }
    yield* this.#members(entry, `dn:${id.key}`);
  }

  /** A group's own memberOf: groups in groups, where the outer one shows no list. */
  *outerGroups(entry: Entry): Generator<DirectoryItem> {
    const key = tryDnKey(entry.dn);
    if (key !== null) yield* inBatches([...this.#memberOf(entry, key)]);
  }

  /** Why what was read proves no absence, or null. */
  incomplete(): string | null {
    if (this.#matched > 0 && this.#identified === 0) {
      return `none of ${this.#matched} people has "${this.#idAttribute}", by which people are known: read it too (in an export, name '*' and '+'), or set users.attributes.id`;
    }
    const [first] = this.#incomplete;
    if (first === undefined) return null;
    const others = this.#incomplete.length - 1;
    return `${first}${others > 0 ? `, and ${others} more groups` : ''}: read the missing ranges too`;
  }

  warnings(): string[] {
    const warnings: string[] = [];
    if (this.#peopleWithoutMail > 0) {
      const more = this.#peopleWithoutMail > NAMED_IN_WARNING ? ', …' : '';
      warnings.push(
        `${this.#peopleWithoutMail} people have no mail address and can be joined to no account: ${this.#withoutMail.join('; ')}${more}`,
      );
    }
    if (this.#flattened.size > 0) {
      const [first] = this.#flattened;
      warnings.push(
        `${this.#flattened.size} groups show no members, and memberOf here does not tell direct from nested ones, so nobody is in them while "nested" is false: ${first}`,
      );
    }
    return warnings;
  }

  #id(entry: Entry, attribute: string, key: string | null) {
    if (key === null) return skipped(entry.dn, 'its name is not a distinguished name');
    const read = readStableId(entry, attribute);
    if (read.kind === 'id') return { kind: 'id', id: read.id, key } as const;
    const reason =
      read.kind === 'none' ? `it has no "${attribute}", by which people and groups are known` : read.reason;
    return skipped(entry.dn, reason);
  }

  *#members(entry: Entry, group: string): Generator<DirectoryItem> {
    for (const { attribute, names } of this.#options.kind.members) {
      const missing = missingRange(entry, attribute);
      if (missing !== null) this.#incomplete.push(`${entry.dn}: ${missing}`);
      let links: Link[] = [];
      if (names === 'uid' && entry.has(attribute)) this.#uidsWanted = true;
      for (const value of entry.octets(attribute)) {
        const member = memberAlias(octetsText(value), names);
        if (member === null) {
          yield skipped(
            entry.dn,
            `its ${attribute} "${(octetsText(value) ?? '(no text)').slice(0, 200)}" names nobody`,
          );
          continue;
        }
        links.push({ group, member });
        if (links.length === LINKS_AN_ITEM) {
          yield { kind: 'links', links };
          links = [];
        }
      }
      if (links.length > 0) yield { kind: 'links', links };
    }
  }

  *#memberOf(entry: Entry, key: string): Generator<Link> {
    const { groupsWithoutList, kind, settings } = this.#options;
    if (groupsWithoutList.size === 0) return;
    for (const value of entry.octets('memberOf')) {
      const text = octetsText(value);
      const group = text === null ? null : tryDnKey(text);
      if (group === null || !groupsWithoutList.has(group)) continue;
      // Flattened, it names the groups above the person's own too. With nesting on that is the same in the end.
      if (kind.memberOf === 'flattened' && !settings.groups.nested) this.#flattened.add(group);
      else yield { group: `dn:${group}`, member: `dn:${key}` };
    }
  }

  *#primaryGroup(entry: Entry, key: string): Generator<Link> {
    if (!this.#options.kind.primaryGroup) return;
    const [rid] = entry.octets('primaryGroupID');
    const [binary] = entry.octets('objectSid');
    const sid = binary === undefined ? null : sidText(binary);
    const group = sid === null || rid === undefined ? null : primaryGroupSid(sid, rid);
    if (group !== null) yield { group: `sid:${group}`, member: `dn:${key}` };
  }

  #noMail(dn: string): void {
    this.#peopleWithoutMail += 1;
    if (this.#withoutMail.length < NAMED_IN_WARNING) this.#withoutMail.push(dn);
  }
}

/** Whether a group entry shows members of its own in any way. */
export function hasMemberList(entry: Entry, kind: ServerKind): boolean {
  return kind.members.some(({ attribute }) => entry.has(attribute));
}

function skipped(at: string, reason: string) {
  return { kind: 'skipped', skipped: { at, reason } } as const;
}

function* inBatches(links: readonly Link[]): Generator<DirectoryItem> {
  for (let at = 0; at < links.length; at += LINKS_AN_ITEM)
    yield { kind: 'links', links: links.slice(at, at + LINKS_AN_ITEM) };
}

function memberAlias(text: string | null, names: 'dn' | 'uid'): string | null {
  if (text === null || text === '') return null;
  if (names === 'uid') return `uid:${text.trim().toLowerCase()}`;
  const key = tryDnKey(withoutUid(text));
  return key === null || key === '' ? null : `dn:${key}`;
}

/** memberUid means `uid` by its schema, and the account's name where a directory has no `uid`. */
function uidAliases(entry: Entry, userName: string | null): string[] {
  const uids = entry.texts('uid').filter((uid) => uid !== null);
  const all = userName === null ? uids : [...uids, userName];
  return [...new Set(all.map((uid) => uid.trim().toLowerCase()))]
    .filter((uid) => uid !== '')
    .map((uid) => `uid:${uid}`);
}

/** The first value of the first attribute that the entry has; one that is no text is reported and counts as missing. */
function firstText(entry: Entry, attributes: readonly string[], problems: string[]): string | null {
  for (const attribute of attributes) {
    const [value] = entry.octets(attribute);
    if (value === undefined) continue;
    const text = octetsText(value);
    const usable = text !== null && !text.includes('\0');
    if (!usable) problems.push(`its "${attribute}" is not UTF-8 text without NUL and is left out`);
    const trimmed = usable ? text.trim() : '';
    if (trimmed !== '') return trimmed;
  }
  return null;
}

/** Directories hold "-" and "none" where a mail is required: that is nobody's address. */
function addressIn(text: string | null): string | null {
  return text !== null && isAddress(text) ? text : null;
}
